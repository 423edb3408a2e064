package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/** Expected values of ONNX Runtime's own tests: peepholes, clip, both directions and initial states. */
class OnnxRuntimeCasesTest {
    private static final int[] BLOCKS = {0, 2, 3, 1}; // positions of i, f, g, o in ONNX's order i, o, f, c

    private static Stream<Arguments> cases() {
        return lines().flatMap(line -> Arrays.stream(KernelChoice.values())
                .map(kernel -> Arguments.of(
                        line.path("test").asText() + " " + line.path("case").asText(), kernel, line)));
    }

    private static Stream<JsonNode> lines() {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> lines = new ArrayList<>();
        try (InputStream in = OnnxRuntimeCasesTest.class.getResourceAsStream("/onnxruntime/lstm_cases.jsonl")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            for (String line : text.strip().split("\n", -1)) {
                lines.add(mapper.readTree(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return lines.stream();
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("cases")
    void ours(String name, KernelChoice kernel, JsonNode line) {
        OnnxCase expected = new OnnxCase(line);
        CompiledModel compiled = CompiledModel.compile(expected.model(), InputKind.FEATURES, kernel);
        List<ScoredSequence> each = compiled.scorer(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN), 1))
                .score(expected.sequences());
        List<ScoredSequence> last = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.STATE), 1))
                .score(expected.sequences());
        for (int s = 0; s < each.size(); s++) {
            expected.assertSteps(s, each.get(s).hidden());
            expected.assertEnd("Y_h", s, last.get(s).state().hidden());
            expected.assertEnd("Y_c", s, last.get(s).state().cell());
        }
    }

    /** A test case: one line of the file. */
    private static final class OnnxCase {
        private final JsonNode line;
        private final int directions;
        private final int hidden;
        private final int width;
        private final int steps;
        private final int batch;

        OnnxCase(JsonNode line) {
            this.line = line;
            this.hidden = line.path("attributes").path("hidden_size").asInt();
            JsonNode x = input("X").path("dims");
            this.steps = x.path(0).asInt();
            this.batch = x.path(1).asInt();
            this.width = x.path(2).asInt();
            this.directions = input("W").path("dims").path(0).asInt();
        }

        private JsonNode input(String name) {
            return line.path("inputs").path(name);
        }

        LstmModel model() {
            LstmDirection first = direction(0);
            boolean reverse = line.path("attributes").path("direction").asText().equals("reverse");
            LstmLayer layer = directions == 2
                    ? LstmLayer.bidirectional(first, direction(1).backward())
                    : LstmLayer.of(reverse ? first.backward() : first);
            return new LstmModel(Optional.empty(), List.of(layer), Optional.empty());
        }

        private LstmDirection direction(int at) {
            float[] w = floats(input("W"));
            float[] r = floats(input("R"));
            float[] both = new float[4 * hidden];
            if (!input("B").isMissingNode()) {
                float[] b = floats(input("B"));
                for (int row = 0; row < both.length; row++) {
                    both[row] = b[at * 8 * hidden + row] + b[at * 8 * hidden + 4 * hidden + row];
                }
            }
            return LstmDirection.plain(
                            Matrix.of(4 * hidden, width, blocks(w, at * 4 * hidden * width, hidden * width)),
                            Matrix.of(4 * hidden, hidden, blocks(r, at * 4 * hidden * hidden, hidden * hidden)),
                            blocks(both, 0, hidden))
                    .with(variant(at));
        }

        private CellVariant variant(int at) {
            JsonNode attributes = line.path("attributes");
            CellVariant variant = CellVariant.PLAIN
                    .withClip((float) attributes.path("clip").asDouble(Float.POSITIVE_INFINITY))
                    .withActivations(activation(at, 0), activation(at, 1), activation(at, 2));
            variant = attributes.path("input_forget").asInt() == 1 ? variant.withCoupledGates() : variant;
            if (input("P").isMissingNode()) {
                return variant;
            }
            float[] p = floats(input("P"));
            int from = at * 3 * hidden;
            return variant.withPeepholes(new CellVariant.Peepholes(
                    Arrays.copyOfRange(p, from, from + hidden),
                    Arrays.copyOfRange(p, from + 2 * hidden, from + 3 * hidden),
                    Arrays.copyOfRange(p, from + hidden, from + 2 * hidden)));
        }

        private Activation activation(int direction, int at) {
            String name = line.path("attributes")
                    .path("activations")
                    .path(3 * direction + at)
                    .asText();
            return Activation.of(Activation.Kind.valueOf(name.toUpperCase(Locale.ROOT)));
        }

        List<Sequence> sequences() {
            float[] x = floats(input("X"));
            List<Sequence> sequences = new ArrayList<>();
            for (int s = 0; s < batch; s++) {
                int length = length(s);
                float[] features = new float[length * width];
                for (int step = 0; step < length; step++) {
                    System.arraycopy(x, (step * batch + s) * width, features, step * width, width);
                }
                sequences.add(Sequence.ofFeatures(length, features)
                        .from(new LstmState(start("initial_h", s), start("initial_c", s))));
            }
            return sequences;
        }

        private int length(int s) {
            JsonNode lengths = input("sequence_lens").path("data");
            return lengths.isMissingNode() ? steps : lengths.path(s).asInt();
        }

        private float[][] start(String name, int s) {
            float[][] start = new float[directions][hidden];
            if (!input(name).isMissingNode()) {
                float[] values = floats(input(name));
                for (int at = 0; at < directions; at++) {
                    start[at] = row(values, at, s);
                }
            }
            return start;
        }

        /** The value of a tensor of shape (directions, batch, H). */
        private float[] row(float[] values, int direction, int s) {
            int from = (direction * batch + s) * hidden;
            return Arrays.copyOfRange(values, from, from + hidden);
        }

        void assertSteps(int s, float[][] actual) {
            JsonNode output = line.path("outputs").path("Y");
            if (output.isMissingNode()) {
                return; // an output that this case does not have
            }
            float[] expected = floats(output);
            for (int step = 0; step < actual.length; step++) {
                for (int at = 0; at < directions; at++) {
                    float[] part = Arrays.copyOfRange(actual[step], at * hidden, (at + 1) * hidden);
                    assertClose("Y", part, row(expected, step * directions + at, s));
                }
            }
        }

        void assertEnd(String name, int s, float[][] actual) {
            JsonNode output = line.path("outputs").path(name);
            for (int at = 0; at < directions && !output.isMissingNode(); at++) {
                assertClose(name, actual[at], row(floats(output), at, s));
            }
        }

        private static void assertClose(String name, float[] actual, float[] expected) {
            for (int unit = 0; unit < expected.length; unit++) {
                assertThat((double) actual[unit])
                        .as("%s, unit %d", name, unit)
                        .isCloseTo(expected[unit], within(Tolerance.onnxRuntime()));
            }
        }

        private static float[] blocks(float[] values, int from, int block) {
            float[] ordered = new float[4 * block];
            for (int at = 0; at < 4; at++) {
                System.arraycopy(values, from + BLOCKS[at] * block, ordered, at * block, block);
            }
            return ordered;
        }

        private static float[] floats(JsonNode tensor) {
            float[] values = new float[tensor.path("data").size()];
            for (int at = 0; at < values.length; at++) {
                values[at] = (float) tensor.path("data").path(at).asDouble();
            }
            return values;
        }
    }
}
