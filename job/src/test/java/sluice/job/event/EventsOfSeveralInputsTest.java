package sluice.job.event;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

/** A table of one row an event, with a column for each of several inputs, gives the answers of the sequences of its keys. */
class EventsOfSeveralInputsTest {
    /** The two numbers of an event as columns of their own, which a text format can hold. */
    private static final String FLAT_INPUTS = Clicks.INPUTS.replace("amount=2", "price,count");

    @TempDir
    Path folder;

    private Run run(Dataset<Row> events) {
        return Clicks.run(events, folder).with("input.group-by", "id").with("input.order-by", "time");
    }

    private static Dataset<Row> flatEvents() {
        return Clicks.events()
                .selectExpr("*", "amount[0] AS price", "amount[1] AS count")
                .drop("amount");
    }

    private Path in() {
        return folder.resolve("in");
    }

    private List<Row> written() {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .collectAsList();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 3", "2, 8"})
    void theEventsOfAKeyAreItsSequenceInAnyPartitioning(int files, String partitions) {
        LocalSpark.session().conf().set("spark.sql.shuffle.partitions", partitions);
        try {
            Dataset<Row> table =
                    run(Clicks.events()).withInput(Clicks.events(), files, in()).table();
            Clicks.requireExpectedOfEvents(table.collectAsList());
            assertThat(table.select("id", "item", "category", "amount")
                            .except(Clicks.table())
                            .count())
                    .as("sequences in the output")
                    .isZero();
        } finally {
            LocalSpark.session().conf().set("spark.sql.shuffle.partitions", "2");
        }
    }

    /** The columns of an event's inputs may be in a struct, and be left out of the output. */
    @Test
    void columnsInAStructOrLeftOut() {
        Dataset<Row> nested =
                Clicks.events().selectExpr("id", "time", "struct(item AS product, category) AS event", "amount");
        Run run = run(nested)
                .with(
                        "model.inputs",
                        Clicks.INPUTS.replace("item=", "event.product=").replace("category=", "event.category="))
                .with("input.columns", "id,time");
        Dataset<Row> table = run.table();
        assertThat(table.schema().simpleString()).startsWith("struct<id:int,time:int,softmax:");
        Clicks.requireExpectedOfEvents(table.collectAsList());
    }

    @Test
    void textAndJsonHaveTheTypesOfTheInputs() {
        flatEvents().repartition(3).write().option("header", true).csv(in() + "-csv");
        flatEvents().repartition(2).write().json(in() + "-json");
        for (String format : List.of("csv", "json")) {
            Run run = run(Clicks.events())
                    .with("model.inputs", FLAT_INPUTS)
                    .with("input.format", format)
                    .with("input.path", in() + "-" + format);
            Clicks.requireExpectedOfEvents(run.rows());
        }
    }

    /** Texts are words of the vocabulary, or rows of numbers. */
    @Test
    void listsInEventsOfAText() {
        Clicks.events()
                .selectExpr("id", "time", "item", "category", "'[' || array_join(amount, ', ') || ']' AS amount")
                .write()
                .option("header", true)
                .csv(in() + "-lists");
        Run run = run(Clicks.events())
                .with("input.format", "csv")
                .with("input.splitter", "list")
                .with("input.path", in() + "-lists");
        Clicks.requireExpectedOfEvents(run.rows());
    }

    /** Equal times leave the order open even if only a number differs. */
    @Test
    void anOpenOrderIsReported() {
        Dataset<Row> tie = LocalSpark.session().sql("""
                SELECT 'ann' AS id, 7 AS time, 3 AS item, 2 AS category, array(2D, 0D) AS amount
                UNION ALL SELECT 'ann', 7, 3, 2, array(1D, 0D)
                UNION ALL SELECT 'bob', 7, 3, 2, array(1D, 0D)
                UNION ALL SELECT 'bob', 7, 3, 2, array(1D, 0D)""");
        Run run = run(tie);
        Row row = run.table().where("id = 'ann'").first();
        assertThat(row.<Object>getAs("amount").toString())
                .isEqualTo("ArraySeq(ArraySeq(1.0, 0.0), ArraySeq(2.0, 0.0))");
        assertThat(run.said())
                .contains("sluice: warning: input.order-by leaves the order of 1 event open, most of them in id=ann: ");
    }

    /** Each user has an embedding of its own. */
    @Test
    void theKeyMayBeAnInput() {
        Dataset<Row> events = Clicks.events().withColumnRenamed("category", "shop");
        Run run = run(events)
                .with("model.inputs", Clicks.INPUTS.replace("category=", "shop="))
                .with("input.group-by", "shop");
        Dataset<Row> table = run.table();
        assertThat(table.schema().simpleString()).startsWith("struct<id:int,time:int,item:array<int>,shop:bigint,");
        Dataset<Row> collected = LocalSpark.session()
                .read()
                .parquet(in().toString())
                .groupBy("shop")
                .agg(expr("array_sort(collect_list(struct(time, item, shop, amount, id))) AS event"))
                .selectExpr("shop AS user", "event.item AS item", "event.shop AS shop", "event.amount AS amount");
        Map<Object, Object> expected = new HashMap<>();
        Clicks.run(collected, folder.resolve("collected"))
                .with("model.inputs", Clicks.INPUTS.replace("category=", "shop="))
                .rows()
                .forEach(row -> expected.put(row.getAs("user"), row.getAs("hidden")));
        assertThat(table.collectAsList())
                .hasSize(Clicks.CATEGORIES)
                .allSatisfy(row -> assertThat(row.<Object>getAs("hidden")).isEqualTo(expected.get(row.getAs("shop"))));
        Terminal audit =
                Terminal.score("--audit", folder.resolve("out").toString(), "--model", Clicks.MODEL.toString());
        assertThat(audit.output())
                .as("%s", audit)
                .anyMatch(
                        line -> line.contains(
                                "the sequences were collected from 'shop', which is in input.group-by, and are not in the table: they can't be scored again"));
    }

    // Bad events

    @Test
    void badEventsNameTheirColumn() {
        Dataset<Row> bad = LocalSpark.session().sql("""
                SELECT 'good' AS id, 1 AS time, 3 AS item, 2 AS category, array(2D, 0D) AS amount
                UNION ALL SELECT 'null', 1, 3, 2, array(1D, 0D)
                UNION ALL SELECT 'null', 2, 3, NULL, array(1D, 0D)
                UNION ALL SELECT 'time', NULL, 3, 2, array(1D, 0D)
                UNION ALL SELECT 'range', 1, 3, 6, array(1D, 0D)
                UNION ALL SELECT 'row', 1, 3, 5, NULL
                UNION ALL SELECT 'width', 1, 3, 5, array(1D)
                UNION ALL SELECT NULL, 1, 3, 5, array(1D, 0D)""");
        Map<String, String> reasons = new HashMap<>();
        run(bad).with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .rows()
                .forEach(row -> reasons.put(
                        row.getAs("id"),
                        row.getAs("reason") == null
                                ? ""
                                : row.<Row>getAs("reason").mkString(": ")));
        assertThat(reasons)
                .hasSize(7)
                .containsEntry("good", "")
                .containsEntry("null", "null-element: category: the element at step 1 is null")
                .containsEntry("time", "null-order: time (input.order-by) of an event is null, so its place is unknown")
                .containsEntry(
                        "range",
                        "token-out-of-range: token 6 at step 0 of category is outside [0, 6), the tokens of that input")
                .containsEntry("row", "null-element: amount: the element at step 0 is null")
                .containsEntry("width", "wrong-input: amount: step 0 has 1 features, the model reads 2")
                .containsEntry(null, "null-key: id (input.group-by) is null, so these events belong to no sequence");
    }

    @Test
    void aLongSequenceIsCut() {
        Run run = run(Clicks.events()).with("input.max-length", 4).with("input.too-long", "keep-last");
        Dataset<Row> last = Clicks.table()
                .where("size(item) > 0")
                .selectExpr(
                        "id",
                        "slice(item, greatest(1, size(item) - 3), 4) AS item",
                        "slice(category, greatest(1, size(category) - 3), 4) AS category",
                        "slice(amount, greatest(1, size(amount) - 3), 4) AS amount");
        Map<Integer, Object> expected = new HashMap<>();
        Clicks.run(last, folder.resolve("last"))
                .rows()
                .forEach(row -> expected.put(row.getInt(0), row.getAs("hidden")));
        run.rows()
                .forEach(row ->
                        assertThat(row.<Object>getAs("hidden")).isEqualTo(expected.get(row.<Integer>getAs("id"))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.group-by=idd | input.group-by: no column 'idd' in the input",
                "input.order-by= | input.group-by is set without input.order-by",
                "input.tokens=amount | input.tokens: column 'amount' is numbers to the model",
                "input.checkpoint=c | input.checkpoint (--incremental) and input.group-by are both set",
                "model.inputs=item=item_embedding.weight,category=category_embedding.weight,amount,count | model.inputs: no column 'count'",
                "model.inputs=item=item_embedding.weight,amount=category_embedding.weight,time=2 | model.inputs: column 'amount' has type array<array<double>> as input.group-by collects it, but the model's input amount: 6 tokens",
            })
    void aCombinationThatCannotBeIsRefused(String setting, String message) {
        String[] pair = setting.split("=", 2);
        Run run = run(Clicks.events()).with(pair[0], pair[1]);
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageStartingWith(message);
    }

    // Events in arrays

    /** The events of a row in an array of structs, which is not in their order. */
    @ParameterizedTest
    @ValueSource(strings = {"events.time", "events.time desc"})
    void arraysOfStructsAreSorted(String order) {
        String time = order.endsWith("desc") ? "-time" : "time";
        Dataset<Row> nested = Clicks.events()
                .groupBy("id")
                .agg(expr("collect_list(struct(" + time
                        + " AS time, struct(item, category) AS click, amount)) AS events"));
        String inputs = Clicks.INPUTS
                .replace("item=", "events.click.item=")
                .replace("category=", "events.click.category=")
                .replace("amount=", "events.amount=");
        Run run = Clicks.run(nested, folder).with("model.inputs", inputs).with("input.order-by", order);
        Clicks.requireExpectedOfEvents(run.rows());
        assertThatThrownBy(Clicks.run(Clicks.table(), folder).with("input.order-by", "id")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "input.order-by = [id]: 'item' is not a field of an array of structs, so its order is that of the column itself");
    }

    // Other commands

    @Test
    void onTheCommandLine() {
        flatEvents().coalesce(2).write().option("header", true).csv(in().toString());
        Terminal done = Terminal.score(
                "--model",
                Clicks.MODEL.toString(),
                "--input",
                in().toString(),
                "--input-format",
                "csv",
                "--output",
                folder.resolve("out").toString(),
                "--emit",
                "softmax,loglik,hidden",
                "--set",
                "model.inputs=" + FLAT_INPUTS,
                "--set",
                "input.group-by=id",
                "--set",
                "input.order-by=time");
        assertThat(done.code()).as("%s", done).isZero();
        Clicks.requireExpectedOfEvents(written());
        Clicks.requireAudited(folder.resolve("out"));
    }

    @Test
    void theProcedureScoresThem() {
        Clicks.events().coalesce(2).write().parquet(in().toString());
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set("spark.sql.catalog.sluice.model.clicks", Clicks.MODEL.toString());
        session.conf().set("spark.sql.catalog.sluice.model.clicks.model.inputs", Clicks.INPUTS);
        session.conf().set("spark.sql.catalog.sluice.model.clicks.input.group-by", "id");
        session.conf().set("spark.sql.catalog.sluice.model.clicks.input.order-by", "time");
        session.conf().set("spark.sql.catalog.sluice.model.clicks.output.emit", "softmax,loglik,hidden");
        session.sql(
                "CALL sluice.run(model => 'clicks', input => '%s', output => '%s', input_format => 'parquet', output_format => 'parquet')"
                        .formatted(in(), folder.resolve("out")));
        Clicks.requireExpectedOfEvents(written());
    }

    /** Events before and after a time, in two runs that carry the states. */
    @Test
    void aNightsEventsContinueFromTheCarriedStates() {
        for (String night : List.of("time < 1012", "time >= 1012")) {
            run(Clicks.events().where(night))
                    .with("output.emit", "hidden")
                    .with("state.path", folder.resolve("states"))
                    .score();
        }
        List<Row> rows = written();
        assertThat(rows).isNotEmpty();
        Clicks.requireHidden(rows);
    }
}
