package sluice.cell.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/** Writes safetensors files for tests: whole models with PyTorch's tensor names, or any tensors. */
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /**
     * A tensor of the file.
     *
     * @param bytes little-endian
     */
    public record RawTensor(String name, String dtype, long[] shape, byte[] bytes) {
        /** A float32 tensor. */
        public static RawTensor f32(String name, float[] values, long... shape) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return new RawTensor(name, "F32", shape, bytes.array());
        }

        public static RawTensor f32(String name, Matrix matrix) {
            return f32(name, matrix.values(), matrix.rows(), matrix.columns());
        }
    }

    /** Writes a model with the names {@code embedding.weight}, {@code lstm.weight_ih_l0}, {@code decoder.weight} and so on. */
    public static void write(Path file, LstmModel model, Map<String, String> metadata) throws IOException {
        write(file, tensors(model), metadata);
    }

    /** Writes tensors in this order. */
    public static void write(Path file, List<RawTensor> tensors, Map<String, String> metadata) throws IOException {
        Files.write(file, bytes(tensors, metadata));
    }

    /** A file with these tensors. */
    public static byte[] bytes(List<RawTensor> tensors, Map<String, String> metadata) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        Map<String, String> entries = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            entries.put(
                    "__metadata__",
                    metadata.entrySet().stream()
                            .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
                            .collect(Collectors.joining(",", "{", "}")));
        }
        for (RawTensor tensor : tensors) {
            int begin = data.size();
            data.writeBytes(tensor.bytes());
            entries.put(
                    tensor.name(),
                    String.format(
                            Locale.ROOT,
                            "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                            tensor.dtype(),
                            Arrays.toString(tensor.shape()),
                            begin,
                            data.size()));
        }
        String header = entries.entrySet().stream()
                .map(entry -> quoted(entry.getKey()) + ":" + entry.getValue())
                .collect(Collectors.joining(",", "{", "}"));
        return bytes(header, data.toByteArray());
    }

    /** A file with this header and data. The header is padded with spaces to a multiple of 8 bytes, like the library does. */
    public static byte[] bytes(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return ByteBuffer.allocate(Long.BYTES + padded.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded.length)
                .put(padded)
                .put(data)
                .array();
    }

    /** The tensors of a model. Tests may add, remove or rename some. */
    public static List<RawTensor> tensors(LstmModel model) {
        List<RawTensor> tensors = new ArrayList<>();
        model.embedding().ifPresent(embedding -> tensors.add(RawTensor.f32("embedding.weight", embedding.table())));
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            for (LstmDirection direction : layer.directions()) {
                addDirection(tensors, "_l" + depth + (direction.reversed() ? "_reverse" : ""), direction);
            }
            depth++;
        }
        model.output().ifPresent(output -> {
            tensors.add(RawTensor.f32("decoder.weight", output.weights()));
            tensors.add(RawTensor.f32("decoder.bias", output.bias(), output.classes()));
        });
        return tensors;
    }

    private static void addDirection(List<RawTensor> tensors, String suffix, LstmDirection direction) {
        requireZeros(direction.initialHidden());
        requireZeros(direction.initialCell());
        tensors.add(RawTensor.f32("lstm.weight_ih" + suffix, direction.inputWeights()));
        tensors.add(RawTensor.f32("lstm.weight_hh" + suffix, direction.hiddenWeights()));
        tensors.add(RawTensor.f32("lstm.bias_ih" + suffix, direction.bias(), direction.bias().length));
        float[] nothing = new float[direction.bias().length];
        Arrays.fill(nothing, -0.0f); // the neutral element of addition: adding +0 would change -0
        tensors.add(RawTensor.f32("lstm.bias_hh" + suffix, nothing, nothing.length));
        direction
                .projection()
                .ifPresent(projection -> tensors.add(RawTensor.f32("lstm.weight_hr" + suffix, projection)));
    }

    private static void requireZeros(float[] state) {
        for (float value : state) {
            if (value != 0) {
                throw new IllegalArgumentException("a state dict can't hold initial states other than 0");
            }
        }
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
