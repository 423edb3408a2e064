package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.statedict.StateDictWriter;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.message.BadRowException;
import sluice.job.message.Failure;
import sluice.job.report.RunReport;
import sluice.job.settings.SettingValues;

/** A row whose state exceeds the bound is a bad row, which is known only after scoring. No other row changes. */
class StateOverflowRowTest {
    private static final int GROWS = 1;
    private static final List<OutputKind> ASKED = List.of(OutputKind.SOFTMAX, OutputKind.STATE);

    @TempDir
    static Path files;

    @TempDir
    Path folder;

    /** With ReLU gates, token 0 sets all gates to 1/2, and token 1 sets them to 4, which multiplies the state by 4 at each step. */
    private static LstmModel model() {
        Activation relu = Activation.of(Activation.Kind.RELU);
        float[] ones = new float[8];
        Arrays.fill(ones, 1);
        LstmDirection direction = LstmDirection.plain(
                        Matrix.of(8, 1, ones), Matrix.of(8, 2, new float[16]), new float[8])
                .with(CellVariant.PLAIN.withActivations(relu, relu, Activation.of(Activation.Kind.TANH)));
        return new LstmModel(
                Optional.of(new Embedding(Matrix.of(2, 1, new float[] {0.5f, 4}))),
                List.of(LstmLayer.of(direction)),
                Optional.of(new OutputLayer(Matrix.of(2, 2, new float[] {1, 2, -1, 0.5f}))));
    }

    @BeforeAll
    static void save() throws IOException {
        try (OutputStream stream = Files.newOutputStream(files.resolve("relu.safetensors"))) {
            StateDictWriter.write(model(), Map.of(), stream);
        }
    }

    private static int[] growing(int steps) {
        int[] tokens = new int[steps];
        Arrays.fill(tokens, GROWS);
        return tokens;
    }

    private static List<int[]> good() {
        List<int[]> good = new ArrayList<>(List.of(new int[0], new int[] {0}, new int[200]));
        for (int steps = 1; steps < 18; steps++) {
            good.add(growing(steps));
        }
        return good;
    }

    private Run run(List<int[]> rows, KernelChoice kernel) {
        return new Run()
                .with("model.path", files.resolve("relu.safetensors"))
                .with("output.path", folder.resolve("out"))
                .with("output.emit", "softmax,state")
                .with("scoring.kernel", SettingValues.name(kernel))
                .withInput(Tables.ofIds(rows), 1, folder.resolve("in"));
    }

    @ParameterizedTest
    @EnumSource
    void theRowThatGrowsIsABadRow(KernelChoice kernel) {
        List<int[]> rows = good();
        rows.add(5, growing(40));
        assertThat(Failure.sentence(catchThrowable(run(rows, kernel)::score)))
                .isEqualTo("row id=5: column 'tokens': a state exceeded 1.09951163E12 within 40 steps, "
                        + "because the model has unbounded activations: expected a sequence whose states stay below "
                        + "(state-overflow)");
        assertThat(Disk.names(folder)).containsExactly("in");
    }

    /** The defect is known only after scoring, with every kernel. */
    @ParameterizedTest
    @EnumSource
    void theRowIsQuarantined(KernelChoice kernel) {
        List<int[]> rows = good();
        rows.add(5, growing(40));
        assertThat(run(rows, kernel).with("bad-rows.rule", "quarantine").rows()).hasSize(good().size());
        List<Row> quarantine = LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").resolve(RunReport.BAD_ROWS).toString())
                .select("id", "reason.code")
                .collectAsList();
        assertThat(quarantine).containsExactly(RowFactory.create(5, "state-overflow"));
    }

    /** It is a bad row, and no scored one: neither the row nor its tokens count as scored. */
    @ParameterizedTest
    @EnumSource(names = {"AUTO", "REFERENCE"})
    void theRowIsCountedOnce(KernelChoice kernel) {
        List<int[]> rows = good();
        rows.add(5, growing(40));
        RunReport report = run(rows, kernel)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .score();
        assertThat(report.measured().rows()).isEqualTo(good().size());
        assertThat(report.measured().tokens())
                .isEqualTo(good().stream().mapToLong(tokens -> tokens.length).sum());
        assertThat(report.badRows().rows()).isEqualTo(1);
    }

    /** One bad row of two is exactly the half. */
    @Test
    void theFractionOfBadRowsIsExact() {
        List<int[]> rows = List.of(growing(2), growing(40));
        assertThat(catchThrowable(run(rows, KernelChoice.AUTO)
                        .with("bad-rows.rule", "quarantine")
                        .with("bad-rows.max-fraction", 0.4)::score))
                .isInstanceOf(BadRowException.class)
                .hasMessageStartingWith("1 of 2 rows can't be scored, more than bad-rows.max-fraction = 0.4 allows");
        assertThat(run(rows, KernelChoice.AUTO)
                        .with("bad-rows.rule", "quarantine")
                        .with("bad-rows.max-fraction", 0.5)
                        .rows())
                .hasSize(1);
    }

    @Test
    void theOthersAreScored() {
        List<ScoredSequence> expected = CompiledModel.compile(model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.LAST, ASKED, 1))
                .score(good().stream().map(Sequence::ofTokens).toList());
        for (Row row : run(good(), KernelChoice.AUTO).rows()) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.LAST, ASKED);
        }
    }

    /** The first run ends half way to the overflow, the second continues from its state. */
    @Test
    void aRunThatContinuesFromAStateOverflows() {
        Run first = run(List.of(growing(15)), KernelChoice.AUTO);
        first.table()
                .selectExpr("id", "sequence(1, 15) AS steps", "state")
                .selectExpr("id", "transform(steps, step -> 1) AS tokens", "state AS before")
                .coalesce(1)
                .write()
                .parquet(folder.resolve("rest").toString());
        Run rest = run(good(), KernelChoice.AUTO)
                .with("input.path", folder.resolve("rest"))
                .with("input.state", "before")
                .with("output.mode", "overwrite");
        assertThat(Failure.sentence(catchThrowable(rest::score)))
                .startsWith("row id=0: column 'tokens': a state exceeded")
                .endsWith("(state-overflow)");
    }
}
