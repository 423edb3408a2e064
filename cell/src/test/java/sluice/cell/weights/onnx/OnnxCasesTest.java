package sluice.cell.weights.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
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
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.CaseLog;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.onnx.OnnxNodeCase.Array;

/** Reads ONNX files of other projects and compares the scores of every kernel with their results. */
class OnnxCasesTest {
    /** According to their source code, expected values of these vectors have errors of up to 6e-5. */
    private static final List<String> INACCURATE = List.of("ShorterSeqInMiddle", "ZeroSeqInMiddle");

    private static final CaseLog LOG = new CaseLog("ONNX");

    @AfterAll
    static void summary() {
        LOG.print();
    }

    private static void assumePresent(List<?> cases, String folder) {
        Assumptions.assumeFalse(cases.isEmpty(), () -> "no cases: the test resource " + folder + " is missing");
    }

    @Test
    void nodeTestsOfOnnx() throws IOException {
        List<OnnxNodeCase> cases = OnnxNodeCase.nodeTests();
        assumePresent(cases, "onnx-node");
        assertThat(cases).hasSize(12); // all folders with lstm in the name
        runAll("node tests of ONNX", cases);
    }

    @Test
    void vectorsOfOnnxRuntime() throws IOException {
        List<OnnxNodeCase> cases = OnnxNodeCase.runtimeVectors();
        assumePresent(cases, "onnxruntime");
        assertThat(cases).hasSize(15).hasSameSizeAs(OnnxNodeCase.lines("lstm_cases.jsonl"));
        runAll("vectors of ONNX Runtime", cases);
    }

    private static void runAll(String what, List<OnnxNodeCase> cases) throws IOException {
        int rows = 0;
        int variants = 0;
        for (OnnxNodeCase node : cases) {
            LstmModel model = OnnxReaderTest.read(node.file()).model();
            variants += model.directions().stream()
                            .anyMatch(direction -> !direction.variant().isPlain())
                    ? 1
                    : 0;
            for (KernelChoice kernel : KernelChoice.values()) {
                rows += run(node, model, kernel);
            }
        }
        LOG.ran(String.format(
                Locale.ROOT,
                "%d %s (%d with cell variants), %d scored sequences on %d kernels",
                cases.size(),
                what,
                variants,
                rows,
                KernelChoice.values().length));
    }

