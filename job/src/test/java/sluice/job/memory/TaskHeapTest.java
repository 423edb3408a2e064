package sluice.job.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskHeapTest {
    @ParameterizedTest
    @CsvSource({"local,1", "local[3],3", "'local[4,2]',4", "yarn,1", "k8s://https://there:443,1"})
    void aProcessRunsAsManyTasksAsItsMasterSays(String master, int tasks) {
        assertThat(TaskHeap.tasksAtOnce(new SparkConf(false).set("spark.master", master)))
                .isEqualTo(tasks);
    }

    @Test
    void anExecutorRunsAsManyAsItsCoresAllow() {
        SparkConf conf = new SparkConf(false).set("spark.master", "yarn").set("spark.executor.cores", "8");
        assertThat(TaskHeap.tasksAtOnce(conf)).isEqualTo(8);
        assertThat(TaskHeap.tasksAtOnce(conf.set("spark.task.cpus", "2"))).isEqualTo(4);
    }
}
