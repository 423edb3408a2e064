package sluice.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import sluice.job.fixture.LocalSpark;

class ProgressTest {
    @Test
    void doneRateAndTimeLeft() {
        assertThat(Progress.sentence(1_000, OptionalLong.of(5_000), 10))
                .isEqualTo("1,000 of 5,000 rows scored (20 %), 100 a second, about 40 s left");
        assertThat(Progress.sentence(1_000, OptionalLong.of(1_000_000), 1))
                .isEqualTo("1,000 of 1,000,000 rows scored (0 %), 1,000 a second, about 17 min left");
        assertThat(Progress.sentence(1_000, OptionalLong.empty(), 10)).isEqualTo("1,000 rows scored, 100 a second");
    }

    @Test
    void nothingYet() {
        assertThat(Progress.sentence(0, OptionalLong.of(5_000), 60))
                .isEqualTo("no batch of the 5,000 rows is scored yet");
        assertThat(Progress.sentence(0, OptionalLong.empty(), 60)).isEqualTo("no batch of rows is scored yet");
    }

    /** Retried and speculative tasks may count more rows than there are. */
    @Test
    void noTimeLeftIsShownIfMoreRowsAreDoneThanExist() {
        assertThat(Progress.sentence(1_001, OptionalLong.of(1_000), 10)).isEqualTo("1,001 rows scored, 100 a second");
    }

    /** With real tasks that take some time. */
    @Test
    void endedTasksCount() {
        SparkSession spark = LocalSpark.session();
        RunCounters counters = new RunCounters(spark.sparkContext());
        List<String> lines = new CopyOnWriteArrayList<>();
        try (Progress progress =
                Progress.start(spark.sparkContext(), OptionalLong.of(600), Duration.ofMillis(20), lines::add)) {
            JavaSparkContext.fromSparkContext(spark.sparkContext())
                    .parallelize(List.of(1, 2, 3, 4, 5, 6), 6)
                    .foreach(task -> {
                        Thread.sleep(150);
                        counters.batch(new ScoredBatch(100, 1_000, 1_000));
                    });
        }
        assertThat(lines).anyMatch(line -> line.startsWith("200 of 600 rows scored (33 %)"));
        assertThat(lines)
                .allMatch(line -> line.contains(" rows scored (") || line.startsWith("no batch of the 600 rows"));
        int ended = lines.size();
        counters.batch(new ScoredBatch(100, 1_000, 1_000));
        assertThat(lines).as("no line after close").hasSize(ended);
    }
}
