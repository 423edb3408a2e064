package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.sql.SluiceCatalog;

/** {@code input.window} on sessions of an HDFS log, with models that PyTorch trained on windows of ten keys. Expected numbers are PyTorch's. */
class WindowsJobTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WINDOW = 10;
    private static final String[] WINDOWS = {"--set", "input.window=10", "--at", "each", "--bad-rows", "null"};

    @TempDir
    Path folder;

    private static Path file(String name) {
        try {
            return Path.of(WindowsJobTest.class.getResource("/hdfs/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode expected(String model) {
        try {
            return JSON.readTree(file("expected.json").toFile()).path(model);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Dataset<Row> sessions() {
        return LocalSpark.session()
                .read()
                .schema("id int, abnormal boolean, tokens array<int>")
                .json(file("sessions.jsonl").toString());
    }

    private Terminal score(String model, String output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model", file(model + ".pt").toString(),
                "--input", file("sessions.jsonl").toString(),
                "--input-format", "json",
                "--output", folder.resolve(output).toString()));
        arguments.addAll(Arrays.asList(more));
        LocalSpark.session();
        return Terminal.score(arguments.toArray(String[]::new));
    }

    private Terminal score(String model, String output, String[] windows, String... more) {
        List<String> all = new ArrayList<>(Arrays.asList(windows));
        all.addAll(Arrays.asList(more));
        return score(model, output, all.toArray(String[]::new));
    }

    private Dataset<Row> table(String output) {
        return LocalSpark.session().read().parquet(folder.resolve(output).toString());
    }

    private Map<Integer, Row> rows(String output) {
        return byId(table(output));
    }

    private static Map<Integer, Row> byId(Dataset<Row> table) {
        Map<Integer, Row> rows = new TreeMap<>();
        table.collectAsList().forEach(row -> rows.put(((Number) row.getAs("id")).intValue(), row));
        return rows;
    }

    private static void scored(Terminal done) {
        assertThat(done.code()).as("%s", done).isZero();
    }

    /** A row with a target that is no class has no ranks; PyTorch's loops count its session as flagged. */
    private static void assertRanks(Map<Integer, Row> rows, JsonNode expected) {
        assertThat(rows).hasSize(expected.size());
        rows.forEach((id, row) -> {
            List<Integer> wanted = new ArrayList<>();
            expected.get(id).forEach(rank -> wanted.add(rank.isNull() ? null : rank.asInt()));
            if (wanted.contains(null)) {
                assertThat(row.<Object>getAs("rank")).isNull();
                assertThat(row.<Row>getAs("reason").<String>getAs("code")).isEqualTo("target-out-of-range");
            } else {
                assertThat(row.<Object>getAs("reason")).isNull();
                assertThat(row.<Object>getList(row.fieldIndex("rank")))
                        .as("session %d", id)
                        .isEqualTo(wanted);
            }
        });
    }

    /** Every window's rank, and the sessions that a threshold flags as the authors' own loop flags them. */
    @ParameterizedTest
    @ValueSource(strings = {"numbers", "embedding"})
    void ranksAndFlagsAreThoseOfPyTorch(String model) {
        scored(score(model, "out", WINDOWS, "--emit", "rank"));
        assertRanks(rows("out"), expected(model).path("full"));
        JsonNode flagged = expected(model).path("flagged");
        List<String> counts = new ArrayList<>();
        for (int g = 1; g <= 20; g++) {
            String detector =
                    String.format(Locale.ROOT, "rank IS NULL OR size(tokens) <= 10 OR exists(rank, r -> r > %d)", g);
            counts.add("count_if(abnormal AND (" + detector + "))");
            counts.add("count_if(NOT abnormal AND (" + detector + "))");
        }
        Row found = table("out").selectExpr(counts.toArray(String[]::new)).first();
        for (int g = 1; g <= 20; g++) {
            assertThat(List.of(found.getLong(2 * g - 2), found.getLong(2 * g - 1)))
                    .as("abnormal and normal sessions that top-%d flags", g)
                    .isEqualTo(List.of(
                            flagged.get(g - 1).get(0).asLong(),
                            flagged.get(g - 1).get(1).asLong()));
        }
    }

    @Test
    void partialWindows() {
        scored(score("embedding", "each", WINDOWS, "--emit", "rank", "--set", "input.partial-windows=each"));
        assertRanks(rows("each"), expected("embedding").path("each"));
        scored(score(
                "embedding",
                "pre",
                WINDOWS,
                "--emit",
                "rank",
                "--set",
                "input.partial-windows=each",
                "--set",
                "input.window-pad=0"));
        assertRanks(rows("pre"), expected("embedding").path("each-pre"));
    }

    /** Sessions that are shorter than a window, padded with -1 at their end, as numbers. */
    @Test
    void shortSessionsPaddedAfterTheirKeys() {
        String[] post = {
            "--set",
            "input.window=10",
            "--set",
            "input.partial-windows=last",
            "--set",
            "input.window-pad=-1",
            "--set",
            "input.window-padding=post",
            "--bad-rows",
            "null"
        };
        scored(score("numbers", "ranks", post, "--at", "each", "--emit", "rank"));
        Map<Integer, Row> ranks = rows("ranks");
        JsonNode expected = expected("numbers").path("short-ranks-post");
        int found = 0;
        for (Map.Entry<Integer, Row> row : ranks.entrySet()) {
            JsonNode rank = expected.get(row.getKey());
            if (!rank.isNull()) {
                assertThat(row.getValue().<Object>getList(row.getValue().fieldIndex("rank")))
                        .as("session %d", row.getKey())
                        .isEqualTo(List.of(rank.asInt()));
                found++;
            }
        }
        assertThat(found).isGreaterThan(30);

        scored(score("numbers", "logits", post, "--emit", "logits"));
        rows("logits").forEach((id, row) -> {
            List<Float> logits = row.getList(row.fieldIndex("logits"));
            JsonNode wanted = expected("numbers").path("last-logits-post").get(id);
            assertThat(logits).hasSize(wanted.size());
            for (int at = 0; at < logits.size(); at++) {
                assertThat(logits.get(at)).isCloseTo((float) wanted.get(at).asDouble(), within(1e-4f));
            }
        });
    }

    private Run run(String model, String output) {
        return new Run()
                .with("model.path", file(model + ".pt"))
                .with("output.path", folder.resolve(output))
                .with("output.at", "each")
                .with("output.emit", "softmax,loglik,logprob,rank")
                .with("input.window", WINDOW)
                .with("bad-rows.rule", "null")
                .with("scoring.task-seconds", 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"numbers", "embedding"})
    void neitherPartitionsNorBatchesNorTheKernelChangeBits(String model) {
        Map<Integer, Row> one = byId(run(model, "one")
                .withInput(sessions(), 1, folder.resolve("in-1"))
                .table());
        Map<Integer, Row> many = byId(run(model, "many")
                .withInput(sessions(), 17, folder.resolve("in-17"))
                .with("scoring.batch-bytes", "4 KiB")
                .table());
        Map<Integer, Row> scalar = byId(run(model, "scalar")
                .with("input.path", folder.resolve("in-17"))
                .with("scoring.kernel", "scalar")
                .with("scoring.look-up-bytes", 0)
                .table());
        assertThat(one).hasSize(expected(model).path("full").size());
        assertThat(many).isEqualTo(one);
        assertThat(scalar).isEqualTo(one);
    }

    @Test
    void newFilesAloneAndAnAudit() {
        Path in = folder.resolve("in");
        sessions().where("id % 2 = 0").coalesce(1).write().mode("append").parquet(in.toString());
        Run increments = run("embedding", "out").with("input.path", in).with("input.checkpoint", folder.resolve("c"));
        assertThat(increments.scoreNew()).isPresent();
        sessions().where("id % 2 = 1").coalesce(1).write().mode("append").parquet(in.toString());
        assertThat(increments.scoreNew()).isPresent();
        Map<Integer, Row> whole =
                byId(run("embedding", "whole").with("input.path", in).table());
        assertThat(byId(table("out").drop("batch"))).isEqualTo(whole);

        Terminal audit = Terminal.score(
                "--audit",
                folder.resolve("whole").toString(),
                "--model",
                file("embedding.pt").toString(),
                "--fraction",
                "1");
        assertThat(audit.code()).as("%s", audit).isZero();
    }

    @Test
    void functionsAndTheProcedure() {
        SparkSession session = LocalSpark.session().newSession();
        String model = "spark.sql.catalog.sluice.model.deeplog";
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set(model, file("numbers.pt").toString());
        session.conf().set(model + ".input.window", "10");
        session.conf().set(model + ".output.at", "each");
        session.conf().set(model + ".output.emit", "rank,softmax");
        session.conf().set(model + ".bad-rows.rule", "null");
        session.read()
                .schema("id int, abnormal boolean, tokens array<int>")
                .json(file("sessions.jsonl").toString())
                .createOrReplaceTempView("sessions");
        Map<Integer, Row> job = byId(run("numbers", "job")
                .withInput(sessions(), 2, folder.resolve("in"))
                .table());
        Map<Integer, Row> function = byId(session.sql(
                "SELECT id, answer.rank AS rank, answer.softmax AS softmax, sluice.loglik('deeplog', tokens) AS loglik"
                        + " FROM (SELECT id, tokens, sluice.deeplog.score(tokens) AS answer FROM sessions)"));
        assertThat(function.keySet()).isEqualTo(job.keySet());
        function.forEach((id, row) -> {
            for (String name : List.of("rank", "softmax", "loglik")) {
                assertThat(row.<Object>getAs(name)).isEqualTo(job.get(id).getAs(name));
            }
        });
        session.sql(String.format(
                Locale.ROOT,
                "CALL sluice.run(model => 'deeplog', input => 'sessions', output => '%s', output_format => 'parquet', emit => 'rank')",
                folder.resolve("called")));
        Map<Integer, Row> called = rows("called");
        assertThat(called).hasSize(job.size());
        called.forEach((id, row) ->
                assertThat(row.<Object>getAs("rank")).isEqualTo(job.get(id).getAs("rank")));
    }

    private static void assertRefused(Terminal terminal, String message) {
        assertThat(terminal.code()).as("%s", terminal).isEqualTo(2);
        assertThat(terminal.errors())
                .filteredOn(line -> line.startsWith("sluice: error: "))
                .singleElement()
                .asString()
                .contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.window=0 | input.window = 0: expected none, or a whole number from 1",
                "input.window=-1 | input.window = -1: expected none, or a whole number from 1",
                "input.window=1.5 | input.window = \"1.5\": expected none, or a whole number from 1",
                "input.window=10 input.partial-windows=some | input.partial-windows = 'some': expected one of skip, last, each",
                "input.window=10 input.window-padding=left | input.window-padding = 'left': expected one of pre, post",
                "input.window-pad=0 | input.window-pad is set without input.window: set input.window",
                "input.partial-windows=each | input.partial-windows is set without input.window: set input.window",
                "input.window=10 input.window-pad=0 | input.window-pad = '0' with input.partial-windows = skip: no window is padded",
                "input.window=10 input.partial-windows=each input.window-pad=x | input.window-pad = 'x': expected a token id, because there is no vocabulary",
                "input.window=10 input.partial-windows=each input.window-pad=29 | windows padded with token 29: expected one in [0, 29), the model's tokens",
                "input.window=10 input.state=state | input.state and input.window are both set, but a window starts from the model's own state",
                "input.window=10 state.path=states state.key=id | state.path and input.window are both set",
                "input.window=10 output.emit=state | output.emit: state is not available with windows: each window starts from the model's own state",
                "input.window=10 output.at=each output.emit=gates | output.emit: gates is not available with windows",
                "input.window=2147483647 | a window of 2147483647 steps: expected at most 89478483 for this model"
            })
    void whatHasNoMeaning(String settings, String message) {
        List<String> arguments = new ArrayList<>();
        for (String setting : settings.strip().split(" ")) {
            arguments.add("--set");
            arguments.add(setting);
        }
        assertRefused(score("embedding", "out", arguments.toArray(String[]::new)), message);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aPadThatIsNoNumber() {
        assertRefused(
                score(
                        "numbers",
                        "out",
                        "--set",
                        "input.window=10",
                        "--set",
                        "input.partial-windows=last",
                        "--set",
                        "input.window-pad=x"),
                "input.window-pad = 'x': expected a number, because the model reads features");
    }

    /** At the last step a session without a full window is a bad row, unless partial windows are answered. */
    @Test
    void aSessionThatIsTooShortForAnAnswer() {
        Terminal failed = score("numbers", "out", "--set", "input.window=10", "--emit", "prediction");
        assertThat(failed.code()).isEqualTo(3);
        assertThat(failed.errors().get(failed.errors().size() - 1))
                .contains(
                        "expected at least 10, the length of a window; partial windows are answered with input.partial-windows = last (too-short)");
        scored(score(
                "numbers",
                "out",
                "--set",
                "input.window=10",
                "--set",
                "input.partial-windows=last",
                "--emit",
                "prediction"));
        assertThat(table("out").where("prediction IS NULL").count()).isZero();
    }

    private static List<String> table(Terminal dry) {
        return dry.output().stream()
                .filter(line -> line.startsWith("rank > "))
                .map(line -> line.replaceAll(" +", " ").strip())
                .toList();
    }

    private void assertFlags(Terminal dry, Dataset<Row> scored, JsonNode report) {
        assertThat(dry.code()).as("%s", dry).isZero();
        List<int[]> ranks = scored.select("rank").collectAsList().stream()
                .filter(row -> !row.isNullAt(0))
                .map(row -> row.<Integer>getList(0).stream()
                        .mapToInt(Integer::intValue)
                        .toArray())
                .toList();
        long sequences = ranks.size();
        long tokens = ranks.stream().mapToLong(all -> all.length).sum();
        List<String> wanted = new ArrayList<>();
        for (int g = 1; g <= 20; g++) {
            int most = g;
            long flagged = ranks.stream()
                    .filter(all -> Arrays.stream(all).anyMatch(rank -> rank > most))
                    .count();
            long above = ranks.stream()
                    .flatMapToInt(Arrays::stream)
                    .filter(rank -> rank > most)
                    .count();
            wanted.add(String.format(
                    Locale.ROOT,
                    "rank > %d %,d %s (%.2f %%) %,d %s (%.2f %%)",
                    g,
                    flagged,
                    flagged == 1 ? "sequence" : "sequences",
                    100.0 * flagged / sequences,
                    above,
                    above == 1 ? "token" : "tokens",
                    100.0 * above / tokens));
            JsonNode threshold = report.path("flagged").path("rank-above").path(g - 1);
            assertThat(threshold.path("g").asInt()).isEqualTo(g);
            assertThat(threshold.path("sequences").asLong()).isEqualTo(flagged);
            assertThat(threshold.path("tokens").asLong()).isEqualTo(above);
        }
        assertThat(table(dry)).isEqualTo(wanted);
        assertThat(report.path("flagged").path("sequences").asLong()).isEqualTo(sequences);
        assertThat(report.path("flagged").path("tokens").asLong()).isEqualTo(tokens);
        long without = ranks.stream().filter(all -> all.length == 0).count();
        assertThat(report.path("flagged").path("sequences-without-rank").asLong())
                .isEqualTo(without);
        assertThat(dry.output())
                .anyMatch(line ->
                        line.matches("ranks +what top-g flags in .* sequences of the sample, with .* tokens ranked.*"));
    }

    /** The counts of the dry run are those of the run, because the sample has all rows. With windows and without. */
    @ParameterizedTest
    @CsvSource({"10", "none"})
    void theDryRunTellsWhatAThresholdFlags(String window) throws IOException {
        String[] settings = {"--set", "input.window=" + window, "--at", "each", "--emit", "rank", "--bad-rows", "null"};
        Path report = folder.resolve("plan.json");
        Terminal dry = score("embedding", "out", settings, "--dry-run", "--report", report.toString());
        assertThat(dry.output())
                .anyMatch(line -> line.startsWith("work ")
                        && line.endsWith(
                                window.equals("none")
                                        ? "each step is answered"
                                        : "each step is answered from a window of 10"));
        scored(score("embedding", "out", settings));
        assertFlags(dry, table("out"), JSON.readTree(report.toFile()));
    }

    @Test
    void aDryRunWithoutRanksHasNoTable() {
        Terminal dry = score(
                "embedding", "out", "--set", "input.window=10", "--set", "input.partial-windows=last", "--dry-run");
        assertThat(dry.code()).as("%s", dry).isZero();
        assertThat(table(dry)).isEmpty();
        assertThat(dry.output()).anyMatch(line -> line.endsWith("the last step is answered from a window of 10"));
    }
}
