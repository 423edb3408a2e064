package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Clicks;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** A model with two embeddings and two numbers a step, which PyTorch wrote: in a run, in SQL, incremental, and with carried states. */
class SeveralInputsTest {
    @TempDir
    Path folder;

    private Run run(Dataset<Row> input) {
        return Clicks.run(input, folder);
    }

    @ParameterizedTest
    @CsvSource({"auto, never, 128 MiB", "scalar, always, 0", "vector, always, 1 KiB"})
    void theBitsOfTheEngineInAnyLayout(String kernel, String clusters, String lookUp) {
        Clicks.requireExpected(run(Clicks.table())
                .with("scoring.kernel", kernel)
                .with("scoring.cluster-prefixes", clusters)
                .with("scoring.look-up-bytes", lookUp)
                .with("scoring.batch-bytes", clusters.equals("always") ? "2 KiB" : "64 MiB")
                .rows());
    }

    /** JSON has one type of numbers; columns in another order, in a struct, and with other names. */
    @Test
    void columnsAreFoundByName() throws IOException {
        Dataset<Row> other =
                Clicks.table().selectExpr("id", "amount", "struct(category AS `kind`, item AS `product`) AS event");
        Run run = run(other)
                .with(
                        "model.inputs",
                        Clicks.INPUTS.replace("item=", "event.product=").replace("category=", "event.kind="));
        Clicks.requireExpected(run.rows());
        Path json = folder.resolve("json");
        Clicks.table().coalesce(1).write().json(json.toString());
        Clicks.requireExpected(run(Clicks.table())
                .with("input.format", "json")
                .with("input.path", json)
                .rows());
        String line = "{\"id\": %d, \"item\": [1], \"category\": %s, \"amount\": [[1, 2.5]]}";
        Path mixed = Files.write(
                Files.createDirectory(folder.resolve("mixed")).resolve("events.json"),
                List.of(
                        String.format(Locale.ROOT, line, 1, "[2]"),
                        String.format(Locale.ROOT, line, 2, "\"two\""),
                        String.format(Locale.ROOT, line, 3, "[0]")));
        List<Row> rows = run(Clicks.table())
                .with("input.format", "json")
                .with("input.path", mixed)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .rows();
        assertThat(rows).hasSize(3);
        assertThat(rows)
                .filteredOn(row -> row.getAs("reason") != null)
                .singleElement()
                .satisfies(
                        row -> assertThat(reason(row))
                                .isEqualTo(
                                        "wrong-type: it holds \"two\", expected the columns of the model's inputs, each with one value for each step"));
    }

    @Test
    void oneColumnMayHoldWords() throws IOException {
        List<String> words = new ArrayList<>();
        for (int item = 0; item < Clicks.ITEMS; item++) {
            words.add("item-" + item);
        }
        Path vocabulary = Files.write(folder.resolve("words.txt"), words);
        Dataset<Row> input =
                Clicks.table().selectExpr("id", "transform(item, i -> 'item-' || i) AS item", "category", "amount");
        Run run = run(input).with("input.vocabulary", vocabulary).with("output.emit", "softmax,loglik,hidden,topk");
        List<Row> rows = run.rows();
        Clicks.requireExpected(rows);
        Row best = (Row) rows.get(0).<scala.collection.Seq<?>>getAs("topk").head();
        assertThat(best.<String>getAs("label")).isEqualTo("item-" + best.<Integer>getAs("token"));
        assertRefused(
                run(Clicks.table().selectExpr("id", "item", "transform(category, c -> 'c' || c) AS category", "amount"))
                        .with("input.vocabulary", vocabulary),
                "model.inputs: column 'category' (array<string>) holds words, expected array<int|bigint> of ids: "
                        + "input.vocabulary has the words of one column, which input.tokens names");
    }

