package sluice.job.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.job.audit.AuditJob;
import sluice.job.fixture.Answers;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/** A table of one row an event, in any order and partitioning, gives the answers of the sequences of its keys. */
class GroupedEventsTest {
    private static final TorchCase TORCH = TorchCase.named("uni_l1_h17");
    private static final List<OutputKind> ASKED =
            List.of(OutputKind.RANK, OutputKind.LOGPROB, OutputKind.LOGLIK, OutputKind.HIDDEN);
    private static final StructType SCHEMA = new StructType()
            .add("account", DataTypes.StringType)
            .add("time", DataTypes.LongType)
            .add("item", DataTypes.IntegerType)
            .add("shop", DataTypes.StringType);

    @TempDir
    Path folder;

    private final Random random = new Random(7);

    private int[] tokens(int most) {
        return random.ints(1 + random.nextInt(most), 0, TORCH.model().tokens()).toArray();
    }

    /** Sequences of some lengths by account. */
    private Map<String, int[]> histories(int accounts) {
        Map<String, int[]> histories = new HashMap<>();
        for (int account = 0; account < accounts; account++) {
            histories.put("a" + account, tokens(40));
        }
        return histories;
    }

    /** The events of the sequences in random order; their times have gaps. */
    private Dataset<Row> events(Map<String, int[]> histories) {
        List<Row> rows = new ArrayList<>();
        histories.forEach((account, tokens) -> {
            for (int step = 0; step < tokens.length; step++) {
                rows.add(RowFactory.create(account, 1000L + 3 * step, tokens[step], "s" + step));
            }
        });
        Collections.shuffle(rows, random);
        return LocalSpark.session().createDataFrame(rows, SCHEMA);
    }

    private Run run(String output) {
        return Run.of(TORCH, folder.resolve(output))
                .with("input.tokens", "item")
                .with("input.group-by", "account")
                .with("input.order-by", "time")
                .with("output.at", "each")
                .with("output.emit", "rank,logprob,loglik,hidden");
    }

    private static List<ScoredSequence> expected(List<int[]> sequences) {
        CompiledModel model = CompiledModel.compile(TORCH.model(), InputKind.EMBEDDING, KernelChoice.SCALAR);
        return model.scorer(new ScoreRequest(Steps.EACH, ASKED, 5))
                .score(sequences.stream().map(Sequence::ofTokens).toList());
    }

