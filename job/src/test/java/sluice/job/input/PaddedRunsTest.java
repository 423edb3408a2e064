package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.sql.SluiceCatalog;

/** {@code input.pad}, {@code input.length} and {@code input.order-by} of arrays of events in each way to run a job: the bits of plain rows. */
@Tag("slow")
class PaddedRunsTest {
    private static final TorchCase TORCH = TorchCase.named("uni_l1_h17");
    private static final String EMITTED = "hidden,loglik";
    private static final StructType SCHEMA = new StructType()
            .add("id", DataTypes.IntegerType)
            .add("plain", Tables.INTS)
            .add("padded", Tables.INTS)
            .add("n", DataTypes.IntegerType)
            .add(
                    "events",
                    DataTypes.createArrayType(
                            new StructType().add("at", DataTypes.IntegerType).add("item", DataTypes.IntegerType)));

    @TempDir
    Path folder;

    /** Sequences, the same padded with 28 behind and with their length, and as events in reverse order. */
    private static Dataset<Row> sequences() {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < 24; id++) {
            int length = id % 7;
            Integer[] plain = new Integer[length];
            Integer[] padded = new Integer[8];
            Row[] events = new Row[length];
            Arrays.fill(padded, 28);
            for (int step = 0; step < length; step++) {
                plain[step] = (id * 5 + step * step) % 28;
                padded[step] = plain[step];
                events[length - 1 - step] = RowFactory.create(step, plain[step]);
            }
            rows.add(RowFactory.create(id, plain, padded, length, events));
        }
        return LocalSpark.session().createDataFrame(rows, SCHEMA);
    }

    private Run run(String output) {
        return Run.of(TORCH, folder.resolve(output))
                .with("output.emit", EMITTED)
                .with("input.columns", "id");
    }

    private static Run with(Run run, String settings) {
        for (String setting : settings.split(" ")) {
            run.with(setting.split("=")[0], setting.split("=")[1]);
        }
        return run;
    }

    private static Map<Integer, List<Object>> answers(Dataset<Row> table) {
        Map<Integer, List<Object>> answers = new TreeMap<>();
        for (Row row : table.select("id", "hidden", "loglik").collectAsList()) {
            answers.put(row.getInt(0), List.of(row.get(1), row.get(2)));
        }
        return answers;
    }

    private Map<Integer, List<Object>> expected() {
        return answers(run("expected")
                .withInput(sequences(), 1, folder.resolve("in-expected"))
                .with("input.tokens", "plain")
                .table());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "input.tokens=padded input.pad=28",
                "input.tokens=padded input.length=n",
                "input.tokens=events.item input.order-by=events.at"
            })
    void anyPartitioningNewFilesAndCarriedStates(String settings) {
        Map<Integer, List<Object>> expected = expected();
        assertThat(expected).hasSize(24);
        Run parts = with(run("parts"), settings).withInput(sequences(), 9, folder.resolve("in-parts"));
        assertThat(answers(parts.table())).isEqualTo(expected);

        Path in = folder.resolve("in-new");
        Run increments = with(run("new"), settings)
                .with("input.path", in)
                .with("input.checkpoint", folder.resolve("checkpoint"));
        for (int half = 0; half < 2; half++) {
            sequences()
                    .where("id % 2 = " + half)
                    .coalesce(1)
                    .write()
                    .mode("append")
                    .parquet(in.toString());
            assertThat(increments.scoreNew()).isPresent();
        }
        assertThat(answers(LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("new").toString())))
                .isEqualTo(expected);

        // Each night has the same steps again: the second answers are those of the doubled sequences.
        Run monday = night("monday", settings);
        assertThat(answers(monday.table())).isEqualTo(expected);
        Dataset<Row> tuesday = night("tuesday", settings).table();
        Dataset<Row> doubled = run("doubled")
                .withInput(
                        sequences().selectExpr("id", "concat(plain, plain) AS plain"), 1, folder.resolve("in-doubled"))
                .with("input.tokens", "plain")
                .table();
        answers(doubled)
                .forEach((id, answer) -> assertThat(answers(tuesday).get(id).get(0))
                        .as("hidden of %d", id)
                        .isEqualTo(answer.get(0)));
    }

    private Run night(String name, String settings) {
        return with(run(name), settings)
                .with("input.path", folder.resolve("in-parts"))
                .with("state.path", folder.resolve("states"))
                .with("state.key", "id")
                .with("report.run", name);
    }

    @ParameterizedTest
    @CsvSource({
        "input.tokens=padded input.pad=28, 'id,padded', ''",
        "input.tokens=padded input.length=n, 'id,padded,n', ''",
        "input.tokens=events.item input.order-by=events.at, 'id,events', ''",
        "input.tokens=padded input.length=n, 'id,padded', 'the table has no column ''n'' with the lengths of the sequences'",
        "input.tokens=events.item input.order-by=events.at, id, 'the table has no column ''events.item'' with the sequences'"
    })
    void audit(String settings, String columns, String obstacle) {
        with(run("audited"), settings)
                .withInput(sequences(), 2, folder.resolve("in"))
                .with("input.columns", columns)
                .score();
        Terminal audit = Terminal.score(
                "--audit", folder.resolve("audited").toString(), "--model", TORCH.modelPath(), "--fraction", "1");
        assertThat(audit.code()).as("%s", audit).isZero();
        assertThat(audit.output())
                .anyMatch(line -> line.contains(obstacle.isEmpty() ? "24 of 24 rows have the same bits" : obstacle));
    }

    @ParameterizedTest
    @CsvSource({
        "input.tokens=padded input.pad=28, 66",
        "input.tokens=padded input.length=n, 66",
        "input.tokens=events.item input.order-by=events.at, 66"
    })
    void aDryRunCountsStepsWithoutPadding(String settings, String steps) {
        sequences().write().parquet(folder.resolve("in").toString());
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                TORCH.modelPath(),
                "--input",
                folder.resolve("in").toString(),
                "--output",
                folder.resolve("out").toString(),
                "--dry-run"));
        for (String setting : settings.split(" ")) {
            arguments.addAll(List.of("--set", setting));
        }
        Terminal dry = Terminal.score(arguments.toArray(String[]::new));
        assertThat(dry.code()).as("%s", dry).isZero();
        assertThat(dry.output()).anyMatch(line -> line.matches("tokens +" + steps));
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void sqlFunctionsAndTheProcedure() {
        Map<Integer, List<Object>> expected = expected();
        SparkSession session = LocalSpark.session().newSession();
        String model = "spark.sql.catalog.sluice.model.";
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        for (String name : List.of("pad", "length", "events")) {
            session.conf().set(model + name, TORCH.modelPath());
            session.conf().set(model + name + ".output.emit", EMITTED);
        }
        session.conf().set(model + "pad.input.pad", "28");
        session.conf().set(model + "length.input.length", "n");
        session.conf().set(model + "events.input.order-by", "events.at");
        sequences().write().parquet(folder.resolve("in").toString());
        session.read().parquet(folder.resolve("in").toString()).createOrReplaceTempView("sequences");

        assertThat(
                        answers(
                                session.sql(
                                        "SELECT id, answer.hidden, answer.loglik FROM (SELECT id, sluice.pad.score(padded) AS answer FROM sequences)")))
                .isEqualTo(expected);
        assertThatThrownBy(() -> session.sql("SELECT sluice.length.score(padded) FROM sequences"))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(
                        "input.length: a function reads no column but its argument: pass slice(tokens, 1, n) to it");
        // The order is that of the argument.
        assertThat(
                        answers(
                                session.sql(
                                        "SELECT id, answer.hidden, answer.loglik FROM (SELECT id, sluice.events.score(array_sort(events).item) AS answer FROM sequences)")))
                .isEqualTo(expected);

        for (String call : List.of("pad:padded", "length:padded", "events:events.item")) {
            String name = call.split(":")[0];
            session.sql(
                    "CALL sluice.run(model => '%s', input => 'sequences', tokens => '%s', output => '%s', output_format => 'parquet')"
                            .formatted(name, call.split(":")[1], folder.resolve("called-" + name)));
            assertThat(answers(session.read()
                            .parquet(folder.resolve("called-" + name).toString())))
                    .as(name)
                    .isEqualTo(expected);
        }
    }
}