    /** The likelihood of another column than the one with as many tokens as classes has tokens without a class. */
    @Test
    void inputTokensNamesTheTargets() {
        Clicks.requireExpected(run(Clicks.table()).with("input.tokens", "item").rows());
        List<Row> rows = run(Clicks.table()).with("input.tokens", "category").rows();
        Row first = rows.stream()
                .filter(row -> row.getList(1).size() > 2)
                .findFirst()
                .orElseThrow();
        assertThat(Answers.flat(first.getAs("loglik")))
                .isNotEqualTo(Answers.flat(requireRow(first.getInt(0)).getAs("loglik")));
        assertRefused(
                run(Clicks.table()).with("input.tokens", "amount"),
                "input.tokens: column 'amount' is numbers to the model, expected one of 'item' (20 tokens), 'category' (6 tokens)");
        assertRefused(
                run(Clicks.table()).with("input.tokens", "clicks"),
                "input.tokens: column 'clicks' is no input of the model, expected one of 'item' (20 tokens), 'category' (6 tokens)");
        assertRefused(
                run(Clicks.table()).with("output.first-class", 1),
                "output.emit: loglik, logprob and rank are about the next value of one column, and it is open which of 'item' (20 tokens), 'category' (6 tokens) the model's 20 classes are: set input.tokens to that column");
    }

    private Row requireRow(int id) {
        return run(Clicks.table()).rows().stream()
                .filter(row -> row.getInt(0) == id)
                .findFirst()
                .orElseThrow();
    }

    // Bad rows

    @Test
    void badRowsNameTheirColumn() {
        Dataset<Row> bad = LocalSpark.session().sql("""
                SELECT 0 AS id, array(1, 2) AS item, array(1L, 2L) AS category, array(array(1D, 2D), array(1D, 2D)) AS amount
                UNION ALL SELECT 1, array(1, 2), array(1L), array(array(1D, 2D), array(1D, 2D))
                UNION ALL SELECT 2, array(1, 20), array(1L, 2L), array(array(1D, 2D), array(1D, 2D))
                UNION ALL SELECT 3, array(1, 2), array(1L, NULL), array(array(1D, 2D), array(1D, 2D))
                UNION ALL SELECT 4, array(1, 2), array(1L, 2L), NULL
                UNION ALL SELECT 5, array(1, 2), array(1L, 2L), array(array(1D, 2D), array(1D))
                UNION ALL SELECT 6, array(1, 2), array(1L, 2L), array(array(1D, 2D), array(1D, double('NaN')))
                UNION ALL SELECT 7, array(1, 2), array(1L, 2L), array(array(1D, 2D))
                """);
        Map<Integer, String> reasons = new HashMap<>();
        run(bad).with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .rows()
                .forEach(row -> reasons.put(row.getInt(0), row.<Row>getAs("reason") == null ? "" : reason(row)));
        assertThat(reasons)
                .containsEntry(0, "")
                .containsEntry(
                        1,
                        "lengths-differ: category has 1 steps, and the columns before it have 2: expected one value of each column for each step")
                .containsEntry(
                        2,
                        "token-out-of-range: token 20 at step 1 of item is outside [0, 20), the tokens of that input")
                .containsEntry(3, "null-element: category: the element at step 1 is null")
                .containsEntry(4, "null-sequence: amount: it is null, expected a sequence (an empty one is [])")
                .containsEntry(5, "wrong-input: amount: step 1 has 1 features, the model reads 2")
                .containsEntry(6, "feature-not-finite: number 1 of amount at step 1 is NaN: expected a finite number")
                .containsEntry(
                        7,
                        "lengths-differ: amount has 1 steps, and the columns before it have 2: expected one value of each column for each step");
    }

    private static String reason(Row row) {
        Row reason = row.getAs("reason");
        return reason.getString(0) + ": " + reason.getString(1);
    }

    /** Each column is cut at the same steps. */
    @Test
    void longSequencesAreCut() {
        Map<Integer, Row> cut = new HashMap<>();
        run(Clicks.table())
                .with("input.max-length", 4)
                .with("input.too-long", "keep-last")
                .rows()
                .forEach(row -> cut.put(row.getInt(0), row));
        Dataset<Row> last = Clicks.table()
                .selectExpr(
                        "id",
                        "slice(item, greatest(1, size(item) - 3), 4) AS item",
                        "slice(category, greatest(1, size(category) - 3), 4) AS category",
                        "slice(amount, greatest(1, size(amount) - 3), 4) AS amount");
        run(last)
                .rows()
                .forEach(row -> assertThat(Answers.flat(cut.get(row.getInt(0)).getAs("hidden")))
                        .isEqualTo(Answers.flat(row.getAs("hidden"))));
    }

