package sluice.job.input;

import org.apache.spark.sql.Row;

/** About how many bytes a row's values hold on the heap, so that a batch of wide rows stays within its bound. */
public final class RowSize {
    private static final long OBJECT = 32;

    private RowSize() {}

    public static long bytes(Row row) {
        long bytes = OBJECT;
        for (int column = 0; column < row.length(); column++) {
            bytes += bytes(row.get(column));
        }
        return bytes;
    }

    /** About how many bytes these values take where they are written, before they are compressed. */
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
        return OBJECT;
    }
}
