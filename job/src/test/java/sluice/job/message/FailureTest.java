package sluice.job.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.ModelException;

class FailureTest {
    @Test
    void theMessageOfABadRowIsFoundAtAnyDepth() {
        Throwable failure = new IllegalStateException(
                "Job aborted", new RuntimeException("task 3", new BadRowException("row id=7: it is null")));
        assertThat(Failure.sentence(failure)).isEqualTo("row id=7: it is null");
    }

    @Test
    void theMessageOfAModelIsFoundAtAnyDepth() {
        Throwable failure = new IllegalStateException("Job aborted", new ModelException("the model arrived damaged"));
        assertThat(Failure.sentence(failure)).isEqualTo("the model arrived damaged");
    }

    @Test
    void outOfMemoryNamesTheSettingsToRaise() {
        Throwable failure = new IllegalStateException("Job aborted", new OutOfMemoryError("Java heap space"));
        assertThat(Failure.sentence(failure))
                .isEqualTo(
                        "the run failed, nothing was written: out of memory (Java heap space): raise --executor-memory on a "
                                + "cluster, --driver-memory in local mode, or lower scoring.batch-bytes");
    }

    /** The messages of Spark 4.2.0. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Container killed by YARN for exceeding physical memory limits. 913.6 MB of 896 MB physical memory used. Consider boosting spark.executor.memoryOverhead.\
             | YARN ended an executor that used 913.6 MB of the 896 MB of physical memory of its container: raise spark.executor.memoryOverhead
            Container killed by YARN for exceeding virtual memory limits. 3.1 GB of 2.9 GB virtual memory used. Consider boosting spark.executor.memoryOverhead or boosting yarn.nodemanager.vmem-pmem-ratio or disabling yarn.nodemanager.vmem-check-enabled because of YARN-4714.\
             | YARN ended an executor that used 3.1 GB of the 2.9 GB of virtual memory of its container: raise spark.executor.memoryOverhead, \
            or set yarn.nodemanager.vmem-check-enabled to false on YARN's nodes
            Container from a bad node: container_1_0002_01_000002 on host: n. Exit status: 52. Possible causes: OutOfMemoryError Diagnostics: ...\
             | an executor was out of memory (exit code 52): raise --executor-memory, or lower scoring.batch-bytes
            Command exited with code 52 | an executor was out of memory (exit code 52): raise --executor-memory, or lower scoring.batch-bytes
            The executor with id 7 exited with exit code 137(SIGKILL, possible container OOM).\
             | an executor was ended by signal 9 (exit code 137), most often because it used more memory than its container has: \
            raise spark.executor.memoryOverhead
            """)
    void anExecutorThatIsLostForItsMemoryNamesTheSettingToRaise(String reason, String sentence) {
        Throwable failure = new IllegalStateException(
                "Job aborted due to stage failure: Task 0 in stage 2.0 failed 4 times, most recent failure: Lost task 0.3 in stage 2.0 "
                        + "(TID 20) (node-7 executor 2): ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason: "
                        + reason);
        assertThat(Failure.sentence(failure)).isEqualTo("the run failed, nothing was written: " + sentence);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Job 0 cancelled because SparkContext was shut down",
                "Spark context stopped while waiting for backend",
                "Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was created at: ..."
            })
    void anApplicationThatTheClusterStopsIsNoFaultOfTheInput(String message) {
        Throwable failure = new IllegalStateException(message);
        assertThat(Failure.sentence(failure))
                .isEqualTo(
                        "the run failed, nothing was written: Spark was stopped during the run, by a signal or by the cluster: its messages "
                                + "above, or the log of the application, show why");
        assertThat(Failure.isOfCluster(new RuntimeException(failure))).isTrue();
        assertThat(Failure.isOfCluster(new RuntimeException("no such column"))).isFalse();
    }

    @Test
    void anExecutorThatIsLostForAnotherReasonIsReportedAsSparkDoes() {
        String message = "Job aborted: ExecutorLostFailure (executor 2 exited) Reason: Command exited with code 1";
        assertThat(Failure.sentence(new IllegalStateException(message)))
                .isEqualTo("the run failed, nothing was written: IllegalStateException: " + message);
    }

    @Test
    void errorClassAndSqlStateAreRemoved() {
        assertThat(Failure.firstLine("[CODE.SUB_CODE] No such thing. SQLSTATE: 42KD9\n\tmore"))
                .isEqualTo("No such thing");
    }

    @Test
    void otherwiseTheDeepestCauseIsReported() {
        Throwable failure =
                new UncheckedIOException("out: could not be written", new IOException("No space left on device"));
        assertThat(Failure.sentence(failure))
                .isEqualTo("the run failed, nothing was written: IOException: No space left on device");
    }

    @Test
    void onlyTheFirstLineOfALongMessageIsReported() {
        assertThat(Failure.sentence(new IllegalStateException("Job aborted\n\tat somewhere\n\tat elsewhere")))
                .isEqualTo("the run failed, nothing was written: IllegalStateException: Job aborted");
    }

    @Test
    void anExceptionWithoutAMessageIsNamedByItsClass() {
        assertThat(Failure.sentence(new NullPointerException()))
                .isEqualTo("the run failed, nothing was written: NullPointerException: no message");
        assertThat(Failure.firstLine("")).isEqualTo("no message");
    }
}
