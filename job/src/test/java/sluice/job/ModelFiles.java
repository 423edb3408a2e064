package sluice.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/** Writes small model files of kinds that the reference cases don't have: safetensors under PyTorch's names. */
final class ModelFiles {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int HIDDEN = 4; // H of all models here

    private final ObjectNode header = JSON.createObjectNode();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Random random =
            new Random(17); // the weights are nobody's: only that they are the same each time matters

    private ModelFiles() {}

    /** A model without an embedding; with no output layer where {@code classes} is 0. */
    static Path withoutEmbedding(Path file, int inputWidth, int classes) {
        ModelFiles model = new ModelFiles();
        model.lstm(inputWidth);
        if (classes > 0) {
            model.tensor("fc.weight", classes, HIDDEN);
            model.tensor("fc.bias", classes);
        }
        return model.write(file);
    }

    /** A model with an embedding whose classes are not its tokens. */
    static Path classifier(Path file, int tokens, int classes) {
        ModelFiles model = new ModelFiles();
        model.tensor("embedding.weight", tokens, 3);
        model.lstm(3);
        model.tensor("fc.weight", classes, HIDDEN);
        return model.write(file);
    }

    /** The same model with something in its metadata. */
    static Path withMetadata(Path model, Path file, Map<String, String> metadata) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(model)).order(ByteOrder.LITTLE_ENDIAN);
            byte[] header = new byte[(int) bytes.getLong()];
            bytes.get(header);
            ModelFiles copy = new ModelFiles();
            copy.header.setAll((ObjectNode) JSON.readTree(header));
            copy.header.set("__metadata__", JSON.valueToTree(metadata));
            copy.data.write(bytes.array(), bytes.position(), bytes.remaining());
            return copy.write(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LstmModel read(Path file) {
        try {
            return ModelReader.read(file, TensorNames.automatic()).model();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void lstm(int inputWidth) {
        tensor("lstm.weight_ih_l0", 4 * HIDDEN, inputWidth);
        tensor("lstm.weight_hh_l0", 4 * HIDDEN, HIDDEN);
        tensor("lstm.bias_ih_l0", 4 * HIDDEN);
        tensor("lstm.bias_hh_l0", 4 * HIDDEN);
    }

    private void tensor(String name, int... shape) {
        int values = 1;
        for (int dimension : shape) {
            values *= dimension;
        }
        ByteBuffer bytes = ByteBuffer.allocate(values * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            bytes.putFloat(random.nextFloat() - 0.5f);
        }
        int begin = data.size();
        data.writeBytes(bytes.array());
        ObjectNode entry = header.putObject(name).put("dtype", "F32");
        entry.set("shape", JSON.valueToTree(shape));
        entry.set("data_offsets", JSON.valueToTree(new int[] {begin, data.size()}));
    }

    private Path write(Path file) {
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + json.length + data.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data.toByteArray());
        try {
            return Files.write(file, bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
