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
 * A directory of real tables and trained weights:
 *
 * <pre>
 *   05_logs/hdfs_train, hdfs_test_abnormal             sessions of a log, one per line
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
     * A model of the characters of a text. Embedding and LSTM are trained; the weights of the output layer are random, because
     * textgenrnn has more than one layer after the LSTM.
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
            int row = numbers.path(alphabet.substring(token, token + 1))
                    .asInt(); // 0, the padding token, for an unknown character
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
