package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
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
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/**
 * Which answers: candidates, classes that are left out, a temperature and pooled states, with PyTorch's answers as expected values. The shop
 * has 13 tokens, of which 0 is padding, and classes for tokens 1 to 12.
 */
class ChosenClassesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TOLERANCE = 1e-5;
    private static final int FIRST = 1; // token of class 0
    private static final JsonNode TORCH = json(shop("shop.json"));
    private static final List<String> ITEMS = lines(shop("items.txt"));

    @TempDir
    Path folder;

    private int outputs;

    private static Path shop(String name) {
        try {
            return Path.of(ChosenClassesTest.class.getResource("/shop/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode json(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The sessions with a nested column of the candidates, written as several files. */
    private Path table(int files) {
        Path path = folder.resolve("sessions-" + files);
        SparkSession spark = LocalSpark.session();
        spark.read()
                .json(shop("sessions.jsonl").toString())
                .selectExpr("*", "struct(candidates AS listed) AS shown", "transform(candidates, c -> c) AS again")
                .repartition(files)
                .write()
                .parquet(path.toString());
        return path;
    }

    private Run run(Path input, String... settings) {
        Run run = new Run()
                .with("model.path", shop("shop.pt"))
                .with("input.path", input)
                .with("input.tokens", "items")
                .with("input.vocabulary", shop("items.txt"))
                .with("output.first-class", FIRST)
                .with("output.path", folder.resolve("out-" + outputs++));
        for (int at = 0; at < settings.length; at += 2) {
            run.with(settings[at], settings[at + 1]);
        }
        return run;
    }

    private static Map<String, Row> byId(List<Row> rows) {
        Map<String, Row> byId = new HashMap<>();
        rows.forEach(row -> byId.put(row.getAs("id"), row));
        assertThat(byId).hasSize(rows.size());
        return byId;
    }

    private static int ofClass(String item) {
        return ITEMS.indexOf(item) - FIRST;
    }

    private static List<String> list(Row row, String column) {
        int at = row.fieldIndex(column);
        return row.isNullAt(at) ? List.of() : row.getList(at);
    }

    private static double[] torch(Row row, String what) {
        JsonNode numbers = TORCH.path(row.getAs("id").toString()).path(what);
        return IntStream.range(0, numbers.size())
                .mapToDouble(at -> numbers.path(at).asDouble())
                .toArray();
    }

    private static void assertClose(Row row, String column, String what) {
        double[] all = torch(row, what);
        double[] expected = list(row, "candidates").stream()
                .mapToDouble(item -> all[ofClass(item)])
                .toArray();
        assertNumbers(row.getList(row.fieldIndex(column)), expected);
    }

    private static void assertNumbers(List<Float> found, double[] expected) {
        assertThat(found).hasSize(expected.length);
        for (int at = 0; at < expected.length; at++) {
            assertThat((double) found.get(at)).isCloseTo(expected[at], within(TOLERANCE));
        }
    }

    /** Classes in the order of PyTorch's logits, the best first. */
    private static int[] ranked(Row row) {
        double[] logits = torch(row, "logits");
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(at -> -logits[at]))
                .mapToInt(at -> at)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"candidates", "shown.listed"})
    void candidatesHaveTheNumbersOfPyTorch(String column) {
        String[] settings = {
            "output.emit",
            "softmax,logits,sigmoid,rank,prediction,topk",
            "output.top-k",
            "2",
            "output.candidates",
            column
        };
        List<Row> rows = run(table(1), settings).rows();
        for (Row row : rows) {
            List<String> candidates = list(row, "candidates");
            assertClose(row, "softmax", "softmax");
            assertClose(row, "logits", "logits");
            int[] best = Arrays.stream(ranked(row))
                    .filter(at -> candidates.contains(ITEMS.get(at + FIRST)))
                    .toArray();
            List<Integer> order = IntStream.of(best).boxed().toList();
            assertThat(row.<Integer>getList(row.fieldIndex("rank")))
                    .isEqualTo(candidates.stream()
                            .map(item -> 1 + order.indexOf(ofClass(item)))
                            .toList());
            assertThat(row.<Integer>getAs("prediction")).isEqualTo(best.length == 0 ? null : best[0]);
            assertTop(row, Arrays.copyOf(best, Math.min(2, best.length)), "softmax");
        }
        // Other files, tasks and kernels: the same bits.
        String[] scalar = Arrays.copyOf(settings, settings.length + 2);
        scalar[settings.length] = "scoring.kernel";
        scalar[settings.length + 1] = "scalar";
        assertThat(byId(run(table(4), scalar).rows())).isEqualTo(byId(rows));
    }

    private static void assertTop(Row row, int[] classes, String what) {
        double[] probabilities = torch(row, what);
        List<Row> top = row.getList(row.fieldIndex("topk"));
        assertThat(top)
                .extracting(one -> one.<Integer>getAs("token"))
                .isEqualTo(IntStream.of(classes).mapToObj(at -> at + FIRST).toList());
        assertThat(top)
                .extracting(one -> one.<String>getAs("label"))
                .isEqualTo(IntStream.of(classes)
                        .mapToObj(at -> ITEMS.get(at + FIRST))
                        .toList());
        assertNumbers(
                top.stream().map(one -> one.<Float>getAs("probability")).toList(),
                IntStream.of(classes).mapToDouble(at -> probabilities[at]).toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"seen", "bought"})
    void whatIsExcludedIsNotRecommended(String exclude) {
        for (Row row : run(table(2), "output.emit", "topk,prediction", "output.top-k", "12", "output.exclude", exclude)
                .rows()) {
            Set<String> without = new HashSet<>(list(row, exclude.equals("seen") ? "items" : exclude));
            int[] left = Arrays.stream(ranked(row))
                    .filter(at -> !without.contains(ITEMS.get(at + FIRST)))
                    .toArray();
            assertTop(row, left, "softmax");
            assertThat(row.<Integer>getAs("prediction")).isEqualTo(left[0]);
        }
    }

    /** Also tokens that the sequence was cut by, and not the token that every sequence begins with. */
    @Test
    void seenIsTheWholeRow() {
        List<Row> rows = run(
                        table(1),
                        "output.emit",
                        "topk",
                        "output.top-k",
                        "12",
                        "output.exclude",
                        "seen",
                        "input.max-length",
                        "2",
                        "input.too-long",
                        "keep-last",
                        "input.begin-token",
                        "oil")
                .rows();
        for (Row row : rows) {
            Set<String> seen = new HashSet<>(list(row, "items"));
            assertThat(row.<Row>getList(row.fieldIndex("topk")))
                    .extracting(one -> one.<String>getAs("label"))
                    .hasSize(12 - seen.size())
                    .noneMatch(seen::contains);
            assertThat(seen.contains("oil")).isEqualTo(row.getAs("id").equals("u2"));
        }
    }

    @Test
    void bothTogetherInTheirOwnColumns() {
        Map<String, Row> rows = byId(run(
                        table(1),
                        "output.emit",
                        "topk,prediction,rank",
                        "output.candidates",
                        "candidates",
                        "output.exclude",
                        "bought")
                .rows());
        Row first = rows.get("u1"); // candidates lamp, stove, gas, stove; stove was bought
        assertThat(first.<Row>getList(first.fieldIndex("topk")))
                .extracting(one -> one.<String>getAs("label"))
                .containsExactly("gas", "lamp");
        assertThat(first.<Integer>getAs("prediction")).isEqualTo(ofClass("gas"));
        assertThat(first.<Integer>getList(first.fieldIndex("rank"))).containsExactly(3, 1, 2, 1);
        assertThat(rows.get("u4").<Integer>getAs("prediction")).isNull(); // no candidates
        assertThat(rows.get("u4").<Row>getList(first.fieldIndex("topk"))).isEmpty();
    }

    @Test
    void aTemperatureIsThatOfPyTorch() {
        for (Row row : run(
                        table(1),
                        "output.emit",
                        "softmax,sigmoid,logits,topk",
                        "output.temperature",
                        "2",
                        "output.top-k",
                        "12")
                .rows()) {
            assertNumbers(row.getList(row.fieldIndex("softmax")), torch(row, "softmax-2"));
            assertNumbers(row.getList(row.fieldIndex("sigmoid")), torch(row, "sigmoid-2"));
            assertNumbers(row.getList(row.fieldIndex("logits")), torch(row, "logits"));
            assertTop(row, ranked(row), "softmax-2");
        }
        assertThat(byId(run(table(3), "output.temperature", "1.0").rows()))
                .isEqualTo(byId(run(table(2)).rows()));
    }

    @ParameterizedTest
    @CsvSource({"mean, shop.pt, mean", "max, shop.pt, max", "mean, pooled.pt, mean-both", "max, pooled.pt, max-both"})
    void pooledStatesAreThoseOfPyTorch(String pool, String model, String what) {
        String[] settings = {
            "model.path",
            shop(model).toString(),
            "output.emit",
            "hidden",
            "output.pool",
            pool,
            "output.first-class",
            "0"
        };
        List<Row> rows = run(table(1), settings).rows();
        for (Row row : rows) {
            List<Float> found = row.getList(row.fieldIndex("hidden"));
            if (row.getAs("id").equals("u5")) { // empty: the initial state
                assertThat(found).containsOnly(0f);
            } else {
                assertNumbers(found, torch(row, what));
            }
        }
        assertThat(byId(run(table(3), settings).rows())).isEqualTo(byId(rows));
    }

    @Test
    void binaryVectorsAndTheirShape() {
        Dataset<Row> table = run(
                        table(1),
                        "output.emit",
                        "logits,rank",
                        "output.candidates",
                        "candidates",
                        "output.vectors",
                        "binary")
                .table();
        assertThat(table.schema().apply("logits").metadata().getString("sluice.shape"))
                .isEqualTo("(candidates)");
        assertThat(byId(table.collectAsList()).get("u1").<byte[]>getAs("logits"))
                .hasSize(4 * Float.BYTES);
        assertThat(table.schema().apply("rank").dataType().catalogString()).isEqualTo("array<int>");
    }

    /** The command, on JSON lines, to JSON lines, on every kernel. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "scalar", "reference"})
    void theCommand(String kernel) throws IOException {
        Terminal done = command(
                "--emit",
                "logits,rank,topk",
                "--kernel",
                kernel,
                "--top-k",
                "1",
                "--set",
                "output.candidates=candidates");
        assertThat(done.code()).as("%s", done).isZero();
        List<JsonNode> rows = new ArrayList<>();
        try (var files = Files.list(folder.resolve("command"))) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".json")).toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(JSON.readTree(line));
                }
            }
        }
        assertThat(rows).hasSize(5);
        assertThat(rows.get(0).path("rank").toString()).isEqualTo("[3,1,2,1]");
        assertThat(rows.get(0).path("topk").path(0).path("label").asText()).isEqualTo("stove");
        assertThat(rows.get(3).path("rank").toString()).isEqualTo("[]");
        LocalSpark.session(); // the command has stopped its own
        Terminal audit = Terminal.score(
                "--audit",
                folder.resolve("command").toString(),
                "--model",
                shop("shop.pt").toString(),
                "--fraction",
                "1");
        assertThat(audit.code()).as("%s", audit).isZero();
        assertThat(String.join("\n", audit.output())).contains("5 of 5 rows have the same bits");
    }

    @Test
    void anAuditNeedsTheListsOfTheClasses() {
        Terminal done =
                command("--emit", "logits", "--set", "output.candidates=candidates", "--set", "input.columns=id,items");
        assertThat(done.code()).as("%s", done).isZero();
        LocalSpark.session(); // the command has stopped its own
        Terminal audit = Terminal.score(
                "--audit",
                folder.resolve("command").toString(),
                "--model",
                shop("shop.pt").toString());
        assertThat(String.join("\n", audit.output()) + String.join("\n", audit.errors()))
                .contains(
                        "the table has no column 'candidates' with the classes of the answers, so its rows can't be scored again");
    }

    private Terminal command(String... more) {
        LocalSpark.session();
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                shop("shop.pt").toString(),
                "--input",
                shop("sessions.jsonl").toString(),
                "--input-format",
                "json",
                "--tokens",
                "items",
                "--vocabulary",
                shop("items.txt").toString(),
                "--set",
                "output.first-class=1",
                "--output",
                folder.resolve("command").toString(),
                "--output-format",
                "json"));
        arguments.addAll(Arrays.asList(more));
        return Terminal.score(arguments.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "output.candidates=candidates output.at=each | output.candidates is for one answer to each sequence, and output.at = each",
                "output.exclude=seen output.at=each          | output.exclude is for one answer to each sequence, and output.at = each",
                "output.pool=mean output.at=each             | output.pool is for one answer to each sequence, and output.at = each",
                "output.candidates=none                      | output.candidates: no column 'none' in the input, which has",
                "output.candidates=id                        | output.candidates: column 'id' has type string, expected array<int|bigint> of token ids or array<string> of words",
                "output.exclude=id                           | output.exclude: column 'id' has type string, expected array<int|bigint>",
                "output.temperature=0                        | output.temperature = \"0\": expected a number above 0",
                "output.temperature=-1                       | output.temperature = \"-1\": expected a number above 0",
                "output.temperature=1e-60                    | output.temperature = \"1e-60\": expected a number above 0",
                "output.temperature=warm                     | output.temperature = \"warm\": expected a number above 0",
                "output.pool=sum                             | output.pool = 'sum': expected one of last, mean, max",
                "output.first-class=0 output.candidates=candidates | output.candidates: column 'candidates' (array<string>) lists words, and the vocabulary's words are tokens, but the model has other numbers of tokens and classes",
                "output.emit=rank                            | rank is not available at last: choose any of",
            })
    void whatCannotBeIsRefusedBeforeAnythingRuns(String settings, String message) {
        List<String> more = new ArrayList<>();
        for (String setting : settings.split(" ")) {
            more.addAll(List.of("--set", setting));
        }
        Terminal done = command(more.toArray(String[]::new));
        assertThat(done.code()).as("%s", done).isEqualTo(2);
        assertThat(String.join("\n", done.errors())).contains(message);
        assertThat(folder.resolve("command")).doesNotExist();
    }

    @Test
    void seenNeedsTokensAndNoColumnOfThatName() {
        Path seen = folder.resolve("seen");
        LocalSpark.session()
                .read()
                .parquet(table(1).toString())
                .withColumnRenamed("bought", "seen")
                .write()
                .parquet(seen.toString());
        assertThatThrownBy(() -> run(seen, "output.exclude", "seen").score())
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "output.exclude = seen is the row's own tokens, and the input has a column 'seen' of type array<string> as well: rename that column");
    }

    /** Lists of IDs of other types, and lists that no model has. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CAST(NULL AS array<int>)  | it is null, expected a list (an empty one is []) (null-candidates)",
                "array(4, NULL)            | the candidate at place 1 is null (null-candidates)",
                "array(4, 13)              | candidate 13 at place 1 is outside [1, 13), the model's classes; leave it out (candidate-out-of-range)",
                "array(0)                  | candidate 0 at place 0 is outside [1, 13)",
                "array(-4)                 | candidate -4 at place 0 is outside [1, 13)",
                "array(9000000000000L)     | the candidate '9000000000000' at place 0 is none of the model's classes; leave it out (candidate-out-of-range)",
                "array('stove', 'canoe')   | the candidate 'canoe' at place 1 is none of the model's classes; leave it out (candidate-out-of-range)",
            })
    void wrongCandidatesAreBadRows(String candidates, String reason) {
        Path input = folder.resolve("listed");
        LocalSpark.session()
                .read()
                .parquet(table(1).toString())
                .where("id = 'u1'")
                .selectExpr("id", "items", candidates + " AS listed")
                .unionByName(LocalSpark.session()
                        .read()
                        .parquet(table(2).toString())
                        .where("id = 'u2'")
                        .selectExpr(
                                "id",
                                "items",
                                candidates.contains("'") ? "array('oil') AS listed" : "array(12) AS listed"))
                .write()
                .parquet(input.toString());
        String[] settings = {"output.candidates", "listed", "output.emit", "logits"};
        assertThatThrownBy(() -> run(input, settings).score())
                .hasStackTraceContaining("BadRowException: row id=u1: column 'listed': " + reason);
        Map<String, Row> rows = byId(run(
                        input,
                        "output.candidates",
                        "listed",
                        "output.emit",
                        "logits",
                        "bad-rows.rule",
                        "null",
                        "bad-rows.max-fraction",
                        "1")
                .rows());
        assertThat(rows.get("u1").<Row>getAs("reason").<String>getAs("text")).isNotBlank();
        assertThat(rows.get("u1").<Object>getAs("logits")).isNull();
        assertThat(rows.get("u2").<Object>getAs("reason")).isNull();
        assertNumbers(
                rows.get("u2").getList(rows.get("u2").fieldIndex("logits")),
                new double[] {torch(rows.get("u2"), "logits")[ofClass("oil")]});
    }

    @Test
    void newFilesHaveTheSameBits() throws IOException {
        String[] settings = {
            "output.emit",
            "rank,topk,hidden",
            "output.candidates",
            "candidates",
            "output.exclude",
            "seen",
            "output.temperature",
            "0.5",
            "output.pool",
            "mean"
        };
        Map<String, Row> whole = byId(run(shop("sessions.jsonl"), settings)
                .with("input.format", "json")
                .rows());
        Path drops = Files.createDirectory(folder.resolve("drops"));
        Path output = folder.resolve("nightly");
        SparkSession spark = LocalSpark.session();
        for (String night : List.of("id < 'u3'", "id >= 'u3'")) {
            spark.read()
                    .json(shop("sessions.jsonl").toString())
                    .where(night)
                    .coalesce(1)
                    .write()
                    .mode("append")
                    .parquet(drops.toString());
            run(drops, settings)
                    .with("output.path", output)
                    .with("input.checkpoint", folder.resolve("checkpoint"))
                    .scoreNew();
        }
        Map<String, Row> nightly =
                byId(spark.read().parquet(output.toString()).drop("batch").collectAsList());
        assertThat(nightly).isEqualTo(whole);
    }

    /** States go on; what is seen and pooled is the run's own part. */
    @Test
    void carriedStates() {
        Path input = table(1);
        Path states = folder.resolve("states");
        String[] settings = {
            "state.path",
            states.toString(),
            "state.key",
            "id",
            "output.emit",
            "rank,topk,hidden",
            "output.candidates",
            "candidates",
            "output.exclude",
            "seen",
            "output.pool",
            "max",
            "output.top-k",
            "12"
        };
        Map<String, Row> monday = byId(run(input, settings).rows());
        Path rest = folder.resolve("rest");
        LocalSpark.session()
                .read()
                .parquet(input.toString())
                .selectExpr("id", "array('stove') AS items", "array('gas', 'lamp', 'stove', 'tent') AS candidates")
                .write()
                .parquet(rest.toString());
        Map<String, Row> tuesday = byId(run(rest, settings).rows());
        Path joined = folder.resolve("joined");
        LocalSpark.session()
                .read()
                .parquet(input.toString())
                .selectExpr(
                        "id",
                        "concat(items, array('stove')) AS items",
                        "array('gas', 'lamp', 'stove', 'tent') AS candidates")
                .write()
                .parquet(joined.toString());
        Map<String, Row> whole = byId(
                run(joined, "output.emit", "rank,topk,hidden", "output.candidates", "candidates", "output.top-k", "12")
                        .rows());
        assertThat(monday).hasSameSizeAs(tuesday);
        for (Row row : tuesday.values()) {
            Row expected = whole.get(row.<String>getAs("id"));
            assertThat(row.<Object>getAs("rank")).isEqualTo(expected.getAs("rank"));
            assertThat(row.<Object>getAs("hidden")).isEqualTo(expected.getAs("hidden")); // one step in this run
            assertThat(row.<Row>getList(row.fieldIndex("topk")))
                    .isEqualTo(expected.<Row>getList(expected.fieldIndex("topk")).stream()
                            .filter(one -> !one.getAs("label").equals("stove"))
                            .toList());
        }
    }

    @Test
    void theDryRunCountsCandidates() {
        String[] few = {"--dry-run", "--emit", "logits", "--set", "output.candidates=candidates"};
        Terminal done = command(few);
        assertThat(done.code()).as("%s", done).isZero();
        assertThat(String.join("\n", done.output()))
                .contains(" a step, 64 an answer"); // 2 of 2.0 candidates over width 16
        String[] all = {"--dry-run", "--emit", "softmax", "--set", "output.candidates=candidates"};
        assertThat(String.join("\n", command(all).output())).contains(" a step, 384 an answer"); // all 12 classes
    }

    private static SparkSession catalog(String... settings) {
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        String model = "spark.sql.catalog.sluice.model.shop";
        session.conf().set(model, shop("shop.pt").toString());
        session.conf().set(model + ".input.vocabulary", shop("items.txt").toString());
        session.conf().set(model + ".output.first-class", "1");
        for (int at = 0; at < settings.length; at += 2) {
            session.conf().set(model + "." + settings[at], settings[at + 1]);
        }
        session.read().json(shop("sessions.jsonl").toString()).createOrReplaceTempView("sessions");
        return session;
    }

    @Test
    void functionsTakeCandidatesAsTheLastArgument() {
        String[] settings = {
            "output.emit",
            "softmax,logits,rank,topk,hidden",
            "output.exclude",
            "seen",
            "output.temperature",
            "2",
            "output.pool",
            "max",
            "output.top-k",
            "2"
        };
        SparkSession session = catalog(settings);
        List<Row> answers = session.sql("""
                        SELECT id, sluice.shop.score(items, candidates) AS s, sluice.topk('shop', items, 2, candidates) AS t,
                          sluice.logits('shop', items, candidates) AS l, sluice.shop.loglik(items) AS ll FROM sessions
                        """).collectAsList();
        String[] more = Arrays.copyOf(settings, settings.length + 2);
        more[settings.length] = "output.candidates";
        more[settings.length + 1] = "candidates";
        Map<String, Row> job = byId(run(table(1), more).rows());
        assertThat(answers).hasSize(job.size());
        for (Row answer : answers) {
            Row expected = job.get(answer.<String>getAs("id"));
            Row all = answer.getStruct(1);
            for (String column : List.of("softmax", "logits", "rank", "topk", "hidden")) {
                assertThat(all.<Object>getAs(column)).as(column).isEqualTo(expected.getAs(column));
            }
            assertThat(answer.<Object>getAs("t")).isEqualTo(expected.getAs("topk"));
            assertThat(answer.<Object>getAs("l")).isEqualTo(expected.getAs("logits"));
        }
        assertThatThrownBy(() -> session.sql("SELECT sluice.shop.logits(items, array('canoe')) FROM sessions")
                        .collectAsList())
                .hasStackTraceContaining("argument candidates = [canoe]: the candidate 'canoe' at place 0 is none of");
        assertThatThrownBy(() -> session.sql("SELECT sluice.shop.loglik(items, candidates) FROM sessions")
                        .collectAsList())
                .hasMessageContaining("expected sluice.`shop`.loglik(tokens), found (array<string>, array<string>)");
        assertThatThrownBy(() -> session.sql("SELECT sluice.shop.score(items) FROM sessions")
                        .collectAsList())
                .hasMessageContaining("rank is not available at last");
    }

    @Test
    void functionsReadNoColumns() {
        assertThatThrownBy(() -> catalog("output.candidates", "candidates")
                        .sql("SELECT sluice.shop.score(items) FROM sessions")
                        .collectAsList())
                .hasMessageContaining(
                        "output.candidates = candidates: a function reads no column of that name; pass the candidates as the last argument");
        assertThatThrownBy(() -> catalog("output.exclude", "bought")
                        .sql("SELECT sluice.shop.topk(items, 2) FROM sessions")
                        .collectAsList())
                .hasMessageContaining(
                        "output.exclude = bought: a function reads no column of that name; set it to seen, or CALL the catalog's procedure run");
        assertThat(catalog("output.exclude", "bought")
                        .sql("SELECT sluice.shop.loglik(items), sluice.shop.logits(items) FROM sessions")
                        .collectAsList())
                .hasSize(5); // nothing is excluded from these
    }
}
