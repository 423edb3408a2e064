package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit/score} with all its paths in an object store, where a rename copies: S3A and an S3 server. */
@Tag("launch")
@Tag("slow")
class ObjectStoreIT {
    @TempDir
    private static Path directory;

    private static StoredRuns runs;

    @BeforeAll
    static void start() throws IOException {
        runs = new StoredRuns(directory);
        runs.input("old.jsonl", 0, 30);
        runs.input("new.jsonl", 20, 60);
        runs.startHere();
    }

    @AfterAll
    static void stop() {
        runs.close();
    }

    @BeforeEach
    void reset() throws IOException {
        runs.reset();
    }

    /** In all builds: the rows, and a run that dies after its decision. */
    @Test
    void aTableIsThatOfALocalRunAndIsReplacedWhole() throws IOException {
        runs.start("first", "old.jsonl", "error").end().assertScored();
        assertThat(runs.rows()).isEqualTo(runs.scored(0, 30));

        Launch second = runs.start("second", "new.jsonl", "overwrite");
        runs.kill(second, "second", StoreGateway.Side.AFTER, StoreLayout::isDecision, 1);

        assertThat(runs.status("helper").assertScored().out()).contains("ended with 0: 40 sequences");
        assertThat(runs.rows()).isEqualTo(runs.scored(20, 60));
        runs.assertNothingElse("", key -> false);
    }

    @Test
    void eachMode() throws IOException {
        runs.score("a", "old.jsonl", "error").assertScored();
        runs.score("b", "new.jsonl", "error").assertFailed(2, "exists already");
        runs.score("c", "new.jsonl", "partitions").assertScored();
        assertThat(runs.rows()).isEqualTo(StoredRuns.both(runs.scored(0, 20), runs.scored(20, 60)));
        runs.score("d", "old.jsonl", "overwrite").assertScored();
        assertThat(runs.rows()).isEqualTo(runs.scored(0, 30));
        runs.score("e", "new.jsonl", "append", "--run", "night").assertScored();
        assertThat(runs.rows()).isEqualTo(StoredRuns.both(runs.scored(0, 30), runs.scored(20, 60)));
        runs.score("f", "new.jsonl", "append", "--run", "night").assertScored();
        assertThat(runs.rows()).hasSize(30 + 40);
        assertThat(runs.status("g", "--run", "night").assertScored().out()).contains("ended with 0: 40 sequences");
        runs.assertNothingElse("", key -> false);
    }

    /** The model, the report, the bad rows and the output are all there, and nowhere else. */
    @Test
    void aModelAReportAndBadRows() throws IOException {
        String model = runs.bucket().path("models/reber.safetensors");
        runs.launchWarm(
                        0,
                        "save",
                        "--save-model",
                        model,
                        "--model",
                        Checkout.example("reber.safetensors").toString())
                .end()
                .assertScored();
        runs.input("some.jsonl", 0, 10, "{\"id\":\"r99\",\"day\":9,\"text\":\"BTQ\"}");
        String report = runs.bucket().path("reports/night.json");
        String[] scoring = StoredRuns.scoring(
                runs.bucket().path("in/some.jsonl"),
                runs.bucket().path(StoredRuns.TABLE),
                "error",
                "--report",
                report,
                "--bad-rows",
                "quarantine",
                "--set",
                "bad-rows.max-fraction=0.5");
        scoring[1] = model;
        Launch.Ended ended = runs.launchWarm(0, "score", scoring).end();
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        assertThat(runs.rows()).isEqualTo(runs.scored(0, 10));
        List<String> bad = runs.bucket().keys().stream()
                .filter(key -> key.startsWith(StoredRuns.TABLE + "/_sluice/bad-rows/") && key.contains("part-"))
                .toList();
        assertThat(bad).hasSize(1);
        assertThat(runs.bucket().lines(bad.get(0))).singleElement().asString().contains("r99", "unknown-word");
        assertThat(runs.launchWarm(0, "status", "--status", report).end().out()).contains("ended with 0");
        runs.assertNothingElse("", key -> key.startsWith("models/") || key.startsWith("reports/"));
    }
}
