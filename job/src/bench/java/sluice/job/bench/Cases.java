package sluice.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import sluice.cell.bench.RandomWeights;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/**
 * Real tables, and weights that were trained, in a directory:
 *
 * <pre>
 *   05_logs/hdfs_train, hdfs_test_abnormal             sessions of a log, one a line
 *   06_lm_data/tinyshakespeare_input.txt               a text
 *   04_pretrained/textgenrnn_textgenrnn_weights/       textgenrnn's LSTM: model.safetensors, textgenrnn_vocab.json
 * </pre>
 */
record Cases(Path directory) {
    private static final String TRAINED = "04_pretrained/textgenrnn_textgenrnn_weights";
    private static final long SEED = 20_005;

    LogSessions sessions() throws IOException {
        return LogSessions.ofFiles(
                directory.resolve("05_logs/hdfs_train"), directory.resolve("05_logs/hdfs_test_abnormal"));
    }

    TextLines lines() throws IOException {
        return TextLines.ofFile(directory.resolve("06_lm_data/tinyshakespeare_input.txt"));
    }

    /**
     * A model of the characters of a text: embedding and LSTM were trained. What textgenrnn does behind them is no single layer, so the
     * output layer's weights are random.
     */
    LstmModel textModel(String alphabet) throws IOException {
        LstmModel trained = ModelReader.read(
                        directory.resolve(TRAINED).resolve("model.safetensors"), TensorNames.automatic())
                .model();
        JsonNode numbers = new ObjectMapper()
                .readTree(directory
                        .resolve(TRAINED)
                        .resolve("textgenrnn_vocab.json")
                        .toFile());
        Matrix table = trained.embedding().orElseThrow().table();
        float[] rows = new float[alphabet.length() * table.columns()];
        for (int token = 0; token < alphabet.length(); token++) {
            int row = numbers.path(alphabet.substring(token, token + 1)).asInt(); // 0, its padding, where it has none
            System.arraycopy(table.values(), row * table.columns(), rows, token * table.columns(), table.columns());
        }
        RandomWeights random = new RandomWeights(SEED);
        OutputLayer output = new OutputLayer(
                random.matrix(alphabet.length(), trained.outputWidth(), 1), random.floats(alphabet.length(), 1));
        return new LstmModel(
                Optional.of(new Embedding(Matrix.of(alphabet.length(), table.columns(), rows))),
                trained.layers(),
                Optional.of(output));
    }
}