    private static int run(OnnxNodeCase node, LstmModel model, KernelChoice kernel) {
        Array x = node.inputs().get("X");
        int batch = x.size(node.batchFirst() ? 0 : 1);
        List<Sequence> sequences = new ArrayList<>();
        for (int row = 0; row < batch; row++) {
            sequences.add(sequence(node, model, row));
        }
        CompiledModel compiled = CompiledModel.compile(model, InputKind.FEATURES, kernel);
        List<ScoredSequence> each = compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN), 1))
                .score(sequences);
        List<ScoredSequence> last = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE), 1))
                .score(sequences);
        for (int row = 0; row < batch; row++) {
            compareSteps(
                    node,
                    kernel,
                    row,
                    sequences.get(row).length(),
                    each.get(row).hidden());
            // For an empty sequence, Sluice returns the initial state and the ONNX results are zeros.
            if (sequences.get(row).length() > 0 || node.input("initial_h").isEmpty()) {
                compareStates(node, kernel, "Y_h", row, last.get(row).state().hidden());
            }
            if (sequences.get(row).length() > 0 || node.input("initial_c").isEmpty()) {
                compareStates(node, kernel, "Y_c", row, last.get(row).state().cell());
            }
        }
        return batch;
    }

    private static Sequence sequence(OnnxNodeCase node, LstmModel model, int row) {
        Array x = node.inputs().get("X");
        int steps = node.input("sequence_lens")
                .map(lengths -> (int) lengths.at(row))
                .orElse(x.size(node.batchFirst() ? 1 : 0));
        int width = x.size(2);
        float[] features = new float[steps * width];
        for (int step = 0; step < steps; step++) {
            for (int at = 0; at < width; at++) {
                features[step * width + at] = node.batchFirst() ? x.at(row, step, at) : x.at(step, row, at);
            }
        }
        Sequence sequence = Sequence.ofFeatures(steps, features);
        if (node.input("initial_h").isEmpty() && node.input("initial_c").isEmpty()) {
            return sequence;
        }
        LstmState start = LstmState.initial(model);
        node.input("initial_h").ifPresent(state -> put(node, state, row, start.hidden()));
        node.input("initial_c").ifPresent(state -> put(node, state, row, start.cell()));
        return sequence.from(start);
    }

    private static void put(OnnxNodeCase node, Array state, int row, float[][] target) {
        for (int direction = 0; direction < target.length; direction++) {
            for (int at = 0; at < target[direction].length; at++) {
                target[direction][at] = state(node, state, row, direction, at);
            }
        }
    }

    private static float state(OnnxNodeCase node, Array state, int row, int direction, int at) {
        return node.batchFirst() ? state.at(row, direction, at) : state.at(direction, row, at);
    }

    private static void compareSteps(OnnxNodeCase node, KernelChoice kernel, int row, int steps, float[][] hidden) {
        Array expected = node.outputs().get("Y");
        if (expected == null) {
            return;
        }
        int directions = expected.size(node.batchFirst() ? 2 : 1);
        int units = expected.size(3);
        for (int step = 0; step < expected.size(node.batchFirst() ? 1 : 0); step++) {
            for (int at = 0; at < directions * units; at++) {
                int direction = at / units;
                float value = node.batchFirst()
                        ? expected.at(row, step, direction, at % units)
                        : expected.at(step, direction, row, at % units);
                float actual =
                        step < steps ? hidden[step][at] : 0; // the expected output is 0 after the end of a sequence
                compare(
                        node,
                        kernel,
                        String.format(Locale.ROOT, "Y at row %d, step %d, unit %d", row, step, at),
                        actual,
                        value);
            }
        }
    }

    private static void compareStates(OnnxNodeCase node, KernelChoice kernel, String name, int row, float[][] states) {
        Array expected = node.outputs().get(name);
        for (int direction = 0; expected != null && direction < states.length; direction++) {
            for (int at = 0; at < states[direction].length; at++) {
                String what =
                        String.format(Locale.ROOT, "%s at row %d, direction %d, unit %d", name, row, direction, at);
                compare(node, kernel, what, states[direction][at], state(node, expected, row, direction, at));
            }
        }
    }

    private static void compare(OnnxNodeCase node, KernelChoice kernel, String what, float actual, float expected) {
        boolean inaccurate = INACCURATE.stream().anyMatch(node.name()::contains);
        double error = Math.abs((double) actual - expected);
        assertThat(error)
                .as("%s on %s: %s: found %s, expected %s", node, kernel, what, actual, expected)
                .isLessThanOrEqualTo(Tolerance.onnxState(inaccurate, expected));
        if (!inaccurate) {
            LOG.error(kernel, error);
        }
    }

    @Test
    void otherCellsAreRejected() throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (String cell : List.of("gru", "rnn")) {
            for (JsonNode json : OnnxNodeCase.lines(cell + "_cases.jsonl")) {
                files.add(OnnxNodeCase.file(
                        cell.toUpperCase(Locale.ROOT), json, OnnxNodeCase.arrays(json.path("inputs"))));
            }
        }
        for (Path folder : OnnxNodeCase.folder("onnx-node").stream().toList()) {
            try (Stream<Path> found = Files.walk(folder)) {
                for (Path file : found.filter(path -> path.endsWith("model.onnx"))
                        .sorted()
                        .toList()) {
                    if (!file.toString().contains("lstm")) {
                        files.add(Files.readAllBytes(file));
                    }
                }
            }
        }
        assumePresent(files, "onnx-node or onnxruntime");
        for (byte[] file : files) {
            assertThatThrownBy(() -> OnnxReaderTest.read(file))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("expected an LSTM; only LSTMs can be scored");
        }
        LOG.ran(files.size() + " GRUs and RNNs rejected");
    }

    @Test
    void modelsExportedByPyTorch() throws IOException {
        List<Path> folders = OnnxNodeCase.folder("torch-onnx").stream()
                .flatMap(OnnxCasesTest::list)
                .filter(Files::isDirectory)
                .sorted()
                .toList();
        assumePresent(folders, "torch-onnx");
        assertThat(folders).hasSize(2);
        int sequences = 0;
        for (Path folder : folders) {
            LstmModel model = ModelReader.read(folder.resolve("model.onnx"), TensorNames.automatic())
                    .model();
            LstmModel same = ModelReader.read(folder.resolve("same_weights.safetensors"), TensorNames.automatic())
                    .model();
            assertThat(model.fingerprint()).as("%s", folder.getFileName()).isEqualTo(same.fingerprint());
            for (KernelChoice kernel : KernelChoice.values()) {
                sequences += runTorch(folder, model, kernel);
            }
        }
        LOG.ran(String.format(
                Locale.ROOT,
                "%d models exported by PyTorch, bit-identical to safetensors, %d scored sequences",
                folders.size(),
                sequences));
    }

    private static Stream<Path> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int runTorch(Path folder, LstmModel model, KernelChoice kernel) throws IOException {
        InputKind input = model.embedding().isPresent() ? InputKind.EMBEDDING : InputKind.FEATURES;
        CompiledModel compiled = CompiledModel.compile(model, input, kernel);
        int sequences = 0;
        Tensors expected = Tensors.read(folder.resolve("expected.safetensors"));
        for (String line : Files.readAllLines(folder.resolve("inputs.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            List<Sequence> batch = List.of(sequence(json));
            String id = json.path("id").asText();
            ScoredSequence each = compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.SOFTMAX), 1))
                    .score(batch)
                    .get(0);
            LstmState state = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE), 1))
                    .score(batch)
                    .get(0)
                    .state();
            compare(
                    kernel,
                    id + " probabilities",
                    each.softmax(),
                    expected.matrix("probs." + id).orElseThrow());
            compare(
                    kernel,
                    id + " h",
                    state.hidden(),
                    expected.matrix("h_final." + id).orElseThrow());
            compare(
                    kernel,
                    id + " c",
                    state.cell(),
                    expected.matrix("c_final." + id).orElseThrow());
            sequences++;
        }
        return sequences;
    }

    private static Sequence sequence(JsonNode json) {
        if (json.has("tokens")) {
            int[] tokens = new int[json.path("tokens").size()];
            for (int at = 0; at < tokens.length; at++) {
                tokens[at] = json.path("tokens").get(at).asInt();
            }
            return Sequence.ofTokens(tokens);
        }
        JsonNode rows = json.path("features");
        float[] features = new float[rows.size() * rows.path(0).size()];
        for (int at = 0; at < features.length; at++) {
            int width = rows.path(0).size();
            features[at] = (float) rows.get(at / width).get(at % width).asDouble();
        }
        return Sequence.ofFeatures(rows.size(), features);
    }

    private static void compare(KernelChoice kernel, String what, float[][] actual, float[][] expected) {
        LOG.compare(kernel, what, actual, expected, value -> Tolerance.onnxState(false, value));
    }

    @Test
    void badFiles() throws IOException {
        List<Path> folders = OnnxNodeCase.folder("bad-files").stream().toList();
        assumePresent(folders, "bad-files");
        JsonNode manifest = new ObjectMapper()
                .readTree(folders.get(0).resolve("manifest.json").toFile());
        int rejected = 0;
        int accepted = 0;
        for (JsonNode entry : manifest.path("files")) {
            Path file = folders.get(0).resolve(entry.path("file").asText());
            if (!file.toString().endsWith(".onnx")) {
                continue;
            }
            if (entry.path("expect").asText().equals("accept")) {
                assertThat(ModelReader.read(file, TensorNames.automatic())
                                .model()
                                .layers())
                        .hasSize(1);
                accepted++;
            } else {
                assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic()))
                        .isInstanceOf(ModelException.class)
                        .hasMessageStartingWith(file.getFileName() + ": ");
                rejected++;
            }
        }
        assertThat(rejected + accepted).isEqualTo(4); // the others are safetensors, see BadFilesTest
        LOG.ran(String.format(Locale.ROOT, "%d bad files rejected, %d good ones read", rejected, accepted));
    }

    @Test
    void aWrongHiddenSizeIsReported() {
        Path file = OnnxNodeCase.folder("bad-files").orElseThrow().resolve("onnx_wrong_hidden.onnx");

        assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic()))
                .hasMessage("onnx_wrong_hidden.onnx: node 0 (LSTM): hidden_size is 5, but R 'R' (1, 12, 3) has H = 3: "
                        + "expected the same; export it again");
    }
}
