package sluice.cell.weights.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.Tensors;
import sluice.cell.Tolerance;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.CaseLog;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;

/** Compares the scores of every kernel with those of Keras, for files that Keras wrote. */
class KerasCasesTest {
    private static final CaseLog LOG = new CaseLog("Keras");

    @AfterAll
    static void summary() {
        LOG.print();
    }

    private static Path folder(String resource) throws Exception {
        var resourceUrl = KerasCasesTest.class.getResource("/" + resource);
        Assumptions.assumeTrue(resourceUrl != null, () -> "no cases: the test resource " + resource + " is not there");
        return Path.of(resourceUrl.toURI());
    }

    private static JsonNode json(String text) throws IOException {
        return KerasWriter.JSON.readTree(text);
    }

    // ---- files that Keras wrote

    @Test
    void modelsThatKerasSaved() throws Exception {
        List<Path> folders;
        try (Stream<Path> found = Files.list(folder("keras").resolve("models"))) {
            folders = found.sorted().toList();
        }
        int sequences = 0;
        for (Path folder : folders) {
            LstmModel archive = ModelReader.read(folder.resolve("model.keras"), TensorNames.automatic())
                    .model();
            LstmModel whole = ModelReader.read(folder.resolve("model_legacy.h5"), TensorNames.automatic())
                    .model();
            LstmModel weights = weightsBesideConfig(folder).model();
            String same = ModelReader.read(folder.resolve("pytorch_layout.safetensors"), TensorNames.automatic())
                    .model()
                    .fingerprint();
            assertThat(List.of(archive.fingerprint(), whole.fingerprint(), weights.fingerprint()))
                    .as("%s", folder.getFileName())
                    .containsOnly(same);
            for (KernelChoice kernel : KernelChoice.values()) {
                sequences += score(folder, archive, kernel);
            }
        }
        LOG.ran(String.format(
                Locale.ROOT,
                "%d models in three containers, the same bits in each and in safetensors, %d runs of a sequence",
                folders.size(),
                sequences));
    }

    /** Weights-only files with the archive's config beside them. */
    private static ModelFile weightsBesideConfig(Path folder) throws IOException {
        try (ZipFile zip = new ZipFile(folder.resolve("model.keras").toFile());
                SeekableByteChannel channel = Files.newByteChannel(folder.resolve("model.weights.h5"))) {
            byte[] config = zip.getInputStream(zip.getEntry("config.json")).readAllBytes();
            return ModelReader.read(
                    "model.weights.h5",
                    channel,
                    file -> {
                        if (file.equals("config.json")) {
                            return new MemoryChannel(config);
                        }
                        throw new NoSuchFileException(file);
                    },
                    TensorNames.automatic());
        }
    }

    @Test
    void weightsWithoutConfigAreRejectedWithARemedy() throws Exception {
        Path file = folder("keras").resolve("models/keras_l1/model.weights.h5");

        assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessage("model.weights.h5: the file holds weights without the model's config; put the "
                        + "model's config beside the file: in Python, open(\"config.json\", "
                        + "\"w\").write(model.to_json())");
    }

