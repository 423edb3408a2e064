package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A {@code submit/score --incremental} that is killed again and again, and scores each file once all the same. How often it is killed:
 * {@code -Dsluice.test.kills}.
 */
@Tag("launch")
@Tag("slow")
class KilledIncrementsIT {
    private static final int KILLS = Integer.getInteger("sluice.test.kills", 3);
    private static final int ROWS = 60;

    /** A launch takes some seconds to come to its first batch. */
    private static final int MOST_MILLIS_OF_LAUNCH = 8_000;

    @TempDir
    private Path directory;

    private void file(int number) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            int id = number * ROWS + row;
            lines.add(String.format(
                    Locale.ROOT, "{\"id\":\"r%05d\",\"text\":\"%s\"}", id, "BTSXPVE".repeat(1 + id % 40)));
        }
        Path draft = Files.write(directory.resolve("draft"), lines);
        Files.createDirectories(directory.resolve("in"));
        Files.move(draft, directory.resolve("in").resolve(String.format(Locale.ROOT, "drop-%d.jsonl", number)));
    }

    private Launch score(String output, String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--input", directory.resolve("in").toString(),
                "--input-format", "json",
                "--output", directory.resolve(output).toString(),
                "--output-format", "json",
                "--tokens", "text",
                "--splitter", "character",
                "--emit", "loglik",
                "--kernel", "reference"));
        options.addAll(Arrays.asList(more));
        return Launch.local(directory, options.toArray(String[]::new));
    }

    private Launch scoreNew() {
        return score(
                "out",
                "--incremental",
                directory.resolve("checkpoint").toString(),
                "--set",
                "input.options.maxFilesPerTrigger=1");
    }

    private boolean exists(String path) {
        return Files.exists(directory.resolve(path));
    }

    /** Those of killed runs are left where they are. */
    private long stagingPlaces() {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(".out.staging-"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where a run is killed; Spark's files are small, so what follows one of them follows soon. */
    private enum Moment {
        AT_THE_LAUNCH,
        WITHIN_A_BATCH,
        WHILE_ROWS_ARE_STAGED,
        BEFORE_SPARK_KNOWS
    }

    private BooleanSupplier seen(Moment moment, int batch, Random random) {
        long left = stagingPlaces();
        return switch (moment) {
            case AT_THE_LAUNCH -> after(() -> true, random.nextInt(MOST_MILLIS_OF_LAUNCH));
            case WITHIN_A_BATCH -> after(() -> exists("checkpoint/offsets/" + batch), random.nextInt(500));
            case WHILE_ROWS_ARE_STAGED -> after(() -> stagingPlaces() > left, random.nextInt(300));
            case BEFORE_SPARK_KNOWS -> () -> exists(String.format(Locale.ROOT, "out/_sluice/batches/%d.json", batch));
        };
    }

    /** The first batch that is not in the output. */
    private int next() {
        int batch = 0;
        while (exists(String.format(Locale.ROOT, "out/_sluice/batches/%d.json", batch))) {
            batch++;
        }
        return batch;
    }

    private List<String> rows(String output) {
        List<String> rows = new ArrayList<>();
        try (Stream<Path> below = Files.walk(directory.resolve(output))) {
            for (Path file : below.filter(path -> path.getFileName().toString().startsWith("part-"))
                    .toList()) {
                rows.addAll(Files.readAllLines(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rows.sort(null);
        return rows;
    }

    /** Seen, and some time later. */
    private static BooleanSupplier after(BooleanSupplier seen, long millis) {
        long[] since = {0};
        return () -> {
            if (since[0] == 0 && seen.getAsBoolean()) {
                since[0] = System.nanoTime();
            }
            return since[0] != 0 && System.nanoTime() - since[0] >= millis * 1_000_000;
        };
    }

    private void assertNoneTwice(String at) {
        if (exists("out")) {
            assertThat(rows("out")).as(at).doesNotHaveDuplicates();
        }
    }

    @Test
    void againAndAgainAndThenToTheEnd() throws IOException {
        long seed = Long.getLong("sluice.test.seed", System.nanoTime());
        System.out.printf("KilledIncrementsIT: -Dsluice.test.seed=%d -Dsluice.test.kills=%d%n", seed, KILLS);
        Random random = new Random(seed);
        Moment[] moments = Moment.values();
        Map<Moment, Integer> kills = new EnumMap<>(Moment.class);
        file(0);
        int files = 1;
        int killed = 0;
        while (killed < KILLS) {
            assertThat(files).as("runs, of which %s were killed", kills).isLessThanOrEqualTo(3 * KILLS);
            file(files++);
            Moment moment = moments[random.nextInt(moments.length)];
            if (scoreNew().killedWhen(moment.name(), seen(moment, next(), random)::getAsBoolean)) {
                killed++;
                kills.merge(moment, 1, Integer::sum);
            }
            assertNoneTwice(String.format(Locale.ROOT, "seed %d, after %d kills, the last %s", seed, killed, moment));
        }
        System.out.printf("KilledIncrementsIT: killed %s in %d runs%n", kills, files - 1);
        assertThat(scoreNew().end().exitCode()).isZero();
        assertThat(scoreNew().end().assertScored().out()).contains("no new files in");

        score("whole").end().assertScored();
        assertThat(rows("out")).as("seed %d", seed).hasSize(files * ROWS).isEqualTo(rows("whole"));
    }
}
