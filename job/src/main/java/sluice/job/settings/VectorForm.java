package sluice.job.settings;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;

/** {@code output.vectors}: how vectors of float32 are stored in the scored table. */
public enum VectorForm {
    /** {@code array<float>}, or {@code array<array<float>>} for a vector at each step. */
    ARRAY,
    /**
     * Little-endian float32 in a binary value, row by row. Several times faster to write and read than lists. The field's metadata says
     * type and shape.
     */
    BINARY;

    /** Metadata key of the type of the numbers: {@value #FLOATS}. */
    public static final String TYPE = "sluice.type";

    /** Metadata key of the shape, for example {@code (steps, 29)}: row-major. */
    static final String SHAPE = "sluice.shape";

    static final String FLOATS = "float32le";

    /** The largest size of a Java array. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 8;

    private static final DataType LIST = DataTypes.createArrayType(DataTypes.FloatType, false);
    private static final DataType LISTS = DataTypes.createArrayType(LIST, false);

    /** The type of one vector. */
    public DataType rowType() {
        return this == ARRAY ? LIST : DataTypes.BinaryType;
    }

    /** The type of one vector per step. */
    public DataType rowsType() {
        return this == ARRAY ? LISTS : DataTypes.BinaryType;
    }

    /** @param shape of the values, for {@link #BINARY} */
    public Metadata metadata(String shape) {
        return this == ARRAY
                ? Metadata.empty()
                : new MetadataBuilder()
                        .putString(TYPE, FLOATS)
                        .putString(SHAPE, shape)
                        .build();
    }

    public Object row(float[] row) {
        return this == ARRAY ? row : bytes(row);
    }

    public Object rows(float[][] rows) {
        return this == ARRAY ? rows : bytes(rows);
    }

    private static byte[] bytes(float[]... rows) {
        long size = 0;
        for (float[] row : rows) {
            size += (long) Float.BYTES * row.length;
        }
        if (size > MOST_BYTES) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "%,d steps of %,d numbers are %,d bytes, and a binary value can hold %,d: set output.vectors = array, or limit input.max-length",
                    rows.length,
                    rows[0].length,
                    size,
                    MOST_BYTES));
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : rows) {
            bytes.asFloatBuffer().put(row);
            bytes.position(bytes.position() + Float.BYTES * row.length);
        }
        return bytes.array();
    }
}
