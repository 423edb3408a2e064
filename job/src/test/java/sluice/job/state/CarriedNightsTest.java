package sluice.job.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.job.fixture.Answers;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.States;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.report.RunReport;
import sluice.job.settings.SettingValues;

/** Sequences that are cut at random places and scored run by run have the same bits as the whole sequences. */
@Tag("slow")
class CarriedNightsTest {
    private static final int KEYS = 200;
    private static final List<OutputKind> ASKED =
            List.of(OutputKind.SOFTMAX, OutputKind.PREDICTION, OutputKind.HIDDEN, OutputKind.CELL);
    private static final StructType SCHEMA = new StructType()
            .add("account", DataTypes.LongType)
            .add("device", DataTypes.StringType)
            .add("tokens", Tables.INTS);

    @TempDir
    Path folder;

    private Random random;
    private TorchCase torch;
    private final Map<Long, int[]> histories = new TreeMap<>(); // of each account, up to this night
    private final Map<Long, Integer> before =
            new TreeMap<>(); // length of the history before this night, of accounts with a row in it

    private static String device(long account) {
        return "d" + account % 7;
    }

    private int[] tokens(int most) {
        return random.ints(random.nextInt(most), 0, torch.model().tokens()).toArray();
    }

    /** The input of a night: some accounts have no row, on some nights most of them; some sequences are empty; a few accounts are new. */
    private Dataset<Row> night(int night) {
        before.clear();
        List<Row> rows = new ArrayList<>();
        for (long account = 0; account < KEYS; account++) {
            boolean exists = account % 10 <= night;
            if (!exists || (night % 5 < 3 ? random.nextInt(3) == 0 : random.nextInt(12) > 0)) {
                continue;
            }
            int[] history = histories.getOrDefault(account, new int[0]);
            int[] more = tokens(9);
            before.put(account, history.length);
            int[] whole = Arrays.copyOf(history, history.length + more.length);
            System.arraycopy(more, 0, whole, history.length, more.length);
            histories.put(account, whole);
            rows.add(RowFactory.create(account, device(account), Tables.boxed(more)));
        }
        Collections.shuffle(rows, random);
        return LocalSpark.session().createDataFrame(rows, SCHEMA);
    }

    private Run run(int night, Steps at) {
        Run run = Run.of(torch, folder.resolve("out-" + night))
                .with("input.path", folder.resolve("in-" + night))
                .with("output.mode", "overwrite")
                .with("output.at", SettingValues.name(at))
                .with("output.emit", "softmax,prediction,hidden,cell," + (at == Steps.LAST ? "state" : "logprob,rank"))
                .with("report.run", "night " + night)
                .with("state.path", folder.resolve("states"))
                .with("state.key", "account,device")
                .with("state.keep", 3);
        return switch (night) { // every task layout
            case 2 -> run.with("scoring.cluster-prefixes", "always");
            case 3 -> run.with("output.file-rows", 20);
            case 4 -> run.with("scoring.task-seconds", 0).with("scoring.batch-bytes", 3_000);
            case 5 -> run.with("output.partition-by", "device");
            default -> run;
        };
    }

    @ParameterizedTest
    @CsvSource({"uni_l2_h17, 10, 0", "proj_l1_h17_p5, 3, 0"})
    void everyNightHasTheBitsOfTheWholeHistories(String name, int nights, long given) throws Exception {
        long seed = given == 0 ? System.nanoTime() : given;
        System.out.printf("seed of the histories of %s: %d%n", name, seed);
        random = new Random(seed);
        torch = TorchCase.named(name);
        long versions = 0;
        int small = 0;
        for (int night = 0; night < nights; night++) {
            night(night)
                    .repartition(1 + random.nextInt(4))
                    .write()
                    .parquet(folder.resolve("in-" + night).toString());
            Steps at = night % 2 == 0 ? Steps.LAST : Steps.EACH;
            RunReport.States report = score(night, at);
            requireNight(night, at);
            requireStates();
            versions++;
            small += report.written() < report.keys() ? 1 : 0;
            if (night == 1 || night == 6 || night == 8) { // repeat the night
                RunReport.States again = score(night, at);
                assertThat(again.before()).isEqualTo(report.before());
                assertThat(again.after()).isEqualTo(++versions);
                assertThat(again.keys()).isEqualTo(report.keys());
                requireNight(night, at);
                requireStates();
            }
        }
        assertThat(States.versions(folder.resolve("states"))).endsWith(versions);
        if (nights > 3) { // in fewer nights, chance decides whether one writes only a part
            assertThat(small).as("nights that did not write all keys").isPositive();
        }
    }

