package sluice.job.parquet;

import org.apache.parquet.column.ColumnWriter;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** The four number types of Parquet. */
enum Numbers {
    INTS(DataTypes.IntegerType) {
        @Override
        void write(ArrayData list, int from, int to, int repetition, int definition, ColumnWriter column) {
            for (int at = from; at < to; at++) {
                column.write(list.getInt(at), repetition, definition);
            }
        }
    },
    LONGS(DataTypes.LongType) {
        @Override
        void write(ArrayData list, int from, int to, int repetition, int definition, ColumnWriter column) {
            for (int at = from; at < to; at++) {
                column.write(list.getLong(at), repetition, definition);
            }
        }
    },
    FLOATS(DataTypes.FloatType) {
        @Override
        void write(ArrayData list, int from, int to, int repetition, int definition, ColumnWriter column) {
            for (int at = from; at < to; at++) {
                column.write(list.getFloat(at), repetition, definition);
            }
        }
    },
    DOUBLES(DataTypes.DoubleType) {
        @Override
        void write(ArrayData list, int from, int to, int repetition, int definition, ColumnWriter column) {
            for (int at = from; at < to; at++) {
                column.write(list.getDouble(at), repetition, definition);
            }
        }
    };

    private final DataType type;

    Numbers(DataType type) {
        this.type = type;
    }

    /** The constant of a type; null for another type. */
    static Numbers of(DataType type) {
        for (Numbers numbers : values()) {
            if (numbers.type.equals(type)) {
                return numbers;
            }
        }
        return null;
    }

    /** Writes elements of a list, none of them null, with the same levels. */
    abstract void write(ArrayData list, int from, int to, int repetition, int definition, ColumnWriter column);
}
