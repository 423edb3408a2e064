package sluice.cell;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads expected values from a safetensors file of F32 matrices, independently of the reader under test. */
public final class Tensors {
    private final JsonNode header;
    private final ByteBuffer data;

    private Tensors(JsonNode header, ByteBuffer data) {
        this.header = header;
        this.data = data;
    }

    public static Tensors read(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            byte[] header = new byte[Math.toIntExact(bytes.getLong())];
            bytes.get(header);
            return new Tensors(
                    new ObjectMapper().readTree(header), bytes.slice().order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The rows of a matrix, if the file has it. */
    public Optional<float[][]> matrix(String name) {
        JsonNode tensor = header.path(name);
        if (tensor.isMissingNode()) {
            return Optional.empty();
        }
        float[][] rows = new float[tensor.path("shape").path(0).asInt()]
                [tensor.path("shape").path(1).asInt()];
        int at = tensor.path("data_offsets").path(0).asInt();
        for (float[] row : rows) {
            data.slice(at, row.length * Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(row);
            at += row.length * Float.BYTES;
        }
        return Optional.of(rows);
    }
}