    /** Scores a night; night 6 without broadcast joins and adaptive execution. */
    private RunReport.States score(int night, Steps at) throws Exception {
        SparkSession spark = LocalSpark.session();
        if (night != 6) {
            return run(night, at).score().states().orElseThrow();
        }
        spark.conf().set("spark.sql.autoBroadcastJoinThreshold", "-1");
        spark.conf().set("spark.sql.adaptive.enabled", "false");
        try {
            return run(night, at).score().states().orElseThrow();
        } finally {
            spark.conf().unset("spark.sql.autoBroadcastJoinThreshold");
            spark.conf().unset("spark.sql.adaptive.enabled");
        }
    }

    private List<ScoredSequence> engine(Steps at, List<OutputKind> emissions) {
        return CompiledModel.compile(torch.model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(at, emissions, 3))
                .score(histories.values().stream().map(Sequence::ofTokens).toList());
    }

    private void requireNight(int night, Steps at) {
        List<OutputKind> asked = new ArrayList<>(ASKED);
        asked.addAll(at == Steps.LAST ? List.of(OutputKind.STATE) : List.of(OutputKind.LOGPROB, OutputKind.RANK));
        List<ScoredSequence> wholes = engine(at, asked);
        List<Row> rows = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out-" + night).toString())
                .collectAsList();
        assertThat(rows).extracting(row -> row.getAs("account")).containsExactlyInAnyOrderElementsOf(before.keySet());
        List<Long> accounts = List.copyOf(histories.keySet());
        for (Row row : rows) {
            long account = row.getAs("account");
            ScoredSequence whole = wholes.get(accounts.indexOf(account));
            if (at == Steps.LAST) {
                Answers.requireSame(row, whole, at, asked);
            } else {
                requireEnd(row, whole, before.get(account));
            }
        }
    }

    /** The outputs of a night's steps equal those of the same steps of the whole history. */
    private static void requireEnd(Row row, ScoredSequence whole, int before) {
        assertThat(Answers.flat(row.getAs("softmax"))).isEqualTo(Answers.flat(end(whole.softmax(), before)));
        assertThat(Answers.flat(row.getAs("hidden"))).isEqualTo(Answers.flat(end(whole.hidden(), before)));
        assertThat(Answers.flat(row.getAs("cell"))).isEqualTo(Answers.flat(end(whole.cell(), before)));
        int[] predictions = whole.prediction();
        assertThat(row.<Integer>getList(row.fieldIndex("prediction"))).isEqualTo(boxed(predictions, before));
        // A night has no term for its first token, which was predicted by the previous night's last step.
        int terms = Math.min(before, whole.ranks().length);
        assertThat(row.<Integer>getList(row.fieldIndex("rank"))).isEqualTo(boxed(whole.ranks(), terms));
        List<Float> logprob = new ArrayList<>();
        for (int term = terms; term < whole.logProbabilities().length; term++) {
            logprob.add(whole.logProbabilities()[term]);
        }
        assertThat(row.<Float>getList(row.fieldIndex("logprob"))).isEqualTo(logprob);
    }

    private static List<List<Float>> end(float[][] steps, int from) {
        List<List<Float>> end = new ArrayList<>();
        for (int step = from; step < steps.length; step++) {
            List<Float> values = new ArrayList<>();
            for (float value : steps[step]) {
                values.add(value);
            }
            end.add(values);
        }
        return end;
    }

    private static List<Integer> boxed(int[] values, int from) {
        return Arrays.stream(values, from, values.length).boxed().toList();
    }

    /** Each account that has ever had a token has the state of its whole history. */
    private void requireStates() {
        List<ScoredSequence> wholes = engine(Steps.LAST, List.of(OutputKind.STATE));
        Map<Object, List<Integer>> expected = new TreeMap<>();
        int at = 0;
        for (Map.Entry<Long, int[]> history : histories.entrySet()) {
            if (history.getValue().length > 0) {
                expected.put(history.getKey(), States.bits(wholes.get(at).state()));
            }
            at++;
        }
        assertThat(States.newest(folder.resolve("states"), "account")).isEqualTo(expected);
    }
}