    // Refusals

    private static void assertRefused(Run run, String message) {
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageEndingWith(message);
    }

    @Test
    void settingsThatDoNotFitAreRefused() {
        assertRefused(
                run(Clicks.table().drop("category")),
                "model.inputs: no column 'category' in the input, which has id (int), item (array<int>), amount (array<array<double>>); name the column of each input of the model");
        assertRefused(
                run(Clicks.table().selectExpr("id", "item", "category", "transform(amount, a -> a[0]) AS amount")),
                "model.inputs: column 'amount' has type array<double>, but the model's input amount: 2 numbers: expected array<array<float|double>> with 2 numbers a step");
        assertRefused(
                run(Clicks.table()).with("input.begin-token", 1),
                "input.begin-token and input.end-token are tokens of one input, and the model has several: leave them empty, and put these steps into the columns");
        assertRefused(
                run(Clicks.table()).with("model.input", "features"),
                "model.input = features: the model has several inputs (item: 20 tokens of width 8, category: 6 tokens of width 3, amount: 2 numbers): leave model.input = auto");
        assertRefused(
                run(Clicks.table()).with("input.format", "text"),
                "input.format = text has one column, and the model has several inputs, each in a column of its own: write the table as CSV, JSON or Parquet");
        assertThatThrownBy(
                        () -> run(Clicks.table()).with("model.inputs", "item=").score())
                .hasMessage(
                        "model.inputs has 'item=', expected COLUMN or COLUMN=TENSOR, such as item=item_embedding.weight");
        assertThatThrownBy(() ->
                        run(Clicks.table()).with("model.inputs", "item,item").score())
                .hasMessage("model.inputs lists column 'item' twice, expected it once");
        assertRefused(
                run(Clicks.table()).with("model.inputs", "item=item_embedding.weight"),
                "model.inputs lists one column, 'item': leave it empty, set input.tokens to that column, and if the embedding has to be named, model.embedding to its tensor");
    }

    // Other ways to score

    @Test
    void onTheCommandLine() {
        Clicks.table().coalesce(2).write().parquet(folder.resolve("in").toString());
        LocalSpark.session();
        Terminal done = Terminal.score(
                "--model", Clicks.MODEL.toString(),
                "--input", folder.resolve("in").toString(),
                "--output", folder.resolve("out").toString(),
                "--emit", "softmax,loglik,hidden",
                "--set", "model.inputs=" + Clicks.INPUTS);
        assertThat(done.code()).as("%s", done).isZero();
        Clicks.requireExpected(LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .collectAsList());
        Terminal audit =
                Terminal.score("--audit", folder.resolve("out").toString(), "--model", Clicks.MODEL.toString());
        assertThat(audit.code()).as("%s", audit).isZero();
        assertThat(audit.output()).as("%s", audit).anyMatch(line -> line.endsWith("rows have the same bits"));
    }

    /** The saved file names the inputs, so that it needs no setting. */
    @Test
    void theModelIsDescribedAndSaved() {
        String saved = folder.resolve("saved.safetensors").toString();
        Terminal described = Terminal.score(
                "--describe", "--model", Clicks.MODEL.toString(), "--set", "model.inputs=" + Clicks.INPUTS);
        assertThat(described.code()).as("%s", described).isZero();
        assertThat(described.output())
                .anyMatch(line -> line.matches("input 0 +column 'item': 20 tokens, an embedding of width 8"))
                .anyMatch(line -> line.matches("input 1 +column 'category': 6 tokens, an embedding of width 3"))
                .anyMatch(line -> line.matches("input 2 +column 'amount': 2 numbers a step"));
        Terminal done = Terminal.score(
                "--save-model", saved, "--model", Clicks.MODEL.toString(), "--set", "model.inputs=" + Clicks.INPUTS);
        assertThat(done.code()).as("%s", done).isZero();
        Clicks.requireExpected(run(Clicks.table())
                .with("model.path", saved)
                .with("model.inputs", "")
                .rows());
        Clicks.requireExpected(run(Clicks.table().withColumnRenamed("item", "product"))
                .with("model.path", saved)
                .with("model.inputs", "product=item")
                .rows());
        assertRefused(
                run(Clicks.table()).with("model.path", saved),
                "model.inputs names 'item_embedding.weight', expected each of the model's inputs at most once: 'item', 'category', 'amount', as COLUMN or COLUMN=INPUT");
    }

