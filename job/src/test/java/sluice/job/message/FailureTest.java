package sluice.job.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
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