    private static int score(Path folder, LstmModel model, KernelChoice kernel) throws IOException {
        CompiledModel compiled = CompiledModel.compile(model, InputKind.EMBEDDING, kernel);
        Tensors expected = Tensors.read(folder.resolve("expected.safetensors"));
        int sequences = 0;
        for (String line : Files.readAllLines(folder.resolve("inputs.jsonl"))) {
            JsonNode input = json(line);
            String id = input.path("id").asText();
            ScoredSequence scored = compiled.scorer(
                            new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.SOFTMAX, OutputKind.LOGLIK), 1))
                    .score(List.of(Sequence.ofTokens(tokens(input))))
                    .get(0);
            compare(
                    kernel,
                    folder.getFileName() + " " + id,
                    scored.softmax(),
                    expected.matrix("probs." + id).orElseThrow());
            double loglik = input.path("loglik").asDouble();
            assertThat(Math.abs(scored.logLikelihood() - loglik))
                    .as("%s on %s: loglik", id, kernel)
                    .isLessThanOrEqualTo(Tolerance.keras(loglik));
            sequences++;
        }
        return sequences;
    }

    private static int[] tokens(JsonNode input) {
        int[] tokens = new int[input.path("tokens").size()];
        for (int at = 0; at < tokens.length; at++) {
            tokens[at] = input.path("tokens").get(at).asInt();
        }
        return tokens;
    }

    // ---- weights of a published model

    @Test
    void textgenrnn() throws Exception {
        Path folder = folder("textgenrnn");
        ModelFile read = ModelReader.read(
                folder.resolve("textgenrnn_weights.hdf5"),
                TensorNames.automatic().withOutput(TensorNames.NONE));
        LstmModel model = read.model();
        assertThat(model).hasToString("465 tokens of width 100; LSTM 128, 128; no output layer");
        assertThat(model.fingerprint())
                .isEqualTo(ModelReader.read(folder.resolve("model.safetensors"), TensorNames.automatic())
                        .model()
                        .fingerprint());
        assertThat(read.metadata()).containsEntry("keras_version", "2.1.5");
        int sequences = 0;
        for (KernelChoice kernel : KernelChoice.values()) {
            sequences += states(folder, model, kernel);
        }
        LOG.ran(String.format(
                Locale.ROOT,
                "textgenrnn's CuDNNLSTMs, the same bits as in safetensors, %d runs of a sequence",
                sequences));
    }

    private static int states(Path folder, LstmModel model, KernelChoice kernel) throws IOException {
        CompiledModel compiled = CompiledModel.compile(model, InputKind.EMBEDDING, kernel);
        Tensors expected = Tensors.read(folder.resolve("expected.safetensors"));
        int sequences = 0;
        for (String line : Files.readAllLines(folder.resolve("inputs.jsonl"))) {
            JsonNode input = json(line);
            String id = input.path("id").asText();
            List<Sequence> batch = List.of(Sequence.ofTokens(tokens(input)));
            ScoredSequence each = compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN), 1))
                    .score(batch)
                    .get(0);
            LstmState last = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE), 1))
                    .score(batch)
                    .get(0)
                    .state();
            compareStates(
                    kernel,
                    id + " out",
                    each.hidden(),
                    expected.matrix("out." + id).orElseThrow());
            compareStates(
                    kernel, id + " h", last.hidden(), expected.matrix("h." + id).orElseThrow());
            compareStates(
                    kernel, id + " c", last.cell(), expected.matrix("c." + id).orElseThrow());
            sequences++;
        }
        return sequences;
    }

    @Test
    void textgenrnnWithoutOutputSetting() throws Exception {
        Path file = folder("textgenrnn").resolve("textgenrnn_weights.hdf5");

        assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("the file holds weights without the model's config")
                .hasMessageContaining(
                        "or set model.output to the name of its output layer, or to none for hidden states")
                .hasMessageContaining("'rnn_2', 'rnn_concat', 'attention', 'output'");
        assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic().withOutput("output")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("layer 'rnn_concat' has no weights, so its function is unknown");
    }

    // ---- the values of Keras' own tests

    @Test
    void testsOfKeras() throws Exception {
        JsonNode cases = json(Files.readString(folder("keras").resolve("keras_lstm_cases.json")));
        int rows = 0;
        List<String> skipped = new ArrayList<>();
        for (JsonNode test : cases.path("cases")) {
            if (!test.path("mask").isNull() || test.path("stateful_second_call").asBoolean()) {
                skipped.add(test.path("name").asText());
                continue;
            }
            LstmModel model = model(test);
            for (KernelChoice kernel : KernelChoice.values()) {
                rows += run(test, model, kernel);
            }
        }
        assertThat(skipped).isEmpty();
        LOG.ran(String.format(
                Locale.ROOT,
                "%d tests of Keras, %d are not supported, %d runs of a sequence",
                cases.path("cases").size(),
                skipped.size(),
                rows));
    }

    private static LstmModel model(JsonNode test) throws IOException {
        int units = test.path("units").asInt();
        int width = test.path("kernel").path("shape").get(0).asInt();
        float[] bias = floats(test.path("bias"));
        LstmDirection direction = LstmDirection.plain(
                constant(4 * units, width, test.path("kernel").path("constant").floatValue()),
                constant(
                        4 * units,
                        units,
                        test.path("recurrent_kernel").path("constant").floatValue()),
                bias);
        Layer layer = KerasWriter.lstm("lstm", direction, Form.KERAS_3)
                .with("return_sequences", false)
                .with("go_backwards", test.path("go_backwards").asBoolean());
        return ModelReader.read(
                        "model",
                        new MemoryChannel(KerasWriter.archive("3.15.1", List.of(layer))),
                        TensorNames.automatic())
                .model();
    }

    private static Matrix constant(int rows, int columns, float value) {
        float[] values = new float[rows * columns];
        Arrays.fill(values, value);
        return Matrix.of(rows, columns, values);
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = array.get(at).floatValue();
        }
        return values;
    }

    private static int run(JsonNode test, LstmModel model, KernelChoice kernel) {
        CompiledModel compiled = CompiledModel.compile(model, InputKind.FEATURES, kernel);
        JsonNode batch = test.path("input");
        for (int row = 0; row < batch.size(); row++) {
            LstmState state = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE), 1))
                    .score(List.of(sequence(test, model, row)))
                    .get(0)
                    .state();
            JsonNode expected = test.path("expected");
            JsonNode hidden = expected.has("last") ? expected.path("last") : expected.path("h");
            String what = test.path("name").asText() + " row " + row;
            compare(kernel, what + " h", state.hidden(), new float[][] {floats(hidden.get(row))});
            if (expected.has("c")) {
                compare(kernel, what + " c", state.cell(), new float[][] {
                    floats(expected.path("c").get(row))
                });
            }
        }
        return batch.size();
    }

    private static Sequence sequence(JsonNode test, LstmModel model, int row) {
        JsonNode steps = test.path("input").get(row);
        int width = model.inputWidth();
        float[] features = new float[steps.size() * width];
        for (int step = 0; step < steps.size(); step++) {
            System.arraycopy(floats(steps.get(step)), 0, features, step * width, width);
        }
        Sequence sequence = Sequence.ofFeatures(steps.size(), features);
        if (test.path("initial_h").isNull()) {
            return sequence;
        }
        LstmState start = LstmState.initial(model);
        start.hidden()[0] = floats(test.path("initial_h").get(row));
        start.cell()[0] = floats(test.path("initial_c").get(row));
        return sequence.from(start);
    }

    /**
     * Compares with PyTorch in float32. Cell states of this model reach 35, and PyTorch itself deviates by 2e-5 from
     * the equations.
     */
    private static void compareStates(KernelChoice kernel, String what, float[][] actual, float[][] expected) {
        LOG.compare(kernel, what, actual, expected, value -> Tolerance.torchSingle());
    }

    private static void compare(KernelChoice kernel, String what, float[][] actual, float[][] expected) {
        LOG.compare(kernel, what, actual, expected, Tolerance::keras);
    }
}