    @Test
    void newFilesAreScoredIncrementally() {
        Path in = folder.resolve("files");
        Run run = run(Clicks.table())
                .with("input.path", in)
                .with("output.mode", "append")
                .with("input.checkpoint", folder.resolve("checkpoint"));
        Clicks.table().filter("id < 25").coalesce(1).write().mode("append").parquet(in.toString());
        run.scoreNew();
        Clicks.table().filter("id >= 25").coalesce(1).write().mode("append").parquet(in.toString());
        run.scoreNew();
        Clicks.requireExpected(LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .collectAsList());
    }

    /** Sequences cut in two, and continued from the carried state, end in the same hidden state. */
    @Test
    void statesAreCarried() {
        String first = "slice(%1$s, 1, size(%1$s) DIV 2) AS %1$s";
        String second = "slice(%1$s, size(%1$s) DIV 2 + 1, size(%1$s)) AS %1$s";
        for (String part : List.of(first, second)) {
            Dataset<Row> night = Clicks.table()
                    .selectExpr("id", part.formatted("item"), part.formatted("category"), part.formatted("amount"));
            run(night)
                    .with("output.emit", "hidden")
                    .with("state.path", folder.resolve("states"))
                    .with("state.key", "id")
                    .score();
        }
        List<Row> rows = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .collectAsList();
        assertThat(rows).hasSize(Clicks.ROWS);
        Clicks.requireHidden(rows);
    }

    private static SparkSession withCatalog() {
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set("spark.sql.catalog.sluice.model.clicks", Clicks.MODEL.toString());
        session.conf().set("spark.sql.catalog.sluice.model.clicks.model.inputs", Clicks.INPUTS);
        session.conf().set("spark.sql.catalog.sluice.model.clicks.output.emit", "softmax,loglik,hidden");
        session.createDataFrame(Clicks.TABLE, Clicks.SCHEMA).createOrReplaceTempView("events");
        return session;
    }

    @ParameterizedTest
    @ValueSource(strings = {"sluice.score('clicks', ", "sluice.clicks.score("})
    void functionsTakeAStructOfTheColumns(String function) {
        Map<Integer, Row> scored = new LinkedHashMap<>();
        withCatalog()
                .sql("SELECT id, %sstruct(category, item, amount)) AS answer FROM events".formatted(function))
                .collectAsList()
                .forEach(row -> scored.put(row.getInt(0), row.getStruct(1)));
        assertThat(scored).hasSize(Clicks.ROWS);
        for (Row row : run(Clicks.table()).rows()) {
            for (String column : List.of("softmax", "loglik", "hidden")) {
                assertThat(Answers.flat(scored.get(row.getInt(0)).getAs(column)))
                        .isEqualTo(Answers.flat(row.getAs(column)));
            }
        }
    }

    @Test
    void functionsTellWhichColumnsTheyTake() {
        SparkSession session = withCatalog();
        assertThatThrownBy(() -> session.sql("SELECT sluice.clicks.score(item) FROM events"))
                .hasMessageContaining(
                        "the sequences have type array<int>, but the model has several inputs: expected struct<item:array<int|bigint> of ids, category:array<int|bigint> of ids, amount:array<array<float|double>> with 2 numbers a step>");
        assertThatThrownBy(() -> session.sql("SELECT sluice.clicks.score(struct(item, amount)) FROM events"))
                .hasMessageContaining("no column 'category'");
    }

    @Test
    void theProcedureScoresThem() {
        SparkSession session = withCatalog();
        Path in = folder.resolve("in");
        session.table("events").coalesce(1).write().parquet(in.toString());
        session.sql(
                "CALL sluice.run(model => 'clicks', input => '%s', output => '%s', input_format => 'parquet', output_format => 'parquet')"
                        .formatted(in, folder.resolve("out")));
        Clicks.requireExpected(
                session.read().parquet(folder.resolve("out").toString()).collectAsList());
    }
}
