package sluice.job.memory;

import org.apache.spark.sql.Row;
import sluice.job.vector.VectorNumbers;

/** Estimates the size of a row in bytes. */
public final class RowSize {
    private static final long OBJECT = 32; // header and references of an object, roughly

    private RowSize() {}

    /** The size on the heap, which bounds a batch of rows. */
    public static long bytes(Row row) {
        long bytes = OBJECT;
        for (int column = 0; column < row.length(); column++) {
            bytes += bytes(row.get(column));
        }
        return bytes;
    }

    /** The size in a file, before compression. */
    public static long packedBytes(Object... values) {
        long bytes = 0;
        for (Object value : values) {
            bytes += packedBytes(value);
        }
        return bytes;
    }

    private static long packedBytes(Object value) {
        if (value instanceof scala.collection.Seq<?> list) {
            return Integer.BYTES + list.length() * (list.isEmpty() ? 0L : packedBytes(list.head()));
        }
        if (value instanceof Integer || value instanceof Float) {
            return Integer.BYTES;
        }
        if (value instanceof Number || value == null) {
            return value == null ? 0 : Long.BYTES;
        }
        return bytes(value) - OBJECT + Integer.BYTES;
    }

    private static long bytes(Object value) {
        if (value == null) {
            return 0;
        }
        if (value instanceof String text) {
            return OBJECT + text.length();
        }
        if (value instanceof byte[] binary) {
            return OBJECT + binary.length;
        }
        if (value instanceof Row row) {
            return bytes(row);
        }
        if (value instanceof scala.collection.Seq<?> list) {
            return OBJECT + list.length() * (list.isEmpty() ? 0 : bytes(list.head()));
        }
        if (value instanceof scala.collection.Map<?, ?> map) {
            return OBJECT
                    + map.size()
                            * (map.isEmpty()
                                    ? 0
                                    : bytes(map.head()._1()) + bytes(map.head()._2()));
        }
        return VectorNumbers.isOfLibrary(value) ? VectorNumbers.of(value).bytes() : OBJECT;
    }
}
