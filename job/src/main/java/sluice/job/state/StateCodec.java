package sluice.job.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.LstmState;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.job.settings.VectorForm;

/**
 * The format of a row of carried states: the key columns; {@code h} and {@code c} as little-endian float32, layer after layer from the
 * lowest; and {@code seen}, the start time of the run that wrote the row.
 */
final class StateCodec {
    static final String HIDDEN = "h";
    static final String CELL = "c";
    static final String SEEN = "seen";

    private StateCodec() {}

    /** The length of {@code h} of each layer. */
    static int[] hiddenWidths(LstmModel model) {
        return model.directions().stream().mapToInt(LstmDirection::outputWidth).toArray();
    }

    /** The length of {@code c} of each layer. */
    static int[] cellWidths(LstmModel model) {
        return model.directions().stream().mapToInt(LstmDirection::hiddenWidth).toArray();
    }

    static StructType schema(StructField[] keyColumns, LstmModel model) {
        return new StructType(keyColumns)
                .add(HIDDEN, DataTypes.BinaryType, true, VectorForm.BINARY.metadata(shape(hiddenWidths(model))))
                .add(CELL, DataTypes.BinaryType, true, VectorForm.BINARY.metadata(shape(cellWidths(model))))
                .add(SEEN, DataTypes.TimestampType, true);
    }

    /** {@code (2, 64)} for two layers of width 64, {@code (64 + 32)} for layers of different widths. */
    private static String shape(int[] widths) {
        boolean areEqual = Arrays.stream(widths).distinct().count() == 1;
        return areEqual
                ? String.format(Locale.ROOT, "(%d, %d)", widths.length, widths[0])
                : "("
                        + String.join(
                                " + ",
                                Arrays.stream(widths)
                                        .mapToObj(Integer::toString)
                                        .toList()) + ")";
    }

    /** Decodes {@code h} or {@code c}; null if the number of bytes does not fit layers of these widths. */
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
