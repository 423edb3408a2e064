package sluice.job.settings;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;

/** How vectors of float32 stand in the scored table. */
public enum VectorForm {
    /** Lists, which every reader of tables knows. */
    ARRAY,
    /**
     * The bits themselves, little-endian, row after row: several times faster to write and to read than a list of as many numbers. What
     * they are is told by the field's metadata.
     */
    BINARY;

    /** The metadata's key for what the bytes are: {@value #FLOATS}. */
    public static final String TYPE = "sluice.type";

    /** The metadata's key for how many there are, as {@code (steps, 29)}: the last dimension is the one that lies together. */
    static final String SHAPE = "sluice.shape";

    static final String FLOATS = "float32le";

    /** What a binary value can hold, as an array of the virtual machine. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 8;

    private static final DataType LIST = DataTypes.createArrayType(DataTypes.FloatType, false);
    private static final DataType LISTS = DataTypes.createArrayType(LIST, false);

    /** Of one vector. */
    public DataType rowType() {
        return this == ARRAY ? LIST : DataTypes.BinaryType;
    }

    /** Of a vector for each step. */
    public DataType rowsType() {
        return this == ARRAY ? LISTS : DataTypes.BinaryType;
    }

    /** @param shape of a value, where it can't be seen in the value itself */
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
            throw new IllegalStateException(
                    "%,d steps of %,d numbers are %,d bytes, and a binary value can hold %,d: set output.vectors = array, or bound input.max-length"
                            .formatted(rows.length, rows[0].length, size, MOST_BYTES));
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : rows) {
            bytes.asFloatBuffer().put(row);
            bytes.position(bytes.position() + Float.BYTES * row.length);
        }
        return bytes.array();
    }
}
