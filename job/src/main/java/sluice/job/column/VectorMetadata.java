package sluice.job.column;

import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.settings.VectorForm;
import sluice.job.source.ColumnPath;

/**
 * Puts the metadata of binary vectors back into the schema of scored rows. Spark drops a schema's metadata when rows of a task are encoded.
 * The projection here restores it and moves no data.
 */
public final class VectorMetadata {
    private VectorMetadata() {}

    /** @param schema of the rows, with metadata */
    public static Dataset<Row> attach(Dataset<Row> rows, StructType schema) {
        if (Arrays.stream(schema.fields()).noneMatch(field -> isDescribed(field) || hasDescribedFields(field))) {
            return rows;
        }
        return rows.select(
                Arrays.stream(schema.fields()).map(field -> column(rows, field)).toArray(Column[]::new));
    }

    private static Column column(Dataset<Row> rows, StructField field) {
        Column column = rows.col(ColumnPath.quoted(field.name()));
        if (isDescribed(field)) {
            return column.as(field.name(), field.metadata());
        }
        return hasDescribedFields(field) ? column.cast(field.dataType()).as(field.name()) : column;
    }

    private static boolean isDescribed(StructField field) {
        return field.metadata().contains(VectorForm.TYPE);
    }

    private static boolean hasDescribedFields(StructField field) {
        return field.dataType() instanceof StructType struct
                && Arrays.stream(struct.fields()).anyMatch(VectorMetadata::isDescribed);
    }
}
