package sluice.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import sluice.cell.Sequence;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/** A reference case of the cell module: a model and sequences of token ids. */
record TorchCase(Path folder, LstmModel model, List<int[]> tokens) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static TorchCase named(String name) {
        Path folder = folder(name);
        try {
            LstmModel model = ModelReader.read(folder.resolve("model.safetensors"), TensorNames.automatic())
                    .model();
            List<int[]> tokens = new ArrayList<>();
            for (String line : Files.readAllLines(folder.resolve("inputs.jsonl"))) {
                JsonNode ids = JSON.readTree(line).path("tokens");
                int[] sequence = new int[ids.size()];
                for (int step = 0; step < sequence.length; step++) {
                    sequence[step] = ids.get(step).intValue();
                }
                tokens.add(sequence);
            }
            return new TorchCase(folder, model, tokens);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the files of a case are. */
    static Path folder(String name) {
        return Path.of("..", "cell", "src", "test", "resources", "torch", name);
    }

    String modelPath() {
        return folder.resolve("model.safetensors").toString();
    }

    String inputPath() {
        return folder.resolve("inputs.jsonl").toString();
    }

    List<Sequence> sequences() {
        return tokens.stream().map(Sequence::ofTokens).toList();
    }
}
