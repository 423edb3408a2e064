package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.engine.CompiledModel;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.file.TensorNames;

/** Files of Keras and PyTorch's exporters, made by {@code ends/make_ends.py}: their note names the output kind with their own numbers. */
class OutputEndsTest {
    private static Path file(String name) {
        try {
            return Path.of(OutputEndsTest.class.getResource("/ends/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "k_sigmoid.keras     | SIGMOID | ends in a sigmoid: --emit sigmoid",
                "k_activation.keras  | SIGMOID | ends in a sigmoid: --emit sigmoid",
                "k_linear.h5         | LOGITS  | ends in its output layer: --emit logits; for probabilities --emit softmax (trained with cross-entropy) or sigmoid (binary cross-entropy)",
                "k_softmax.keras     | SOFTMAX | ends in a softmax: --emit softmax",
                "o_sigmoid.onnx      | SIGMOID | ends in a sigmoid: --emit sigmoid",
                "o_dy_sigmoid.onnx   | SIGMOID | ends in a sigmoid: --emit sigmoid",
                "o_linear.onnx       | LOGITS  | ends in its output layer: --emit logits; for probabilities --emit softmax (trained with cross-entropy) or sigmoid (binary cross-entropy)",
                "o_softmax.onnx      | SOFTMAX | ends in a softmax: --emit softmax"
            })
    void theNamedOutputHasTheNumbersOfTheFramework(String name, OutputKind kind, String end) throws IOException {
        ModelFile model = ModelReader.read(file(name), TensorNames.automatic());
        assertThat(model.notes()).filteredOn(note -> note.endsWith(" " + end)).hasSize(1);

        JsonNode expected = new ObjectMapper().readTree(file("expected.json").toFile());
        JsonNode tokens = expected.path("tokens");
        for (int row = 0; row < tokens.size(); row++) {
            int[] ids = new int[tokens.path(row).size()];
            for (int at = 0; at < ids.length; at++) {
                ids[at] = tokens.path(row).path(at).asInt();
            }
            ScoredSequence scored = CompiledModel.compile(model.model(), InputKind.EMBEDDING, KernelChoice.AUTO)
                    .scorer(new ScoreRequest(Steps.LAST, List.of(kind), 1))
                    .score(List.of(Sequence.ofTokens(ids)))
                    .get(0);
            float[] answer = switch (kind) {
                case LOGITS -> scored.logits()[0];
                case SIGMOID -> scored.sigmoid()[0];
                default -> scored.softmax()[0];
            };
            JsonNode outputs = expected.path("outputs").path(name).path(row);
            assertThat(answer).as(name).hasSize(outputs.size());
            for (int at = 0; at < answer.length; at++) {
                double wanted = outputs.path(at).asDouble();
                assertThat((double) answer[at])
                        .as("%s, row %d, output %d", name, row, at)
                        .isCloseTo(wanted, within(Tolerance.keras(wanted)));
            }
        }
    }

    @Test
    void aLogSoftmax() throws IOException {
        assertThat(ModelReader.read(file("o_log_softmax.onnx"), TensorNames.automatic())
                        .notes())
                .anyMatch(
                        note -> note.endsWith(
                                " ends in a log-softmax: --emit softmax for the probabilities, loglik or logprob for logarithms"));
    }

    @Test
    void aSingleOutputHasNoSoftmax() {
        assertThat(OutputEnd.LINEAR.sentence(1))
                .isEqualTo(
                        "ends in its output layer: --emit logits; for the probability --emit sigmoid (trained with binary cross-entropy)");
    }
}
