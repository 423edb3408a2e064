package sluice.job.input;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Clicks;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** Tables for a model with several inputs: padded, as text, with words in any column, and with begin and end tokens. */
class SeveralInputsTablesTest {
    private static final String FLAT_INPUTS = Clicks.INPUTS.replace("amount=2", "price,count");

    @TempDir
    Path folder;

    private Run run(Dataset<Row> input) {
        return Clicks.run(input, folder);
    }

    private List<Row> written() {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .collectAsList();
    }

    private static void assertRefused(Run run, String message) {
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageStartingWith(message);
    }

    private static Map<String, String> reasons(Run run) {
        Map<String, String> reasons = new HashMap<>();
        run.with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .rows()
                .forEach(row -> reasons.put(
                        row.getAs("id").toString(),
                        row.getAs("reason") == null
                                ? ""
                                : row.<Row>getAs("reason").mkString(": ")));
        return reasons;
    }

    // Padding

    /** Rows of 14 steps, with these values where a sequence has none. */
    private static Dataset<Row> padded(String order, int item, int category) {
        String column = order.equals("pre") ? "concat(%2$s, %1$s) AS %1$s" : "concat(%1$s, %2$s) AS %1$s";
        String missing = "array_repeat(%s, 14 - size(item))";
        return Clicks.table()
                .selectExpr(
                        "id",
                        column.formatted("item", missing.formatted(item)),
                        column.formatted("category", missing.formatted(category + "L")),
                        column.formatted("amount", missing.formatted("array(0D, 0D)")),
                        "size(item) AS steps");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "post | -1 | -1 | -1",
                "pre | -1 | -1 | -1",
                "post | -1 | -7 | item=-1,category=-7",
                "pre | -1 | 3 | item=-1",
                "pre | -1 | 3 | item=-1,amount=0",
            })
    void aStepIsPaddingIfAllItsTokensAre(String order, int item, int category, String pad) {
        Clicks.requireExpected(
                run(padded(order, item, category)).with("input.pad", pad).rows());
    }

    @Test
    void aColumnHasTheLengthOfAll() {
        Clicks.requireExpected(
                run(padded("post", 0, 0)).with("input.length", "steps").rows());
        Dataset<Row> bad = padded("post", 0, 0)
                .where("id < 4")
                .selectExpr("id", "item", "category", "amount", "array(2, -1, 15, NULL)[id] AS steps");
        assertThat(reasons(run(bad).with("input.length", "steps")))
                .containsEntry("0", "")
                .containsEntry(
                        "1", "wrong-length: its length (input.length) is -1, and it holds 14 steps: expected 0 to 14")
                .containsEntry(
                        "2", "wrong-length: its length (input.length) is 15, and it holds 14 steps: expected 0 to 14")
                .containsEntry("3", "wrong-length: its length (input.length) is null");
    }

    /** A token in one of the columns, or padding inside a sequence, is no padding. */
    @Test
    void halfAStepOfPaddingIsABadRow() {
        Dataset<Row> rows = LocalSpark.session().sql("""
                SELECT 1 AS id, array(3, -1) AS item, array(1L, 2L) AS category, array(array(1D, 1D), array(0D, 0D)) AS amount
                UNION ALL SELECT 2, array(3, -1, 3), array(1L, -1L, 1L), array(array(1D, 1D), array(0D, 0D), array(1D, 1D))
                UNION ALL SELECT 3, array(-1, 3), array(-1L, 1L), array(NULL, array(1D, 1D))""");
        assertThat(reasons(run(rows).with("input.pad", -1)))
                .containsEntry(
                        "1",
                        "token-out-of-range: token -1 at step 1 of item is outside [0, 20), the tokens of that input")
                .containsEntry(
                        "2",
                        "token-out-of-range: token -1 at step 1 of item is outside [0, 20), the tokens of that input")
                .containsEntry("3", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.pad=<pad> | input.pad = '<pad>': the sequences hold token ids, expected a number",
                "input.pad=item=0,catgory=0 | input.pad = 'item=0,catgory=0': found 'catgory=0', expected COLUMN=VALUE with one of the columns 'item', 'category', 'amount'",
                "input.pad=item=0,item=1 | input.pad = 'item=0,item=1': names column 'item' twice",
                "input.length=stps | input.length: no column 'stps' in the input",
                "input.length=item | input.length: column 'item' has type array<int>, expected int or bigint",
            })
    void paddingThatDoesNotFitIsRefused(String setting, String message) {
        String[] pair = setting.split("=", 2);
        assertRefused(run(Clicks.table()).with(pair[0], pair[1]), message);
    }

    // Text

    /** Lists as Spark, Python and others write them in CSV. */
    @ParameterizedTest
    @ValueSource(strings = {"CAST(%s AS STRING)", "to_json(%s)", "replace(CAST(%s AS STRING), ',', '')"})
    void listsInColumnsOfText(String list) {
        Clicks.table()
                .selectExpr(
                        "id",
                        list.formatted("item") + " AS item",
                        list.formatted("category") + " AS category",
                        list.formatted("amount") + " AS amount")
                .write()
                .option("header", true)
                .csv(folder.resolve("lists").toString());
        Run run = run(Clicks.table())
                .with("input.path", folder.resolve("lists"))
                .with("input.format", "csv")
                .with("input.splitter", "list");
        Clicks.requireExpected(run.rows());
    }

    @ParameterizedTest
    @CsvSource({"' ', whitespace", "|, regex"})
    void otherSplittersOfText(String separator, String splitter) {
        String joined = "array_join(%s, '" + separator + "') AS %s";
        Clicks.table()
                .where("size(item) > 0")
                .selectExpr(
                        "id",
                        joined.formatted("item", "item"),
                        joined.formatted("category", "category"),
                        joined.formatted("transform(amount, a -> a[0])", "price"),
                        joined.formatted("transform(amount, a -> a[1])", "count"))
                .write()
                .option("header", true)
                .csv(folder.resolve("texts").toString());
        Run run = run(Clicks.table())
                .with("input.path", folder.resolve("texts"))
                .with("model.inputs", FLAT_INPUTS)
                .with("input.format", "csv")
                .with("input.splitter", splitter)
                .with("input.splitter-pattern", "\\|");
        Clicks.requireExpectedOfEvents(run.rows());
        assertRefused(
                run.with("model.inputs", Clicks.INPUTS.replace("amount", "price")),
                "model.inputs: column 'price' has type string, but the model's input price: 2 numbers: expected array<array<float|double>> with 2 numbers a step");
    }

    @Test
    void textThatIsNoNumberIsABadRow() throws IOException {
        Files.writeString(
                folder.resolve("in.csv"),
                "id,item,category,price,count\n1,1 2,0 1,0.5 1e-2,1 2\n2,1 x,0 1,0.5 1,1 2\n3,1 2,0 1,0.5 x,1 2\n4,1 2,0 1,0.5,1 2\n5,1 2,,0.5 1,1 2\n");
        Run run = run(Clicks.table())
                .with("input.path", folder.resolve("in.csv"))
                .with("model.inputs", FLAT_INPUTS)
                .with("input.format", "csv");
        assertThat(reasons(run))
                .containsEntry("1", "")
                .containsEntry("2", "unknown-word: item: 'x' at step 1 is no token id, and there is no vocabulary")
                .containsEntry("3", "wrong-type: price: 'x' at step 1 is no number")
                .containsEntry(
                        "4",
                        "lengths-differ: price has 1 steps, and the columns before it have 2: expected one value of each column for each step")
                .containsEntry("5", "null-sequence: category: it is null, expected a sequence (an empty one is [])");
    }

    @Test
    void wholeNumbersOfAnyTypeAreIds() {
        Dataset<Row> input = Clicks.table()
                .selectExpr(
                        "id",
                        "CAST(item AS array<double>) AS item",
                        "CAST(category AS array<decimal(5,1)>) AS category",
                        "transform(amount, a -> struct(a[0] AS price, a[1] AS count)) AS amount");
        Clicks.requireExpected(run(input).rows());
    }

    // Words

    private Path words(String name, int count) {
        try {
            return Files.write(
                    folder.resolve(name + ".txt"),
                    IntStream.range(0, count).mapToObj(id -> name + "-" + id).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Dataset<Row> inWords() {
        return Clicks.table()
                .selectExpr(
                        "id",
                        "transform(item, i -> 'item-' || i) AS item",
                        "array_join(transform(category, c -> 'shop-' || c), ' ') AS category",
                        "amount");
    }

    private Run runInWords(Dataset<Row> input) {
        return run(input)
                .with("input.vocabularies.item", words("item", Clicks.ITEMS))
                .with("input.vocabularies.category", words("shop", Clicks.CATEGORIES));
    }

    @Test
    void eachColumnMayHaveAVocabulary() {
        Run run = runInWords(inWords()).with("output.emit", "softmax,loglik,hidden,topk");
        List<Row> rows = run.rows();
        Clicks.requireExpected(rows);
        Row best = (Row) rows.get(0).<scala.collection.Seq<?>>getAs("topk").head();
        assertThat(best.<String>getAs("label")).isEqualTo("item-" + best.<Integer>getAs("token"));
        Clicks.requireExpected(runInWords(inWords())
                .with("input.vocabularies.item", "")
                .with("input.vocabulary", words("item", Clicks.ITEMS))
                .rows());
    }

    /** A row with unknown words has the answer of the words that replace them. */
    @Test
    void eachColumnMayHaveAnUnknownWord() {
        Dataset<Row> rows = LocalSpark.session().sql("""
                SELECT 1 AS id, array('item-3', 'new') AS item, 'new shop-2' AS category, array(array(1D, 1D), array(2D, 0D)) AS amount
                UNION ALL SELECT 2, array('item-3', 'item-4'), 'shop-5 shop-2', array(array(1D, 1D), array(2D, 0D))""");
        Run run = runInWords(rows).with("input.unknown-word", "item=item-4,category=shop-5");
        List<Row> answers = run.rows();
        assertThat(answers.get(0).<Object>getAs("hidden"))
                .isEqualTo(answers.get(1).<Object>getAs("hidden"));
        assertThat(run.said()).contains("25.0 % of the words are not in the vocabulary");
        assertThat(reasons(runInWords(rows)))
                .containsEntry(
                        "1",
                        "unknown-word: item: word 'new' at step 1 is not in the vocabulary; set input.unknown-word to a word that replaces unknown words")
                .containsEntry("2", "");
        assertRefused(
                runInWords(rows).with("input.unknown-word", "item-4"),
                "input.unknown-word = 'item-4' is not in the vocabulary");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "amount | 6 | input.vocabularies.amount: 'amount' is no column of tokens, expected one of 'item', 'category'",
                "shop | 6 | input.vocabularies.shop: 'shop' is no column of tokens",
                "category | 7 | input.vocabularies.category: 7 words, but input category: 6 tokens of width 3: this may be the vocabulary of another model",
            })
    void vocabulariesThatDoNotFitAreRefused(String column, int count, String message) {
        assertRefused(runInWords(inWords()).with("input.vocabularies." + column, words("other", count)), message);
        assertRefused(
                run(inWords()).with("input.vocabularies.item", words("item", Clicks.ITEMS)),
                "model.inputs: column 'category' (string) holds text, expected array<int|bigint> of ids: set input.vocabularies.category to a file of its words");
        assertRefused(
                runInWords(inWords()).with("input.vocabularies.item", folder.resolve("none.txt")),
                folder.resolve("none.txt") + ": no such file; check input.vocabularies.item");
    }

    @Test
    void onTheCommandLine() throws IOException {
        inWords().coalesce(2).write().parquet(folder.resolve("in").toString());
        Path settings = Files.writeString(folder.resolve("run.conf"), """
                model.inputs = ["item=item_embedding.weight", "category=category_embedding.weight", "amount=2"]
                input.vocabularies { item = "%s", category = "%s" }
                """.formatted(
                        words("item", Clicks.ITEMS), words("shop", Clicks.CATEGORIES)));
        Terminal done = Terminal.score(
                "--config",
                settings.toString(),
                "--model",
                Clicks.MODEL.toString(),
                "--input",
                folder.resolve("in").toString(),
                "--output",
                folder.resolve("out").toString(),
                "--emit",
                "softmax,loglik,hidden");
        assertThat(done.code()).as("%s", done).isZero();
        Clicks.requireExpected(written());
        Clicks.requireAudited(folder.resolve("out"));
    }

    // Other ways to score

    @Test
    void functionsReadPaddedWords() {
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        String model = "spark.sql.catalog.sluice.model.clicks";
        session.conf().set(model, Clicks.MODEL.toString());
        session.conf().set(model + ".model.inputs", Clicks.INPUTS);
        session.conf().set(model + ".output.emit", "softmax,loglik,hidden");
        session.conf()
                .set(
                        model + ".input.vocabularies.category",
                        words("shop", Clicks.CATEGORIES).toString());
        session.conf().set(model + ".input.pad", "item=-1");
        session.createDataFrame(
                        padded("post", -1, 0).toJavaRDD(), padded("post", -1, 0).schema())
                .createOrReplaceTempView("padded");
        Clicks.requireExpected(session.sql("SELECT id, answer.* FROM (SELECT id, sluice.clicks.score(struct(item,"
                        + " transform(category, c -> 'shop-' || c) AS category, amount)) AS answer FROM padded)")
                .collectAsList());
    }

    @Test
    void newFilesOfPaddedWordsAreScoredIncrementally() {
        Path in = folder.resolve("files");
        Dataset<Row> table = padded("pre", -1, 0)
                .selectExpr(
                        "id",
                        "transform(item, i -> if(i < 0, '<pad>', 'item-' || i)) AS item",
                        "array_join(transform(category, c -> 'shop-' || c), ' ') AS category",
                        "amount");
        Run run = runInWords(table)
                .with("input.path", in)
                .with("input.pad", "item=<pad>")
                .with("output.mode", "append")
                .with("input.checkpoint", folder.resolve("checkpoint"));
        table.filter("id < 25").coalesce(1).write().mode("append").parquet(in.toString());
        run.scoreNew();
        table.filter("id >= 25").coalesce(1).write().mode("append").parquet(in.toString());
        run.scoreNew();
        Clicks.requireExpected(written());
    }

    /** Sequences cut in two by their lengths and by padding, and continued from the carried state. */
    @Test
    void statesAreCarried() {
        String rest =
                "concat(array_repeat(%2$s, CAST(size(item) DIV 2 AS INT)), slice(%1$s, size(item) DIV 2 + 1, size(item))) AS %1$s";
        Dataset<Row> begins = Clicks.table().withColumn("steps", expr("size(item) DIV 2"));
        Dataset<Row> goesOn = Clicks.table()
                .selectExpr(
                        "id",
                        rest.formatted("item", "-1"),
                        rest.formatted("category", "0L"),
                        rest.formatted("amount", "array(0D, 0D)"));
        Run first = run(begins).withInput(begins, 2, folder.resolve("in1")).with("input.length", "steps");
        Run second = run(goesOn).withInput(goesOn, 2, folder.resolve("in2")).with("input.pad", "item=-1");
        for (Run night : List.of(first, second)) {
            night.with("output.emit", "hidden")
                    .with("state.path", folder.resolve("states"))
                    .with("state.key", "id")
                    .score();
        }
        List<Row> rows = written();
        assertThat(rows).hasSize(Clicks.ROWS);
        Clicks.requireHidden(rows);
    }

    // Begin and end tokens

    /** PyTorch scored the sequences with the two steps added. */
    @Test
    void beginAndEndTokensOfEachColumn() {
        Path files = Path.of("src/test/resources/two-embeddings");
        Run run = new Run()
                .with("model.path", files.resolve("model.pt"))
                .with("model.inputs", "item=item.weight,shop=shop.weight")
                .with("input.path", files.resolve("expected.json"))
                .with("input.format", "json")
                .with("input.begin-token", "item=1,shop=5")
                .with("input.end-token", "item=2,shop=6")
                .with("output.path", folder.resolve("out"))
                .with("output.mode", "overwrite")
                .with("output.prefix", "our_")
                .with("output.emit", "softmax");
        List<Row> rows = run.rows();
        assertThat(rows).hasSize(4).allSatisfy(row -> {
            List<Double> expected = row.getList(row.fieldIndex("softmax"));
            List<Float> found = row.getList(row.fieldIndex("our_softmax"));
            assertThat(found).hasSize(12);
            for (int at = 0; at < expected.size(); at++) {
                assertThat(found.get(at)).isCloseTo(expected.get(at).floatValue(), within(1e-6f));
            }
        });
        assertRefused(
                run.with("input.end-token", "item=2"),
                "input.end-token = 'item=2': has no token for column 'shop', expected one for each input");
    }
}
