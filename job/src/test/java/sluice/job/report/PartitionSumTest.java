package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.junit.jupiter.api.Test;
import sluice.job.fixture.LocalSpark;

/** Counts of tasks that run again because Spark lost their results. */
class PartitionSumTest {
    private static final long ROWS = 1_000;

    /** The blocks of cached rows are dropped, and Spark computes them again. */
    @Test
    void aRecomputedPartitionCountsOnce() {
        SparkSession spark = LocalSpark.session();
        RunCounters counters = new RunCounters(spark.sparkContext());
        Dataset<Long> counted = spark.range(0, ROWS, 1, 7)
                .map(
                        (MapFunction<Long, Long>) id -> {
                            if (id % 10 == 3) {
                                counters.badRow("third", () -> "row " + id);
                                counters.quarantined();
                            } else {
                                counters.batch(new ScoredBatch(1, 2, 3));
                            }
                            return id;
                        },
                        Encoders.LONG());
        for (int time = 0; time < 3; time++) {
            counted.persist(StorageLevel.DISK_ONLY());
            assertThat(counted.count()).isEqualTo(ROWS);
            counted.unpersist(true);
            assertThat(counters.rows()).isEqualTo(ROWS * 9 / 10);
            assertThat(counters.measured().tokens()).isEqualTo(ROWS * 18 / 10);
            assertThat(counters.measured().computedSteps()).isEqualTo(ROWS * 27 / 10);
            assertThat(counters.quarantinedRows()).isEqualTo(ROWS / 10);
            assertThat(counters.badRows().value())
                    .isEqualTo(Map.of("third", new BadRowCounts.Count(ROWS / 10, "row 3")));
        }
    }

    /** A report keeps the counts of its time. */
    @Test
    void countsThatWereReadDoNotChange() {
        RunCounters counters = new RunCounters(LocalSpark.session().sparkContext());
        counters.badRow("code", () -> "one");
        BadRowCounts read = counters.badRows();
        counters.badRow("code", () -> "two");
        assertThat(read.rows()).isEqualTo(1);
        assertThat(counters.badRows().value()).isEqualTo(Map.of("code", new BadRowCounts.Count(2, "one")));
    }
}
