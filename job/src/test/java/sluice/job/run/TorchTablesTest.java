package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.ExpectedMatrices;
import sluice.job.fixture.Run;
import sluice.job.fixture.ScoredTable;
import sluice.job.fixture.TorchCase;

/** Models that PyTorch made, through the whole job: what comes out is what PyTorch says. */
class TorchTablesTest {
    private static final double PROBABILITY = 1e-6;
    private static final double STATE = 1e-5;
    private static final double LOG_LIKELIHOOD = 1e-5; // relative

    @TempDir
    private Path directory;

    /** Stacked, bidirectional, with features for tokens, and with another program's names for its parts. */
    @ParameterizedTest
    @CsvSource({"uni_l2_h17, tokens", "bi_l2_h17, tokens", "float_l1_h17_in4, features", "names_wlm_encoder_rnn, tokens"
    })
    void theJobScoresAsPyTorchDoes(String name, String column) throws IOException {
        boolean targets = column.equals("tokens");
        score(name, column, "each", targets ? "softmax,loglik" : "softmax");
        score(name, column, "last", "state");
        Map<String, JsonNode> steps = ScoredTable.rows(directory.resolve("each"));
        Map<String, JsonNode> ends = ScoredTable.rows(directory.resolve("last"));

        Path files = TorchCase.folder(name);
        ExpectedMatrices expected = ExpectedMatrices.read(files.resolve("expected.safetensors"));
        JsonNode sequences =
                new ObjectMapper().readTree(files.resolve("case.json").toFile()).path("sequences");
        assertThat(steps).hasSize(sequences.size());
        assertThat(ends).hasSize(sequences.size());
        for (JsonNode sequence : sequences) {
            String id = sequence.path("id").textValue();
            assertMatrix(
                    "softmax of " + id, steps.get(id).path("softmax"), expected.matrix("probs." + id), PROBABILITY);
            JsonNode state = ends.get(id).path("state");
            assertMatrix("h of " + id, state.path("h"), expected.matrix("h_final." + id), STATE);
            assertMatrix("c of " + id, state.path("c"), expected.matrix("c_final." + id), STATE);
            if (targets) {
                double loglik = sequence.path("loglik").doubleValue();
                assertThat(steps.get(id).path("loglik").path("sum").doubleValue())
                        .as("loglik of %s", id)
                        .isCloseTo(loglik, within(LOG_LIKELIHOOD * Math.abs(loglik)));
            }
        }
    }

    private void score(String name, String column, String at, String emit) {
        Path files = TorchCase.folder(name);
        new Run()
                .with("model.path", files.resolve("model.safetensors"))
                .with("input.path", files.resolve("inputs.jsonl"))
                .with("input.format", "json")
                .with("input.tokens", column)
                .with("output.path", directory.resolve(at))
                .with("output.format", "json")
                .with("output.at", at)
                .with("output.emit", emit)
                .score();
    }

    private static void assertMatrix(String what, JsonNode actual, float[][] expected, double allowed) {
        assertThat(expected).as("%s, as expected", what).isNotEmpty();
        assertThat(actual.size()).as("rows of %s", what).isEqualTo(expected.length);
        for (int row = 0; row < expected.length; row++) {
            assertThat(actual.path(row).size()).as("width of %s", what).isEqualTo(expected[row].length);
            for (int at = 0; at < expected[row].length; at++) {
                assertThat(actual.path(row).path(at).doubleValue())
                        .as("%s at %d, %d", what, row, at)
                        .isCloseTo(expected[row][at], within(allowed));
            }
        }
    }
}
