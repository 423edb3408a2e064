package sluice.job.incremental;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.Drops;
import sluice.job.fixture.FullRun;
import sluice.job.fixture.KillingFileSystem;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.settings.InputFormat;

/**
 * Incremental runs that are killed at random points and repeated until they succeed: no row is lost, and no row is in the output twice.
 * Checkpoint and output are on a {@link KillingFileSystem}: from the kill on all its changes fail, so the run cannot clean up.
 */
class KilledIncrementsTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final int MOST_TRIES_AT_A_PLACE = 100;

    /** When a run is killed. */
    private enum Place {
        /** While Spark or Sluice writes the checkpoint, before the commit of a batch. */
        BEFORE_A_BATCH {
            @Override
            void arm(Random random) {
                KillingFileSystem.arm(
                        path -> path.contains("/checkpoint/") && !path.contains("/commits/"), 1 + random.nextInt(12));
            }
        },
        /** While a task writes rows. */
        WITHIN_A_BATCH {
            @Override
            void arm(Random random) {
                KillingFileSystem.arm(
                        path -> path.contains(".staging-") && !path.endsWith(".draft"), 1 + random.nextInt(40));
            }
        },
        /** While a task reads rows. */
        IN_A_TASK {
            @Override
            void arm(Random random) {
                KillingFileSystem.disarm();
                ROWS_LEFT.set(1 + random.nextInt(40));
            }
        },
        /** Between the creation and the deletion of the journal. */
        PUBLISHING {
            @Override
            void arm(Random random) {
                KillingFileSystem.arm(1 + random.nextInt(12));
            }
        },
        /** After the rows are published, before Spark commits the batch. */
        BEFORE_THE_COMMIT {
            @Override
            void arm(Random random) {
                KillingFileSystem.arm(path -> path.contains("/commits/"), 1 + random.nextInt(4));
            }
        },
        ANYWHERE {
            @Override
            void arm(Random random) {
                KillingFileSystem.arm(path -> true, 1 + random.nextInt(150));
            }
        };

        abstract void arm(Random random);
    }

    /** Rows that the filter passes before it kills the run; 0 for no kill. */
    private static final AtomicInteger ROWS_LEFT = new AtomicInteger();

    @TempDir
    Path folder;

    @AfterEach
    void disarm() {
        KillingFileSystem.disarm();
        ROWS_LEFT.set(0);
    }

    private static boolean survives(long id) {
        if (ROWS_LEFT.get() > 0 && ROWS_LEFT.decrementAndGet() == 0) {
            KillingFileSystem.die();
            throw new IllegalStateException("killed at row " + id);
        }
        return true;
    }

    private static void registerKills(SparkSession spark) {
        spark.sparkContext().hadoopConfiguration().set(KillingFileSystem.SETTING, KillingFileSystem.class.getName());
        UDF1<Long, Boolean> survives = KilledIncrementsTest::survives;
        spark.udf().register("survives", survives, DataTypes.BooleanType);
    }

    private Run run(Path output) {
        return Run.of(TORCH, output)
                .with("input.path", folder.resolve("in"))
                .with("input.format", "json")
                .with("output.emit", "softmax,loglik");
    }

    private Run killable() {
        return run(folder.resolve("places").resolve("out"))
                .with("output.path", "killing:" + folder.resolve("places").resolve("out"))
                .with("input.checkpoint", "killing:" + folder.resolve("checkpoint"))
                .with("input.options.maxFilesPerTrigger", 2)
                .with("input.filter", "survives(id)")
                .with("bad-rows.rule", "quarantine");
    }

    /** Scores new files with a kill armed; returns whether the kill happened. */
    private boolean isKilled(Place place, Random random) {
        place.arm(random);
        return isKilled(place.toString());
    }

    private boolean isKilled(Predicate<String> paths, int change) {
        KillingFileSystem.arm(paths, change);
        return isKilled("change " + change);
    }

    private boolean isKilled(String when) {
        Throwable failure = null;
        try {
            killable().scoreNew();
        } catch (Throwable e) {
            failure = e;
        }
        ROWS_LEFT.set(0);
        boolean killed = KillingFileSystem.isDead();
        KillingFileSystem.disarm();
        assertThat(failure == null || killed).as("%s, %s", when, failure).isTrue();
        return killed;
    }

    private Optional<Dataset<Row>> table() {
        Path output = folder.resolve("places").resolve("out");
        boolean any =
                Files.isDirectory(output) && Disk.names(output).stream().anyMatch(name -> name.startsWith("batch="));
        return any ? Optional.of(LocalSpark.session().read().parquet(output.toString())) : Optional.empty();
    }

    private void assertNoRowTwice(String when) {
        table().ifPresent(rows ->
                assertThat(rows.select("id").distinct().count()).as(when).isEqualTo(rows.count()));
    }

    /**
     * The kills are at the creation of the log's directory, of a temporary file in it, and at the file's rename. Spark by itself takes a
     * temporary file that was left for the checkpoint of another query.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aRunKilledDuringSparksFirstLogEntryCanBeRepeated(int change) {
        registerKills(LocalSpark.session());
        Drops drops = new Drops(folder.resolve("in"), InputFormat.JSON);
        drops.add(8);
        assertThat(isKilled(path -> path.contains("/checkpoint/offsets"), change))
                .isTrue();
        killable().scoreNew();
        assertThat(table().orElseThrow().count()).isEqualTo(drops.rows());
    }

    /** Kills at each place equally often. */
    @Test
    @Tag("shortened")
    void noRowIsLostOrDuplicated(TestInfo test) {
        int killsOfAPlace = FullRun.rounds(test, 2, 6);
        int mostTries = MOST_TRIES_AT_A_PLACE * Place.values().length;
        registerKills(LocalSpark.session());
        long seed = Long.getLong("sluice.test.seed", System.nanoTime());
        System.out.printf("KilledIncrementsTest: -Dsluice.test.seed=%d%n", seed);
        Random random = new Random(seed);
        Drops drops = new Drops(folder.resolve("in"), InputFormat.JSON);
        drops.add(8);
        Map<Place, Integer> kills = new EnumMap<>(Place.class);
        int killed = 0;
        int survived = 0;
        for (int tries = 0; killed < killsOfAPlace * Place.values().length; tries++) {
            assertThat(tries).as("tries, of which %s were kills", kills).isLessThan(mostTries);
            Place place = Place.values()[tries % Place.values().length];
            if (kills.getOrDefault(place, 0) == killsOfAPlace) {
                continue;
            }
            if (isKilled(place, random)) {
                killed++;
                kills.merge(place, 1, Integer::sum);
                assertNoRowTwice(String.format(Locale.ROOT, "seed %d, kill %d, %s", seed, killed, place));
            } else {
                survived++;
                assertThat(table().orElseThrow().count())
                        .as("seed %d, after %d kills", seed, killed)
                        .isEqualTo(drops.rows());
            }
            if (random.nextInt(2) == 0) { // also between a kill and the next run
                for (int file = 1 + random.nextInt(4); file > 0; file--) {
                    drops.add(1 + random.nextInt(9));
                }
            }
        }
        killable().scoreNew();
        System.out.printf(
                "KilledIncrementsTest: %d kills %s, %d runs between them, %d rows%n",
                killed, kills, survived, drops.rows());

        Path whole = folder.resolve("whole");
        run(whole).score();
        assertThat(Drops.rows(table().orElseThrow().drop("batch"))).isEqualTo(Drops.rows(whole));
        assertThat(kills).as("kills, by place").containsOnlyKeys(Place.values());
        List<String> beside = Disk.names(folder.resolve("places"));
        assertThat(beside)
                .as("leftovers of a killed run")
                .allMatch(name -> name.equals("out") || name.startsWith(".out.staging-"));
    }
}
