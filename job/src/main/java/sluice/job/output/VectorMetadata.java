package sluice.job.output;

import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.input.ColumnPath;
import sluice.job.settings.VectorForm;

/**
 * Writes into a table's schema what its binary values are. The rows of a task have names and types by the schema that they were encoded
 * with, but Spark drops that schema's metadata on the way; it is put back here, which moves no data.
 */
public final class VectorMetadata {
    private VectorMetadata() {}

    /**
     * The same rows.
     *
     * @param schema of the rows, with metadata
     */
    public static Dataset<Row> attach(Dataset<Row> rows, StructType schema) {
        if (Arrays.stream(schema.fields()).noneMatch(field -> isTold(field) || holdsTold(field))) {
            return rows;
        }
        return rows.select(
                Arrays.stream(schema.fields()).map(field -> column(rows, field)).toArray(Column[]::new));
    }

    private static Column column(Dataset<Row> rows, StructField field) {
        Column column = rows.col(ColumnPath.quoted(field.name()));
        if (isTold(field)) {
            return column.as(field.name(), field.metadata());
        }
        return holdsTold(field) ? column.cast(field.dataType()).as(field.name()) : column;
    }

    private static boolean isTold(StructField field) {
        return field.metadata().contains(VectorForm.TYPE);
    }

    private static boolean holdsTold(StructField field) {
        return field.dataType() instanceof StructType struct
                && Arrays.stream(struct.fields()).anyMatch(VectorMetadata::isTold);
    }
}