    private static void requireAnswers(List<Row> rows, Map<String, int[]> histories) {
        assertThat(rows).hasSize(histories.size());
        for (Row row : rows) {
            int[] tokens = histories.get(row.<String>getAs("account"));
            assertThat(Answers.flat(row.getAs("item"))).isEqualTo(List.of(Tables.boxed(tokens)));
            Answers.requireSame(row, expected(List.of(tokens)).get(0), Steps.EACH, ASKED);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 3", "2, 8"})
    void theEventsOfAKeyAreItsSequenceInAnyPartitioning(int files, String partitions) throws IOException {
        Map<String, int[]> histories = histories(30);
        LocalSpark.session().conf().set("spark.sql.shuffle.partitions", partitions);
        LocalSpark.session().conf().set("spark.sql.adaptive.coalescePartitions.enabled", false);
        try {
            Run run = run("out").withInput(events(histories), files, folder.resolve("in"));
            List<Row> rows = run.rows();
            requireAnswers(rows, histories);
            int events = histories.values().stream()
                    .mapToInt(tokens -> tokens.length)
                    .sum();
            assertThat(run.said())
                    .contains(String.format(Locale.ROOT, "sluice: grouped %,d events of 30 keys", events))
                    .contains(String.format(Locale.ROOT, "  events    %,d events of 30 keys", events))
                    .doesNotContain("warning");
            JsonNode json = new ObjectMapper()
                    .readTree(folder.resolve("out").resolve(RunReport.FILE).toFile());
            assertThat(json.path("events").toString())
                    .isEqualTo(String.format(Locale.ROOT, "{\"rows\":%d,\"keys\":30,\"order-open\":0}", events));
            assertThat(json.path("rows").asInt()).isEqualTo(30);
        } finally {
            LocalSpark.session().conf().set("spark.sql.shuffle.partitions", "2");
            LocalSpark.session().conf().unset("spark.sql.adaptive.coalescePartitions.enabled");
        }
        assertThat(LocalSpark.session().sparkContext().getPersistentRDDs().size())
                .as("cached tables after the run")
                .isZero();
    }

    @Test
    void otherColumnsHaveTheValueOfTheLastEventOrAnArray() {
        Dataset<Row> table = run("out")
                .withInput(events(Map.of("ann", new int[] {3, 1, 2})), 2, folder.resolve("in"))
                .with("input.columns", "item,time,shop,account")
                .with("input.collect", "time")
                .with("output.emit", "prediction")
                .table();
        assertThat(table.schema().simpleString())
                .isEqualTo(
                        "struct<item:array<int>,time:array<bigint>,shop:string,account:string,prediction:array<int>>");
        assertThat(table.first().toString()).startsWith("[ArraySeq(3, 1, 2),ArraySeq(1000, 1003, 1006),s2,ann,");
    }

    @Test
    void theLatestEventsComeFirstInDescendingOrder() {
        Row row = run("out")
                .withInput(events(Map.of("ann", new int[] {3, 1, 2})), 2, folder.resolve("in"))
                .with("input.order-by", "time desc")
                .rows()
                .get(0);
        assertThat(row.<Object>getAs("item").toString()).isEqualTo("ArraySeq(2, 1, 3)");
    }

    /** Times are equal, so the tokens decide, and the run says so. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void anOpenOrderIsTheSameInAnyPartitioningAndIsReported(int files) {
        List<Row> events = new ArrayList<>();
        for (int token : new int[] {5, 2, 9, 2}) {
            events.add(RowFactory.create("ann", 7L, token, "s" + token));
        }
        events.add(RowFactory.create("bob", 7L, 1, "s"));
        events.add(RowFactory.create("bob", 8L, 0, "s"));
        Collections.shuffle(events, random);
        Run run =
                run("out").withInput(LocalSpark.session().createDataFrame(events, SCHEMA), files, folder.resolve("in"));
        Row row = run.table().where("account = 'ann'").first();
        assertThat(row.<Object>getAs("item").toString()).isEqualTo("ArraySeq(2, 2, 5, 9)");
        assertThat(run.said())
                .contains(
                        "sluice: warning: input.order-by leaves the order of 2 events open, most of them in account=ann: ");

        Run closed = run("closed").with("input.path", folder.resolve("in")).with("input.order-by", "time,shop desc");
        assertThat(closed.table()
                        .where("account = 'ann'")
                        .first()
                        .<Object>getAs("item")
                        .toString())
                .isEqualTo("ArraySeq(9, 5, 2, 2)");
        assertThat(closed.said()).doesNotContain("warning");
    }

    @Test
    void textIsOrderedAsNumbersWhereItIsOne() throws IOException {
        Files.writeString(folder.resolve("in.csv"), "account,time,item\n007,10,1\n007,9,0\n007,100,2\n+49,2,5\n");
        Dataset<Row> table = run("out")
                .with("input.path", folder.resolve("in.csv"))
                .with("input.format", "csv")
                .table();
        assertThat(table.select("item").collectAsList().toString()).contains("ArraySeq(0, 1, 2)");
    }

    // Bad events

    private Run bad(String name, List<Row> events) {
        return run(name)
                .withInput(LocalSpark.session().createDataFrame(events, SCHEMA), 2, folder.resolve("in-" + name))
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1");
    }

    private static Row event(String account, Long time, Integer item) {
        return RowFactory.create(account, time, item, "s");
    }

    private static String reason(Dataset<Row> table, String account) {
        Row row = table.where(account == null ? "account IS NULL" : "account = '" + account + "'")
                .first();
        return row.isNullAt(row.fieldIndex("reason"))
                ? "none"
                : row.getStruct(row.fieldIndex("reason")).mkString(": ");
    }

    @Test
    void nullsMakeTheSequenceOfTheirKeyABadRow() {
        Dataset<Row> table = bad(
                        "nulls",
                        List.of(
                                event(null, 1L, 1),
                                event(null, 2L, 1),
                                event("time", 1L, 1),
                                event("time", null, 1),
                                event("token", 1L, 1),
                                event("token", 2L, null),
                                event("good", 1L, 1)))
                .table();
        assertThat(table.count()).isEqualTo(4);
        assertThat(reason(table, null))
                .isEqualTo("null-key: account (input.group-by) is null, so these events belong to no sequence");
        assertThat(reason(table, "time"))
                .isEqualTo("null-order: time (input.order-by) of an event is null, so its place is unknown");
        assertThat(reason(table, "token")).isEqualTo("null-element: the element at step 1 is null");
        assertThat(reason(table, "good")).isEqualTo("none");
    }

    @ParameterizedTest
    @CsvSource({
        "refuse,     '', 'too-long: 5 events, input.max-length allows 3'",
        "keep-first, 'ArraySeq(1, 2, 3)', none",
        "keep-last,  'ArraySeq(3, 4, 5)', none"
    })
    void aLongSequenceIsCutBeforeItIsHeld(String rule, String kept, String reason) {
        List<Row> events = new ArrayList<>();
        for (int at = 1; at <= 5; at++) {
            events.add(event("long", (long) at, at));
        }
        events.add(event("short", 1L, 1));
        Dataset<Row> table = bad("long", events)
                .with("input.max-length", "3")
                .with("input.too-long", rule)
                .table();
        assertThat(reason(table, "long")).isEqualTo(reason);
        Object item = table.where("account = 'long'").first().getAs("item");
        assertThat(item == null ? "" : item.toString()).isEqualTo(kept);
    }

    @Test
    void badSequencesAreQuarantinedWithTheirReason() {
        Run run = bad("quarantined", List.of(event("time", null, 1), event("good", 1L, 1)))
                .with("bad-rows.rule", "quarantine");
        run.score();
        Path bad = folder.resolve("quarantined").resolve(RunReport.BAD_ROWS);
        Row row = LocalSpark.session().read().parquet(bad.toString()).first();
        assertThat(row.schema().fieldNames()).containsExactly("account", "time", "item", "shop", "reason");
        assertThat(row.toString()).startsWith("[time,null,null,s,[null-order,");
        assertThat(run.said()).contains("1 row can't be scored");
    }

    @Test
    void aBrokenLineSpoilsTheSequenceOfItsKeyOnly() throws IOException {
        Files.write(
                folder.resolve("in.jsonl"),
                List.of(
                        "{\"account\": \"ann\", \"time\": 2, \"item\": 1}",
                        "{\"account\": \"ann\", \"time\": 1, \"item\": \"x\"}",
                        "{\"account\": \"bob\", \"time\": 1, \"item\": 2}"));
        Run run = run("broken")
                .with("input.path", folder.resolve("in.jsonl"))
                .with("input.format", "json")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1");
        Dataset<Row> table = run.table();
        assertThat(reason(table, "ann"))
                .isEqualTo("broken-record: account=ann: an event is a line that does not fit the columns of the input: "
                        + "{\"account\": \"ann\", \"time\": 1, \"item\": \"x\"}");
        assertThat(reason(table, "bob")).isEqualTo("none");
    }

    @Test
    void aBadSequenceFailsTheRunAndIsNamed() {
        Throwable failure = catchThrowable(() -> bad("failed", List.of(event("ann", null, 1)))
                .with("bad-rows.rule", "fail")
                .score());
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
        assertThat(Failure.sentence(failure))
                .isEqualTo(
                        "row account=ann, time=null, shop=s: column 'item': time (input.order-by) of an event is null, so its place is unknown (null-order)");
        assertThat(folder.resolve("failed")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.order-by= | input.group-by is set without input.order-by: the rows of a table have no order; set input.order-by",
                "input.group-by=acount | input.group-by: no column 'acount' in the input, which has account (string), time (bigint)",
                "input.group-by=account,account | input.group-by = account, account: names a column twice",
                "input.group-by=item | input.group-by: column 'item' is the key of a sequence and can't be input.tokens as well",
                "input.order-by=tim | input.order-by: no column 'tim' in the input, which has account (string)",
                "input.order-by=time,time desc | input.order-by = time, time desc: names a column twice",
                "input.collect=tim | input.collect: no column 'tim' in the input",
                "input.tokens=itm | input.tokens: no column 'itm' in the input",
                "input.checkpoint=c | input.checkpoint (--incremental) and input.group-by are both set: the events of a key may be in files of several batches",
                "input.state=item | input.group-by and input.state are both set, but a sequence has one initial state",
            })
    void aCombinationThatCannotBeIsRefused(String setting, String message) {
        String[] pair = setting.split("=", 2);
        Run run = run("refused")
                .withInput(events(Map.of("ann", new int[] {1})), 1, folder.resolve("in"))
                .with(pair[0], pair[1]);
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessageStartingWith(message);
    }

    // Other commands

    @Test
    void theScoredTableCanBeAudited() throws IOException {
        run("out").withInput(events(histories(12)), 3, folder.resolve("in")).score();
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        ExitCode code = new AuditJob(
                        LocalSpark.session(),
                        new Console(writer, writer),
                        folder.resolve("out").toString(),
                        1,
                        Map.of("model.path", TORCH.modelPath()))
                .run();
        assertThat(said.toString()).contains("12 of 12 rows have the same bits");
        assertThat(code).isEqualTo(ExitCode.SCORED);
    }

    /** Each night has only the new events of a key; the answers are those of the whole history. */
    @Test
    void aNightsEventsContinueFromTheCarriedStates() {
        Map<String, int[]> first = histories(10);
        Map<String, int[]> second = histories(12);
        Run monday = night("monday", first, 1);
        assertThat(monday.score().states().orElseThrow().begun()).isEqualTo(10);
        Run tuesday = night("tuesday", second, 3);
        RunReport.States states = tuesday.score().states().orElseThrow();
        assertThat(states.continued()).isEqualTo(10);
        assertThat(states.begun()).isEqualTo(2);
        List<Row> rows = LocalSpark.session()
                .read()
                .parquet(folder.resolve("tuesday").toString())
                .collectAsList();
        CompiledModel model = CompiledModel.compile(TORCH.model(), InputKind.EMBEDDING, KernelChoice.SCALAR);
        List<OutputKind> asked = List.of(OutputKind.HIDDEN, OutputKind.SOFTMAX);
        for (Row row : rows) {
            String account = row.getAs("account");
            int[] before = first.getOrDefault(account, new int[0]);
            int[] now = second.get(account);
            int[] whole =
                    IntStream.concat(Arrays.stream(before), Arrays.stream(now)).toArray();
            ScoredSequence expected = model.scorer(new ScoreRequest(Steps.LAST, asked, 5))
                    .score(List.of(Sequence.ofTokens(whole)))
                    .get(0);
            Answers.requireSame(row, expected, Steps.LAST, asked);
        }
        assertThat(rows).hasSize(12);
    }

    private Run night(String name, Map<String, int[]> histories, int files) {
        return run(name)
                .withInput(events(histories), files, folder.resolve("in-" + name))
                .with("output.at", "last")
                .with("output.emit", "hidden,softmax")
                .with("report.run", name)
                .with("state.path", folder.resolve("states"));
    }
}
