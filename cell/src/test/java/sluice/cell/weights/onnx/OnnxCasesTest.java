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

/** What others computed with ONNX files: read, and scored by every kernel. */
class OnnxCasesTest {
    /** Their sources say that these literals are up to 6e-5 off. */
    private static final List<String> ROUGH = List.of("ShorterSeqInMiddle", "ZeroSeqInMiddle");

    private static final CaseLog LOG = new CaseLog("ONNX");

    @AfterAll
    static void summary() {
        LOG.print();
    }

    private static void requireThere(List<?> cases, String folder) {
        Assumptions.assumeFalse(cases.isEmpty(), () -> "no cases: the test resource " + folder + " is not there");
    }

    @Test
    void nodeTestsOfOnnx() throws IOException {
        List<OnnxNodeCase> cases = OnnxNodeCase.nodeTests();
        requireThere(cases, "onnx-node");
        assertThat(cases).hasSize(12); // as many folders of the name lstm as there are
        runAll("node tests of ONNX", cases);
    }

    @Test
    void vectorsOfOnnxRuntime() throws IOException {
        List<OnnxNodeCase> cases = OnnxNodeCase.runtimeVectors();
        requireThere(cases, "onnxruntime");
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
        LOG.ran("%d %s (%d with variants of the cell), %d runs of a sequence on %d kernels"
                .formatted(cases.size(), what, variants, rows, KernelChoice.values().length));
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
            // A sequence of no steps is answered from where it starts here, by zeros there.
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
                float there = node.batchFirst()
                        ? expected.at(row, step, direction, at % units)
                        : expected.at(step, direction, row, at % units);
                float here = step < steps ? hidden[step][at] : 0; // what is beyond a sequence is 0 there
                compare(node, kernel, "Y at row %d, step %d, unit %d".formatted(row, step, at), here, there);
            }
        }
    }

    private static void compareStates(OnnxNodeCase node, KernelChoice kernel, String name, int row, float[][] states) {
        Array expected = node.outputs().get(name);
        for (int direction = 0; expected != null && direction < states.length; direction++) {
            for (int at = 0; at < states[direction].length; at++) {
                String what = "%s at row %d, direction %d, unit %d".formatted(name, row, direction, at);
                compare(node, kernel, what, states[direction][at], state(node, expected, row, direction, at));
            }
        }
    }

    private static void compare(OnnxNodeCase node, KernelChoice kernel, String what, float here, float there) {
        boolean rough = ROUGH.stream().anyMatch(node.name()::contains);
        double error = Math.abs((double) here - there);
        assertThat(error)
                .as("%s on %s: %s: %s, not %s", node, kernel, what, here, there)
                .isLessThanOrEqualTo(Tolerance.onnxState(rough, there));
        if (!rough) {
            LOG.error(kernel, error);
        }
    }

    @Test
    void otherCellsAreRefused() throws IOException {
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
        requireThere(files, "onnx-node or onnxruntime");
        for (byte[] file : files) {
            assertThatThrownBy(() -> OnnxReaderTest.read(file))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("expected an LSTM; only LSTMs can be scored");
        }
        LOG.ran(files.size() + " GRUs and RNNs refused");
    }

    @Test
    void modelsThatPyTorchExported() throws IOException {
        List<Path> folders = OnnxNodeCase.folder("torch-onnx").stream()
                .flatMap(OnnxCasesTest::list)
                .filter(Files::isDirectory)
                .sorted()
                .toList();
        requireThere(folders, "torch-onnx");
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
        LOG.ran("%d models that PyTorch exported, the same bits as in safetensors, %d runs of a sequence"
                .formatted(folders.size(), sequences));
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

    private static void compare(KernelChoice kernel, String what, float[][] here, float[][] there) {
        LOG.compare(kernel, what, here, there, expected -> Tolerance.onnxState(false, expected));
    }

    @Test
    void badFiles() throws IOException {
        List<Path> folders = OnnxNodeCase.folder("bad-files").stream().toList();
        requireThere(folders, "bad-files");
        JsonNode manifest = new ObjectMapper()
                .readTree(folders.get(0).resolve("manifest.json").toFile());
        int refused = 0;
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
                refused++;
            }
        }
        assertThat(refused + accepted).isEqualTo(4); // the others are safetensors: BadFilesTest holds them all
        LOG.ran("%d bad files refused, %d good ones read".formatted(refused, accepted));
    }

    @Test
    void aHiddenSizeThatIsAnotherIsSaidSo() {
        Path file = OnnxNodeCase.folder("bad-files").orElseThrow().resolve("onnx_wrong_hidden.onnx");

        assertThatThrownBy(() -> ModelReader.read(file, TensorNames.automatic()))
                .hasMessage("onnx_wrong_hidden.onnx: node 0 (LSTM): hidden_size is 5, but R 'R' (1, 12, 3) has H = 3: "
                        + "expected the same; export it again");
    }
}
