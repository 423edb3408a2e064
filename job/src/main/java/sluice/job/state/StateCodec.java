package sluice.job.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.cell.LstmState;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.job.settings.VectorForm;

/**
 * How a row of carried states is made: the key's columns, {@code h} and {@code c} as little-endian float32, layer after layer from the
 * lowest, and {@code seen}, when the run began that has moved them on.
 */
final class StateCodec {
    static final String HIDDEN = "h";
    static final String CELL = "c";
    static final String SEEN = "seen";

    private StateCodec() {}

    static StructType schema(StateKey key, LstmModel model) {
        List<LstmDirection> layers = model.directions();
        int[] shown = layers.stream().mapToInt(LstmDirection::outputWidth).toArray();
        int[] cells = layers.stream().mapToInt(LstmDirection::hiddenWidth).toArray();
        return new StructType(key.columns())
                .add(HIDDEN, DataTypes.BinaryType, true, VectorForm.BINARY.metadata(shape(shown)))
                .add(CELL, DataTypes.BinaryType, true, VectorForm.BINARY.metadata(shape(cells)))
                .add(SEEN, DataTypes.TimestampType, true);
    }

    /** {@code (2, 64)} of two layers of 64, {@code (64 + 32)} where they differ. */
    private static String shape(int[] widths) {
        boolean areEqual = Arrays.stream(widths).distinct().count() == 1;
        return areEqual
                ? "(%d, %d)".formatted(widths.length, widths[0])
                : "("
                        + String.join(
                                " + ",
                                Arrays.stream(widths)
                                        .mapToObj(Integer::toString)
                                        .toList()) + ")";
    }

    /** @return null where these are not as many bytes as such layers have */
    static float[][] rows(byte[] bytes, int[] widths) {
        if (bytes == null
                || bytes.length != (long) Float.BYTES * Arrays.stream(widths).sum()) {
            return null;
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        float[][] rows = new float[widths.length][];
        for (int layer = 0; layer < rows.length; layer++) {
            rows[layer] = new float[widths[layer]];
            buffer.asFloatBuffer().get(rows[layer]);
            buffer.position(buffer.position() + Float.BYTES * widths[layer]);
        }
        return rows;
    }

    static byte[] hidden(LstmState state) {
        return (byte[]) VectorForm.BINARY.rows(state.hidden());
    }

    static byte[] cell(LstmState state) {
        return (byte[]) VectorForm.BINARY.rows(state.cell());
    }
}
