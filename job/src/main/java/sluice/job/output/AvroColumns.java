package sluice.job.output;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.avro.AvroFileFormat;
import org.apache.spark.sql.avro.SchemaConverters;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import sluice.job.message.RefusedException;
import sluice.job.source.ColumnPath;

/** The columns of Avro files: which names and types they may have, and the types that they are read back with. */
final class AvroColumns {
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private AvroColumns() {}

    /** @throws RefusedException if a column that is no directory can't be written */
    static void requirePossible(TableShape shape) {
        for (StructField field : shape.columns().fields()) {
            if (!shape.partitionBy().contains(field.name())) {
                requirePossible(field);
            }
        }
    }

    private static void requirePossible(StructField field) {
        Optional<String> wrong =
                names(field).filter(name -> !NAME.matcher(name).matches()).findFirst();
        if (wrong.isPresent()) {
            throw new RefusedException(
                    "output.format = avro: column '%s': Avro has no name '%s', only letters from A to Z, digits and underscores, and no digit at the beginning; leave the column out with input.columns, or choose another --output-format"
                            .formatted(field.name(), wrong.get()));
        }
        if (!new AvroFileFormat().supportDataType(field.dataType())) {
            throw new RefusedException(
                    "output.format = avro: column '%s' has type %s, which Avro can't hold; leave it out with input.columns, or choose another --output-format"
                            .formatted(field.name(), field.dataType().catalogString()));
        }
    }

    private static Stream<String> names(StructField field) {
        return Stream.concat(Stream.of(field.name()), names(field.dataType()));
    }

    private static Stream<String> names(DataType type) {
        if (type instanceof StructType struct) {
            return Arrays.stream(struct.fields()).flatMap(AvroColumns::names);
        }
        if (type instanceof ArrayType list) {
            return names(list.elementType());
        }
        return type instanceof MapType map ? names(map.valueType()) : Stream.empty();
    }

    /** The rows with the types that they are read back with: Avro's smallest whole number is an int. */
    static Dataset<Row> stored(Dataset<Row> rows) {
        Dataset<Row> stored = rows;
        for (StructField field : rows.schema().fields()) {
            DataType type = stored(field.dataType());
            if (!type.asNullable().equals(field.dataType().asNullable())) {
                stored = stored.withColumn(
                        field.name(),
                        functions.col(ColumnPath.quoted(field.name())).cast(type));
            }
        }
        return stored;
    }

    /** The type that a column of a type is read back with. */
    static DataType stored(DataType type) {
        boolean isOfLibrary = type.existsRecursively(inner -> inner instanceof UserDefinedType);
        return isOfLibrary
                ? type
                : SchemaConverters.toSqlType(SchemaConverters.toAvroType(type, false, "column", ""))
                        .dataType();
    }
}
