package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.statedict.StateDictWriter;
import sluice.job.fixture.Disk;
import sluice.job.fixture.ModelFiles;
import sluice.job.fixture.OtherFileSystem;
import sluice.job.fixture.Terminal;
import sluice.job.message.ExitCode;

/** {@code --describe} and {@code --save-model}, which need neither a table nor a session. */
class ModelCommandTest {
    private static final Path ONNX =
            Path.of("..", "cell", "src", "test", "resources", "torch-onnx", "pt_bi_l2_op14", "model.onnx");
    private static final Path SAME_WEIGHTS = ONNX.resolveSibling("same_weights.safetensors");

    @TempDir
    Path folder;

    @BeforeEach
    void registerTheOtherFileSystem() {
        System.setProperty("spark.hadoop." + OtherFileSystem.SETTING, OtherFileSystem.class.getName());
    }

    @AfterEach
    void unregisterIt() {
        System.clearProperty("spark.hadoop." + OtherFileSystem.SETTING);
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private static Path written(Path file, LstmModel model, Map<String, String> metadata) {
        try (OutputStream stream = Files.newOutputStream(file)) {
            StateDictWriter.write(model, metadata, stream);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertDone(Terminal terminal) {
        assertThat(terminal.errors()).isEmpty();
        assertThat(terminal.code()).isZero();
    }

    private static void assertRefused(Terminal terminal, String message) {
        assertThat(terminal.errors()).containsExactly("sluice: error: " + message);
        assertThat(terminal.output()).isEmpty();
        assertThat(terminal.code()).isEqualTo(ExitCode.REFUSED.code());
    }

    // --describe

    @Test
    void anOnnxModelIsDescribed() {
        Terminal terminal = Terminal.score("--describe", ONNX.toString());
        assertDone(terminal);
        assertThat(terminal.output())
                .startsWith(
                        "model       " + ONNX,
                        "format      onnx",
                        "input       20 tokens, an embedding of width 8",
                        "layer 0     reads 8, gives 18, its directions merged by concat",
                        "  forward   9 units, the plain cell",
                        "  backward  9 units, the plain cell",
                        "layer 1     reads 18, gives 18, its directions merged by concat",
                        "  forward   9 units, the plain cell",
                        "  backward  9 units, the plain cell",
                        "output      20 classes over width 18",
                        "gates       i, o, f, g in the file, reordered to i, f, g, o",
                        "parameters  3,852 (15.0 KiB of float32)",
                        "vocabulary  none",
                        "sha-256     " + ModelFiles.read(SAME_WEIGHTS).fingerprint())
                .anyMatch(line -> line.startsWith("note        the output layer is tensor 'onnx::MatMul_401'"));
    }

    /** Peepholes, a clip, merged directions, a projection, initial states: what a PyTorch state dict can't express. */
    private static LstmModel odd() {
        CellVariant variant = CellVariant.PLAIN
                .withActivations(
                        Activation.of(Activation.Kind.HARD_SIGMOID),
                        Activation.of(Activation.Kind.TANH),
                        Activation.of(Activation.Kind.RELU))
                .withClip(3)
                .withPeepholes(new CellVariant.Peepholes(new float[2], new float[] {1, 2}, new float[2]));
        LstmDirection projected = LstmDirection.projected(
                Matrix.of(8, 3, new float[24]),
                Matrix.of(8, 1, new float[8]),
                new float[8],
                Matrix.of(1, 2, new float[] {1, 1}));
        LstmDirection backward = projected
                .with(variant)
                .startingFrom(new float[] {0.5f}, new float[] {0, 0})
                .backward();
        return new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.bidirectional(projected, backward, LstmLayer.Merge.SUM)),
                Optional.of(new OutputLayer(Matrix.of(3, 1, new float[] {1, 2, 3}))),
                Readout.FINAL_STATES);
    }

    @Test
    void unusualCellsAreDescribed() {
        Path model = written(folder.resolve("odd.safetensors"), odd(), Map.of("vocabulary", "abcd"));
        Terminal terminal = Terminal.score("--describe", model.toString());
        assertDone(terminal);
        assertThat(terminal.output())
                .contains(
                        "input       width 3, no embedding: one-hot tokens, or 3 features a step",
                        "layer 0     reads 3, gives 1, its directions merged by sum",
                        "  forward   2 units, projected to 1, the plain cell",
                        "  backward  2 units, projected to 1, peepholes, clip 3.0, HARD_SIGMOID(0.2, 0.5) TANH RELU, starts from a state of its own",
                        "output      3 classes over width 1, read from the final states of each direction",
                        "gates       i, f, g, o, as in the file",
                        "vocabulary  4 words: a b c d; the model has 3 tokens: this may be the vocabulary of another model");
    }

    @Test
    void settingsOfTheModelAreReadFromTheFileAndTheCommandLine() {
        Path words = Disk.write(folder.resolve("words.txt"), "<pad>\nlogin\n");
        Path config = Disk.write(
                folder.resolve("my.conf"),
                "model.path = \"%s\", input.vocabulary = \"%s\"".formatted(SAME_WEIGHTS, words));
        Terminal terminal = Terminal.score("--describe", "--config", config.toString(), "--set", "model.output=none");
        assertDone(terminal);
        assertThat(terminal.output())
                .contains(
                        "model       " + SAME_WEIGHTS,
                        "output      no output layer: hidden states of width 18",
                        "vocabulary  2 words: <pad> login");
    }

    @Test
    void aModelThatCannotBeReadIsRefused() {
        assertRefused(Terminal.score("--describe", file("none")), file("none") + ": no such file; check --model");
        assertRefused(Terminal.score("--describe"), "no model: pass --model or set model.path");
        assertRefused(
                Terminal.score("--describe", "a", "--model", "b"),
                "two models, --describe a and --model b: pass one of them");
        assertRefused(
                Terminal.score("--describe", ONNX.toString(), "--set", "model.format=onx"),
                "model.format = 'onx': expected one of auto, safetensors, pytorch, onnx, keras");
    }

    @Test
    void aFormatThatIsNamedIsTheOneThatIsRead() {
        assertDone(Terminal.score("--describe", ONNX.toString(), "--set", "model.format=onnx"));
        Terminal terminal = Terminal.score("--describe", ONNX.toString(), "--set", "model.format=safetensors");
        assertThat(terminal.code()).isEqualTo(ExitCode.REFUSED.code());
        assertThat(terminal.errors())
                .singleElement()
                .asString()
                .contains("expected at most 100000000: this is not a safetensors file, or it is damaged");
    }

    // --save-model

    private static void assertSaved(Terminal terminal, String path) {
        assertDone(terminal);
        assertThat(terminal.output()).singleElement().asString().startsWith("sluice: wrote " + path + ": ");
    }

    @Test
    void anOnnxModelIsSavedAsTheSameModel() {
        Path saved = folder.resolve("a/b/saved.safetensors");
        assertSaved(Terminal.score("--save-model", saved.toString(), "--model", ONNX.toString()), saved.toString());
        assertThat(ModelFiles.read(saved).fingerprint())
                .isEqualTo(ModelFiles.read(SAME_WEIGHTS).fingerprint());
        assertThat(Disk.names(saved.getParent())).containsExactly("saved.safetensors");
    }

    @Test
    void unusualCellsAreSavedWithTheVocabulary() {
        Path model = written(folder.resolve("odd"), odd(), Map.of("vocabulary", "abc"));
        Terminal terminal = Terminal.score("--describe", model.toString(), "--save-model", file("saved"));
        assertThat(terminal.code()).isZero();
        assertThat(terminal.errors())
                .containsExactly("sluice: warning: " + file("saved")
                        + ": plain nn.LSTM can't hold this model, because of directions merged by sum, another cell"
                        + " (peepholes, clip 3.0, HARD_SIGMOID(0.2, 0.5) TANH RELU), initial states of its own; a PyTorch"
                        + " module has to compute that itself, Sluice reads it from the file");
        assertThat(terminal.output()).hasSizeGreaterThan(10).last().asString().startsWith("sluice: wrote ");
        assertThat(ModelFiles.read(folder.resolve("saved")).fingerprint()).isEqualTo(odd().fingerprint());
        assertThat(Terminal.score("--describe", file("saved")).output()).contains("vocabulary  3 words: a b c");
        assertThat(Terminal.score("--save-model", file("again"), "--model", file("saved"))
                        .code())
                .isZero();
        assertThat(ModelFiles.read(folder.resolve("again")).fingerprint()).isEqualTo(odd().fingerprint());
    }

    /** What nn.LSTM has no parameter for: one width for all layers, the same projection and the same directions. */
    @Test
    void aStackOfDifferentLayersIsSavedWithAWarning() {
        LstmDirection wide =
                LstmDirection.plain(Matrix.of(12, 2, new float[24]), Matrix.of(12, 3, new float[36]), new float[12]);
        LstmDirection narrow =
                LstmDirection.plain(Matrix.of(8, 3, new float[24]), Matrix.of(8, 2, new float[16]), new float[8]);
        LstmModel stack = new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.of(wide), LstmLayer.bidirectional(narrow, narrow.backward())),
                Optional.empty());
        Path model = written(folder.resolve("stack"), stack, Map.of());
        Terminal terminal = Terminal.score("--model", model.toString(), "--save-model", file("saved"));
        assertThat(terminal.code()).isZero();
        assertThat(terminal.errors())
                .singleElement()
                .asString()
                .contains("because of layers of one and of two directions, layers of different widths; ");
        LstmModel backward = new LstmModel(Optional.empty(), List.of(LstmLayer.of(wide.backward())), Optional.empty());
        Path other = written(folder.resolve("backward"), backward, Map.of());
        assertThat(Terminal.score("--model", other.toString(), "--save-model", file("saved too"))
                        .errors())
                .singleElement()
                .asString()
                .contains("because of a layer that reads backward only; ");
    }

    @Test
    void aModelWithOneOutputIsDescribed() {
        String model = ModelFiles.classifier(folder.resolve("yes"), 9, 1).toString();
        assertThat(Terminal.score("--describe", model).output())
                .contains("output      one number (--emit logits, or sigmoid for yes or no) over width 4");
    }

    @Test
    void anExistingFileIsReplacedInModeOverwriteOnly() {
        Path saved = Disk.write(folder.resolve("saved"), "precious");
        assertRefused(
                Terminal.score("--save-model", saved.toString(), "--model", ONNX.toString()),
                saved + ": exists already; choose another --save-model, or replace it with --mode overwrite");
        assertThat(saved).hasContent("precious");
        assertSaved(
                Terminal.score("--save-model", saved.toString(), "--model", ONNX.toString(), "--mode", "overwrite"),
                saved.toString());
        assertThat(ModelFiles.read(saved).fingerprint())
                .isEqualTo(ModelFiles.read(SAME_WEIGHTS).fingerprint());
        assertThat(Disk.names(folder)).containsExactly("saved");
    }

    @Test
    void aModelMayReplaceItsOwnFile() throws IOException {
        Path model = Files.copy(ONNX, folder.resolve("model"));
        assertDone(
                Terminal.score("--save-model", model.toString(), "--model", model.toString(), "--mode", "overwrite"));
        assertThat(Terminal.score("--describe", model.toString()).output()).contains("format      safetensors");
    }

    @Test
    void anImpossibleTargetIsRefused() throws IOException {
        Files.createDirectory(folder.resolve("directory"));
        assertRefused(
                Terminal.score("--save-model", file("directory"), "--model", ONNX.toString()),
                file("directory") + ": is a directory, expected the name of a new file; check --save-model");
        Disk.write(folder.resolve("file"), "");
        Terminal below = Terminal.score("--save-model", file("file/saved"), "--model", ONNX.toString());
        assertThat(below.code()).isEqualTo(ExitCode.REFUSED.code());
        assertThat(below.errors())
                .singleElement()
                .asString()
                .contains("cannot be created: ")
                .endsWith("; check --save-model");
        assertRefused(
                Terminal.score("--save-model", file("saved"), "--model", file("none")),
                file("none") + ": no such file; check --model");
        assertThat(Disk.names(folder)).containsExactly("directory", "file");
    }

    @Test
    void anotherFileSystemIsWritten() {
        String saved = "other://" + folder.resolve("saved");
        assertSaved(Terminal.score("--save-model", saved, "--model", ONNX.toString()), saved);
        assertThat(Terminal.score("--describe", saved).output())
                .contains("sha-256     " + ModelFiles.read(SAME_WEIGHTS).fingerprint());
        assertThat(Disk.names(folder)).containsExactly("saved");
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "overwrite"})
    void aFailedRenameLeavesTheTargetUnchanged(String mode) {
        boolean existed = mode.equals("overwrite");
        if (existed) {
            Disk.write(folder.resolve("stuck"), "precious");
        }
        Terminal terminal = Terminal.score(
                "--save-model", "other://" + folder.resolve("stuck"), "--model", ONNX.toString(), "--mode", mode);
        assertThat(terminal.code()).isEqualTo(ExitCode.FAILED.code());
        assertThat(terminal.errors())
                .singleElement()
                .asString()
                .startsWith("sluice: error: the run failed, nothing was written: IOException: other:")
                .contains("could not be renamed to");
        assertThat(Disk.names(folder)).isEqualTo(existed ? List.of("stuck") : List.of());
        if (existed) {
            assertThat(folder.resolve("stuck")).hasContent("precious");
        }
    }
}
