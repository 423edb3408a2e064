package sluice.job.column;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.weights.statedict.StateDictWriter;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** The gates column read back from Parquet has the engine's bits, for each layer and cell variant. */
class GatesColumnTest {
    private static final String TYPE = "array<struct<input:array<float>,forget:array<float>,candidate:array<float>,"
            + "output:array<float>,cell:array<float>>>";

    @TempDir
    Path folder;

    private static List<ScoredSequence> engine(LstmModel model, OptionalInt layer, List<int[]> tokens) {
        return CompiledModel.compile(model, InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES), 1, layer))
                .score(tokens.stream().map(sluice.cell.Sequence::ofTokens).toList());
    }

    private Run run(List<int[]> tokens) {
        return new Run()
                .with("output.path", folder.resolve("out"))
                .with("output.at", "each")
                .with("output.emit", "gates")
                .withInput(Tables.ofIds(tokens), 1, folder.resolve("in"));
    }

    private static void requireSame(Dataset<Row> scored, List<ScoredSequence> expected) {
        assertThat(scored.schema().apply("gates").dataType().catalogString()).isEqualTo(TYPE);
        List<Row> rows = scored.collectAsList();
        assertThat(rows).hasSameSizeAs(expected);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.EACH, List.of(OutputKind.GATES));
        }
    }

    @ParameterizedTest
    @CsvSource({"uni_l2_h17, top", "uni_l2_h17, 0", "uni_l2_h17, 1", "bi_l2_h17, top", "bi_l2_h17, 0"})
    void gatesOfALayer(String name, String layer) {
        TorchCase torch = TorchCase.named(name);
        OptionalInt number = layer.equals("top") ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(layer));
        Dataset<Row> scored = run(torch.tokens())
                .with("model.path", torch.modelPath())
                .with("output.gates-layer", layer)
                .table();
        requireSame(scored, engine(torch.model(), number, torch.tokens()));
    }

    /** Peepholes, coupled gates and a clip; one of the sequences is empty, so it has no steps. */
    @Test
    void gatesOfACellVariant() throws IOException {
        LstmDirection direction = LstmDirection.plain(
                        waves(8, 1), waves(8, 2), waves(8, 1).values())
                .with(CellVariant.PLAIN
                        .withCoupledGates()
                        .withClip(0.75f)
                        .withPeepholes(new CellVariant.Peepholes(
                                new float[] {1, -1}, new float[] {0.5f, 0.25f}, new float[] {-0.5f, 2})));
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(Matrix.of(2, 1, new float[] {0.5f, -1}))),
                List.of(LstmLayer.of(direction)),
                Optional.empty());
        Path file = folder.resolve("variant.safetensors");
        try (OutputStream stream = Files.newOutputStream(file)) {
            StateDictWriter.write(model, Map.of(), stream);
        }
        List<int[]> tokens = List.of(new int[] {0, 1, 1, 0}, new int[0], new int[] {1});
        Dataset<Row> scored = run(tokens).with("model.path", file).table();
        requireSame(scored, engine(model, OptionalInt.empty(), tokens));
        assertThat(scored.filter("id = 1").first().getList(2)).isEmpty();
    }

    private static Matrix waves(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int at = 0; at < values.length; at++) {
            values[at] = (float) StrictMath.sin(3 * at + 1);
        }
        return Matrix.of(rows, columns, values);
    }

    @Test
    void aLayerThatTheModelDoesNotHaveIsRefusedBeforeAnythingStarts() {
        TorchCase torch = TorchCase.named("uni_l2_h17");
        Run run = run(torch.tokens()).with("model.path", torch.modelPath()).with("output.gates-layer", 2);
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: gates of layer 2 from a model of 2 layers: expected a layer from 0, the lowest, to 1; set output.gates-layer",
                        torch.modelPath());
        assertThat(Disk.names(folder)).containsExactly("in");
    }
}
