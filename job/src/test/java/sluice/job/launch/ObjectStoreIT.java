package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit/score} on an object store, where nothing is renamed: S3A and an S3 server. */
@Tag("launch")
class ObjectStoreIT {
    private static final String TABLE = "tables/out";

    @TempDir
    private static Path shared;

    private static ObjectStore store;

    @TempDir
    private Path directory;

    private ObjectStore.Bucket bucket;

    @BeforeAll
    static void start() throws IOException {
        store = new ObjectStore(shared);
    }

    @AfterAll
    static void stop() {
        store.close();
    }

    @BeforeEach
    void makeBucket(TestInfo test) throws IOException {
        bucket = store.bucket(
                "bucket-" + Integer.toHexString(test.getDisplayName().hashCode()));
        table("old.jsonl", 0, 30);
        table("new.jsonl", 20, 60);
    }

    /** Of ten rows a day. */
    private void table(String name, int from, int to) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int id = from; id < to; id++) {
            lines.add(String.format(
                    Locale.ROOT,
                    "{\"id\":\"r%d\",\"day\":%d,\"text\":\"%s\"}",
                    id,
                    id / 10,
                    "BTSXPVE".repeat(1 + id % 4)));
        }
        Files.write(directory.resolve(name), lines);
        bucket.put("in/" + name, Files.readAllBytes(directory.resolve(name)));
    }

    private Launch launch(String client, String... options) {
        List<String> all = store.options(directory, client);
        all.addAll(Arrays.asList(options));
        return Launch.local(directory, all.toArray(String[]::new));
    }

    private static String[] scoring(String input, String output, String mode, String... more) {
        return Stream.concat(
                        Stream.of(
                                "--model",
                                Checkout.example("reber.safetensors").toString(),
                                "--input",
                                input,
                                "--input-format",
                                "json",
                                "--output",
                                output,
                                "--output-format",
                                "json",
                                "--tokens",
                                "text",
                                "--splitter",
                                "character",
                                "--emit",
                                "loglik,softmax",
                                "--mode",
                                mode,
                                "--set",
                                "output.partition-by=day"),
                        Arrays.stream(more))
                .toArray(String[]::new);
    }

    private Launch.Ended score(String client, String input, String mode, String... more) {
        return launch(client, scoring(bucket.path("in/" + input), bucket.path(TABLE), mode, more))
                .end();
    }

    /** The rows of a run that knows nothing of object stores. */
    private List<String> localRows(String input) throws IOException {
        Path out = directory.resolve("local-" + input);
        Launch.local(directory, scoring(directory.resolve(input).toString(), out.toString(), "error"))
                .end()
                .assertScored();
        List<String> rows = new ArrayList<>();
        for (Path file : ParquetRows.files(out)) {
            rows.addAll(Files.readAllLines(file, StandardCharsets.UTF_8));
        }
        rows.sort(null);
        return rows;
    }

    @Test
    void aNewTableHasTheBitsOfALocalOne() throws IOException {
        score("first", "new.jsonl", "error").assertScored();
        assertThat(bucket.rows(TABLE)).hasSize(40).isEqualTo(localRows("new.jsonl"));
        assertThat(bucket.keys()).allMatch(key -> key.startsWith("in/") || StoreLayout.isWithin(TABLE, key));
    }
}
