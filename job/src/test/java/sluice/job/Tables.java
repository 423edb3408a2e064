package sluice.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Small tables for tests. */
final class Tables {
    static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, true);
    static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, true);
    static final DataType STRINGS = DataTypes.createArrayType(DataTypes.StringType, true);
    static final DataType DOUBLES = DataTypes.createArrayType(DataTypes.DoubleType, true);
    static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType, true);
    static final DataType DOUBLE_ROWS = DataTypes.createArrayType(DOUBLES, true);
    static final DataType FLOAT_ROWS = DataTypes.createArrayType(FLOATS, true);

    private Tables() {}

    /** Columns {@code id} and {@code tokens}: one row for each value. */
    static Dataset<Row> of(DataType type, Object... values) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < values.length; id++) {
            rows.add(RowFactory.create(id, values[id]));
        }
        StructType schema = new StructType(new StructField[] {
            DataTypes.createStructField("id", DataTypes.IntegerType, false),
            DataTypes.createStructField("tokens", type, true)
        });
        return LocalSpark.session().createDataFrame(rows, schema);
    }

    static Dataset<Row> ofIds(List<int[]> sequences) {
        return of(INTS, sequences.stream().map(Tables::boxed).toArray());
    }

    static Integer[] boxed(int... ids) {
        return Arrays.stream(ids).boxed().toArray(Integer[]::new);
    }
}
