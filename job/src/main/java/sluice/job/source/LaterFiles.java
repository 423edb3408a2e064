package sluice.job.source;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;

/**
 * Later files of a table whose types were fixed by its first files: a program may write {@code int} on one day and {@code bigint} on the
 * next. The values are read with the type of the first files, if that changes none of them.
 */
final class LaterFiles {
    private final StoredColumns columns;
    private final StructType schema;

    /**
     * @param columns of the later files
     * @param schema of the first files
     */
    LaterFiles(StoredColumns columns, StructType schema) {
        this.columns = columns;
        this.schema = schema;
    }

    /** The columns that these files have with a wider type, with that type. */
    List<StructField> wider() {
        List<StructField> wider = new ArrayList<>();
        for (StructField field : schema.fields()) {
            columns.widest(field)
                    .filter(type -> !type.equals(field.dataType().asNullable()) && isComparable(type))
                    .ifPresent(type -> wider.add(new StructField(field.name(), type, true, field.metadata())));
        }
        return wider;
    }

    /** Spark compares no maps. */
    private static boolean isComparable(DataType type) {
        return !type.existsRecursively(inner -> inner instanceof MapType);
    }

    /** The schema with these columns in place of its own. */
    StructType with(List<StructField> wider) {
        StructType widened = new StructType();
        for (StructField field : schema.fields()) {
            widened = widened.add(wider.stream()
                    .filter(column -> column.name().equals(field.name()))
                    .findFirst()
                    .orElse(field));
        }
        return widened;
    }

    /**
     * The rows with the types of the first files. This reads the wider columns once.
     *
     * @param read with the schema of {@link #with}
     * @throws RefusedException if a value does not fit
     */
    Dataset<Row> narrowed(Dataset<Row> read, List<StructField> wider) {
        Dataset<Row> narrowed = read;
        for (StructField column : wider) {
            DataType own = schema.apply(column.name()).dataType();
            Column value = read.col(ColumnPath.quoted(column.name()));
            Column narrow = value.try_cast(own);
            Row misfit = read
                    .filter(functions.not(narrow.cast(column.dataType()).eqNullSafe(value)))
                    .select(value.cast("string"))
                    .limit(1)
                    .collectAsList()
                    .stream()
                    .findFirst()
                    .orElse(null);
            if (misfit != null) {
                throw new RefusedException(
                        "column '%s' has type %s in the new files, and %s in the files before, which does not hold the value %s; score all files into a new output, with another --incremental"
                                .formatted(
                                        column.name(),
                                        column.dataType().catalogString(),
                                        own.catalogString(),
                                        misfit.getString(0)));
            }
            narrowed = narrowed.withColumn(column.name(), narrow);
        }
        return narrowed;
    }
}
