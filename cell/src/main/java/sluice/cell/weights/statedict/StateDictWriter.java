package sluice.cell.weights.statedict;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StrictJson;

/**
 * Writes a model as safetensors under PyTorch's names: {@code embedding.weight}, {@code lstm.weight_ih_l0} and so on,
 * {@code decoder.weight}. PyTorch modules with these names can load the file, and reading it back yields the same
 * fingerprint.
 *
 * <p>Features that {@code nn.LSTM} lacks are stored in further tensors ({@code lstm.peephole_i_l0}, {@code
 * lstm.initial_h_l0}) and in a {@link ModelDescription}. The bytes depend only on model and metadata.
 */
public final class StateDictWriter {
    static final String EMBEDDING = "embedding.weight";
    static final String OUTPUT_WEIGHTS = "decoder.weight";
    static final String OUTPUT_BIAS = "decoder.bias";
    static final String LSTM = "lstm.";
    static final String REVERSE = "_reverse";

    private static final int ALIGNMENT = 8; // of the data, in bytes, as in the reference implementation
    private static final int CHUNK_FLOATS = 1 << 16;

    private record Tensor(Shape shape, float[] values) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>(); // by name, in file order

    private StateDictWriter() {}

    /**
     * Writes a model.
     *
     * @param metadata entries for the file's metadata. Omitted are entries that a reader would take for an alias of a
     *     tensor or for the model description, and entries longer than a reader accepts
     * @param file output, which is not closed
     */
    public static void write(LstmModel model, Map<String, String> metadata, OutputStream file) throws IOException {
        StateDictWriter writer = new StateDictWriter();
        writer.add(model);
        writer.writeHeader(model, metadata, file);
        for (Tensor tensor : writer.tensors.values()) {
            writeValues(tensor.values(), file);
        }
    }

    /** {@code lstm.weight_ih_l0_reverse}. */
    static String name(String kind, String suffix) {
        return LSTM + kind + suffix;
    }

    /** {@code embeddings.0.weight}: the embedding of one of several inputs. */
    static String embedding(int part) {
        return "embeddings." + part + ".weight";
    }

    private void add(LstmModel model) {
        for (int at = 0; at < model.parts().size(); at++) {
            if (model.parts().get(at).table() != null) {
                add(embedding(at), model.parts().get(at).table());
            }
        }
        model.embedding().ifPresent(embedding -> add(EMBEDDING, embedding.table()));
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            for (LstmDirection direction : layer.directions()) {
                add("_l" + depth + (direction.reversed() ? REVERSE : ""), direction);
            }
            depth++;
        }
        model.output().ifPresent(output -> {
            add(OUTPUT_WEIGHTS, output.weights());
            add(OUTPUT_BIAS, output.bias());
        });
    }

    private void add(String suffix, LstmDirection direction) {
        add(name("weight_ih", suffix), direction.inputWeights());
        add(name("weight_hh", suffix), direction.hiddenWeights());
        add(name("bias_ih", suffix), direction.bias());
        float[] zeros = new float[direction.bias().length];
        Arrays.fill(zeros, -0f); // adding -0 preserves every bit; adding 0 would turn -0 into 0
        add(name("bias_hh", suffix), zeros);
        direction.projection().ifPresent(projection -> add(name("weight_hr", suffix), projection));
        if (hasInitialState(direction)) {
            add(name("initial_h", suffix), direction.initialHidden());
            add(name("initial_c", suffix), direction.initialCell());
        }
        direction.variant().peepholes().ifPresent(peepholes -> add(suffix, peepholes));
    }

    private void add(String suffix, CellVariant.Peepholes peepholes) {
        add(name("peephole_i", suffix), peepholes.input());
        add(name("peephole_f", suffix), peepholes.forget());
        add(name("peephole_o", suffix), peepholes.output());
    }

    private void add(String name, Matrix matrix) {
        tensors.put(name, new Tensor(Shape.of(matrix.rows(), matrix.columns()), matrix.values()));
    }

    private void add(String name, float[] vector) {
        tensors.put(name, new Tensor(Shape.of(vector.length), vector));
    }

    /** Whether an initial state differs from zero; -0 counts as different. */
    static boolean hasInitialState(LstmDirection direction) {
        return hasNonZeroBits(direction.initialHidden()) || hasNonZeroBits(direction.initialCell());
    }

    private static boolean hasNonZeroBits(float[] state) {
        for (float value : state) {
            if (Float.floatToRawIntBits(value) != 0) {
                return true;
            }
        }
        return false;
    }

    private void writeHeader(LstmModel model, Map<String, String> metadata, OutputStream file) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeObjectFieldStart("__metadata__");
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                if (isAllowedMetadata(entry.getKey(), entry.getValue())) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
            }
            String description = ModelDescription.of(model).orElse(null);
            if (description != null) {
                json.writeStringField(ModelDescription.KEY, description);
            }
            json.writeEndObject();
            long begin = 0;
            for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
                begin = writeEntry(json, tensor.getKey(), tensor.getValue(), begin);
            }
            json.writeEndObject();
        }
        byte[] header = text.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(header, (header.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        file.write(ByteBuffer.allocate(FileKind.SAFETENSORS_LENGTH_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded.length)
                .array());
        file.write(padded);
    }

    private boolean isAllowedMetadata(String key, String value) {
        return !key.equals(ModelDescription.KEY)
                && !tensors.containsKey(value)
                && key.length() <= StrictJson.MAX_NAME_CHARACTERS
                && value.length() <= StrictJson.MAX_STRING_CHARACTERS;
    }

    private static long writeEntry(JsonGenerator json, String name, Tensor tensor, long begin) throws IOException {
        long end = begin + (long) tensor.values().length * Float.BYTES;
        json.writeObjectFieldStart(name);
        json.writeStringField("dtype", "F32");
        json.writeArrayFieldStart("shape");
        for (int axis = 0; axis < tensor.shape().rank(); axis++) {
            json.writeNumber(tensor.shape().dimension(axis));
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(begin);
        json.writeNumber(end);
        json.writeEndArray();
        json.writeEndObject();
        return end;
    }

    private static void writeValues(float[] values, OutputStream file) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(Math.min(CHUNK_FLOATS, values.length) * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += CHUNK_FLOATS) {
            int count = Math.min(CHUNK_FLOATS, values.length - from);
            chunk.clear();
            chunk.asFloatBuffer().put(values, from, count);
            file.write(chunk.array(), 0, count * Float.BYTES);
        }
    }
}
