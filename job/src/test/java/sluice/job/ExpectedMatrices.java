package sluice.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** The expected numbers, in a safetensors file of float32 matrices; on purpose not the reader that is under test. */
final class ExpectedMatrices {
    private final JsonNode header;
    private final ByteBuffer data;

    private ExpectedMatrices(JsonNode header, ByteBuffer data) {
        this.header = header;
        this.data = data;
    }

    static ExpectedMatrices read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(bytes.getLong())];
        bytes.get(header);
        return new ExpectedMatrices(new ObjectMapper().readTree(header), bytes.slice());
    }

    float[][] matrix(String name) {
        JsonNode tensor = header.path(name);
        float[][] rows = new float[tensor.path("shape").path(0).intValue()]
                [tensor.path("shape").path(1).intValue()];
        int at = tensor.path("data_offsets").path(0).intValue();
        for (float[] row : rows) {
            data.slice(at, row.length * Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(row);
            at += row.length * Float.BYTES;
        }
        return rows;
    }
}
