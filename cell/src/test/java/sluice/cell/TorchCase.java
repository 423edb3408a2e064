package sluice.cell;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/** A model exported by PyTorch, its sequences, and PyTorch's results for them. */
public final class TorchCase {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final LstmModel model;
    private final List<Expected> sequences;

    /**
     * PyTorch's results for one sequence, in float64.
     *
     * @param stepLogProbabilities empty for features
     */
    record Expected(
            String id,
            Sequence sequence,
            Optional<float[][]> probabilities,
            Optional<float[][]> lastProbabilities,
            Optional<float[][]> outputs,
            float[][] finalHidden,
            float[][] finalCell,
            double logLikelihood,
            double[] stepLogProbabilities,
            int prediction,
            int[] topTokens,
            double[] topProbabilities) {
        /** The softmax at the last step. */
        float[] lastSoftmax() {
            float[][] rows = probabilities.or(this::lastProbabilities).orElseThrow();
            return rows[rows.length - 1];
        }
    }

    private TorchCase(String name, LstmModel model, List<Expected> sequences) {
        this.name = name;
        this.model = model;
        this.sequences = sequences;
    }

    static List<TorchCase> all() {
        try (Stream<Path> folders =
                Files.list(Path.of(TorchCase.class.getResource("/torch").toURI()))) {
            return folders.sorted().map(TorchCase::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    public static TorchCase named(String name) {
        return all().stream()
                .filter(torch -> torch.name.equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static TorchCase read(Path folder) {
        try {
            JsonNode config = JSON.readTree(folder.resolve("case.json").toFile());
            Tensors tensors = Tensors.read(folder.resolve("expected.safetensors"));
            List<String> lines = Files.readAllLines(folder.resolve("inputs.jsonl"));
            List<Expected> sequences = new ArrayList<>();
            for (int at = 0; at < lines.size(); at++) {
                sequences.add(expected(
                        JSON.readTree(lines.get(at)), config.path("sequences").path(at), tensors));
            }
            LstmModel model = ModelReader.read(folder.resolve("model.safetensors"), TensorNames.automatic())
                    .model();
            return new TorchCase(config.path("name").asText(), model, sequences);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Expected expected(JsonNode input, JsonNode scores, Tensors tensors) {
        String id = input.path("id").asText();
        if (!id.equals(scores.path("id").asText())) {
            throw new AssertionError("inputs and scores in another order: %s, %s".formatted(id, scores.path("id")));
        }
        return new Expected(
                id,
                sequence(input),
                tensors.matrix("probs." + id),
                tensors.matrix("probs_last." + id),
                tensors.matrix("out." + id),
                tensors.matrix("h_final." + id).orElseThrow(),
                tensors.matrix("c_final." + id).orElseThrow(),
                scores.path("loglik").asDouble(),
                doubles(scores.path("step_logprob")),
                scores.path("last_step_argmax").asInt(),
                ints(scores.path("last_step_top5")),
                doubles(scores.path("last_step_top5_probs")));
    }

    private static Sequence sequence(JsonNode input) {
        if (input.has("tokens")) {
            return Sequence.ofTokens(ints(input.path("tokens")));
        }
        List<Double> features = stream(input.path("features"))
                .flatMap(TorchCase::stream)
                .map(JsonNode::asDouble)
                .collect(Collectors.toList());
        float[] values = new float[features.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = features.get(at).floatValue();
        }
        return Sequence.ofFeatures(input.path("features").size(), values);
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static int[] ints(JsonNode array) {
        return stream(array).mapToInt(JsonNode::asInt).toArray();
    }

    private static double[] doubles(JsonNode array) {
        return stream(array).mapToDouble(JsonNode::asDouble).toArray();
    }

    public LstmModel model() {
        return model;
    }

    List<Expected> sequences() {
        return sequences;
    }

    InputKind input() {
        return model.embedding().isPresent() ? InputKind.EMBEDDING : InputKind.FEATURES;
    }

    /** Whether its sequences are tokens, so that they have likelihoods. */
    boolean hasTargets() {
        return input().takesTokens();
    }

    /** Whether its gates are saturated, so that float32 has larger errors. */
    boolean stress() {
        return name.startsWith("stress");
    }

    @Override
    public String toString() {
        return name;
    }
}
