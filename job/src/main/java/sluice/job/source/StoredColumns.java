package sluice.job.source;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.orc.TypeDescription;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.orc.OrcUtils;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/**
 * The columns of all files of a table. Spark takes the schema of one file for that of all, and reads no file that has a single column of a
 * type that it doesn't know.
 */
final class StoredColumns {
    private static final Logger LOG = LoggerFactory.getLogger(StoredColumns.class);

    private final ColumnNames names;
    private final List<List<Column>> files = new ArrayList<>(); // by different schema

    /**
     * A column of a file.
     *
     * @param type null if Spark can't read the column
     * @param problem why not; null if it can
     * @param isNanoseconds whether it holds Parquet's times of nanoseconds, which are read as whole numbers
     */
    private record Column(String name, DataType type, String problem, boolean isNanoseconds) {}

    private StoredColumns(ColumnNames names) {
        this.names = names;
    }

    /** @param schemas of all files, in the order of the files */
    static StoredColumns of(
            List<FileSchema> schemas, Settings.Input settings, SparkSession spark, Configuration hadoop) {
        StoredColumns columns = new StoredColumns(ColumnNames.of(spark));
        for (FileSchema schema : schemas) {
            columns.files.add(
                    switch (settings.format()) {
                        case ORC -> orc(schema);
                        case AVRO -> avro(schema, settings, spark);
                        default -> parquet(schema, spark, hadoop);
                    });
        }
        return columns;
    }

    private static List<Column> orc(FileSchema schema) {
        return columns(OrcUtils.toCatalystSchema(TypeDescription.fromString(schema.text())));
    }

    /** As Spark reads the file alone, because its options say how. */
    private static List<Column> avro(FileSchema schema, Settings.Input settings, SparkSession spark) {
        return columns(spark.read()
                .options(settings.options())
                .format(settings.format().sparkName())
                .load(Storage.literal(Storage.path(schema.path(), "--input")))
                .schema());
    }

    private static List<Column> columns(StructType schema) {
        return Arrays.stream(schema.fields())
                .map(field -> new Column(field.name(), field.dataType().asNullable(), null, false))
                .toList();
    }

    private static List<Column> parquet(FileSchema schema, SparkSession spark, Configuration hadoop) {
        Optional<StructType> stated = stated(schema);
        if (stated.isPresent()) {
            return columns(stated.get());
        }
        List<Column> columns = new ArrayList<>();
        ParquetToSparkSchemaConverter converter =
                new ParquetToSparkSchemaConverter(spark.sessionState().conf());
        MessageType whole = schema.parquetType(hadoop);
        for (Type field : whole.getFields()) {
            columns.add(column(field, new MessageType(whole.getName(), field), converter));
        }
        return columns;
    }

    /** The schema that Spark wrote into the file. Like Spark, ignores one with a type whose class is not on the class path. */
    private static Optional<StructType> stated(FileSchema schema) {
        if (schema.spark().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of((StructType) DataType.fromJson(schema.spark()));
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            LOG.debug("{}: Spark's schema in it can't be read", schema.path(), e);
            return Optional.empty();
        }
    }

    private static Column column(Type field, MessageType alone, ParquetToSparkSchemaConverter converter) {
        try {
            DataType type = converter.convert(alone).fields()[0].dataType().asNullable();
            return new Column(field.getName(), type, null, holdsNanoseconds(field));
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            return new Column(field.getName(), null, Failure.firstLine(e.getMessage()), false);
        }
    }

    private static boolean holdsNanoseconds(Type type) {
        return type.isPrimitive()
                ? type.getLogicalTypeAnnotation() instanceof TimestampLogicalTypeAnnotation time
                        && time.getUnit() == TimeUnit.NANOS
                : type.asGroupType().getFields().stream().anyMatch(StoredColumns::holdsNanoseconds);
    }

    /** Whether no file's schema could be read. */
    boolean isEmpty() {
        return files.isEmpty();
    }

    /**
     * The columns that Spark can read in all files.
     *
     * @param merged whether columns of all files count, otherwise those of the first file
     */
    StructType readable(boolean merged) {
        StructType readable = new StructType();
        for (List<Column> file : merged ? files : files.subList(0, 1)) {
            for (Column column : file) {
                if (problem(column.name()).isEmpty() && names.index(readable, column.name()) < 0) {
                    readable = readable.add(column.name(), column.type(), true);
                }
            }
        }
        return widened(readable);
    }

    /** Why Spark can't read a column; empty if it can. */
    private Optional<String> problem(String name) {
        return all(name).stream()
                .map(Column::problem)
                .filter(problem -> problem != null)
                .findFirst();
    }

    /** Why columns can't be read, by their names. */
    Map<String, String> problems() {
        Map<String, String> problems = new LinkedHashMap<>();
        for (List<Column> file : files) {
            for (Column column : file) {
                if (column.problem() != null) {
                    problems.putIfAbsent(column.name(), column.problem());
                }
            }
        }
        return problems;
    }

    /** The names of these columns that hold times of nanoseconds. */
    List<String> nanoseconds(StructType schema) {
        List<String> found = new ArrayList<>();
        for (String name : schema.fieldNames()) {
            if (all(name).stream().anyMatch(Column::isNanoseconds)) {
                found.add(name);
            }
        }
        return found;
    }

    /** A schema that Spark has found, with a wider type for a column that has several types that one of them, or a third, holds. */
    StructType widened(StructType schema) {
        StructType widened = new StructType();
        for (StructField field : schema.fields()) {
            widened = widened.add(field.name(), type(field), field.nullable(), field.metadata());
        }
        return widened;
    }

    /** The type that holds a column's values of a given type, and those of all files; empty if there is none, or no file has the column. */
    Optional<DataType> widest(StructField given) {
        Optional<DataType> widest = Optional.of(given.dataType().asNullable());
        List<Column> stored = all(given.name());
        for (Column column : stored) {
            widest = column.type() == null
                    ? Optional.empty()
                    : widest.flatMap(type -> TypeWidening.widest(type, column.type()));
        }
        return stored.isEmpty() ? Optional.empty() : widest;
    }

    private DataType type(StructField field) {
        DataType own = field.dataType().asNullable();
        List<Column> stored = all(field.name());
        boolean isOfFiles =
                stored.stream().anyMatch(column -> own.equals(column.type())); // a partition's value replaces it
        Optional<DataType> widest = widest(field);
        return isOfFiles && widest.isPresent() && !widest.get().equals(own) ? widest.get() : field.dataType();
    }

    private List<Column> all(String name) {
        return files.stream()
                .flatMap(List::stream)
                .filter(column -> names.same(column.name(), name))
                .toList();
    }
}
