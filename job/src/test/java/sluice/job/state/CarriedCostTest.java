package sluice.job.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.report.RunReport;

/** The cost of a run if many keys have a state and few of them have new tokens. */
@Tag("slow")
class CarriedCostTest {
    private static final int KEYS = 20_000;
    private static final int NEW = 500;
    private static final int TOKENS = 20;

    @TempDir
    Path folder;

    /** Consecutive keys from a starting point. */
    private Dataset<Row> night(long from, int rows, int night) {
        return LocalSpark.session()
                .sql(String.format(
                        Locale.ROOT,
                        "SELECT (id * 7919) %% %d AS account, transform(sequence(1, %d), t -> CAST((id * t + %d) %% 2 AS int)) AS tokens"
                                + " FROM range(%d, %d, 1, 2)",
                        KEYS,
                        TOKENS,
                        night,
                        from,
                        from + rows));
    }

    @Test
    void aRunWritesInProportionToItsOwnRows() {
        Random random = new Random(1);
        long written = 0;
        for (int night = 1; night <= 10; night++) {
            int rows = night == 1 ? KEYS : NEW;
            RunReport report = Run.of(TorchCase.named("vocab_2"), folder.resolve("out-" + night))
                    .withInput(
                            night(night == 1 ? 0 : random.nextInt(KEYS - NEW), rows, night),
                            2,
                            folder.resolve("in-" + night))
                    .with("output.emit", "prediction")
                    .with("report.run", "night " + night)
                    .with("state.path", folder.resolve("states"))
                    .with("state.key", "account")
                    .score();
            RunReport.States states = report.states().orElseThrow();
            System.out.printf(
                    "night %d: %,d tokens, %,d states read, %,d written, %,d ms%n",
                    night,
                    report.measured().tokens(),
                    states.read(),
                    states.written(),
                    report.duration().toMillis());
            assertThat(report.measured().tokens()).isEqualTo((long) rows * TOKENS);
            assertThat(states.keys()).isEqualTo(KEYS);
            assertThat(states.read()).isLessThan(2L * KEYS);
            written += night == 1 ? 0 : states.written();
        }
        // Nine runs write 1, 2, 1, 4, 1, 2, 1, 8, 1 runs' rows, less the keys that they have in common.
        assertThat(written).isLessThanOrEqualTo(21L * NEW);
    }
}
