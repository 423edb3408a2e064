package sluice.job.source;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;

/**
 * The path of a column: a top-level column, or a field within structs, written with dots between the names. One of the columns on the way
 * may be an array of structs; the path then stands for the array of the field's values.
 *
 * @param names of the top-level column, then of the field in each struct
 * @param indexes of the top-level column, then of the field in each struct
 */
public record ColumnPath(List<String> names, List<Integer> indexes) {
    /**
     * The top-level column of this name, dots included, otherwise the field at this path; empty if there is neither.
     *
     * @throws RefusedException if the name is ambiguous
     */
    public static Optional<ColumnPath> find(StructType schema, String dotted, ColumnNames names) {
        int top = names.index(schema, dotted);
        return top >= 0
                ? Optional.of(new ColumnPath(List.of(schema.fieldNames()[top]), List.of(top)))
                : descend(schema, dotted, names);
    }

    private static Optional<ColumnPath> descend(StructType schema, String dotted, ColumnNames names) {
        for (int dot = dotted.indexOf('.'); dot > 0; dot = dotted.indexOf('.', dot + 1)) {
            int index = names.index(schema, dotted.substring(0, dot));
            Optional<StructType> inner = index < 0 ? Optional.empty() : struct(schema.fields()[index].dataType());
            if (inner.isPresent()) {
                Optional<ColumnPath> rest = find(inner.get(), dotted.substring(dot + 1), names);
                if (rest.isPresent()) {
                    return Optional.of(rest.get().within(schema.fieldNames()[index], index));
                }
            }
        }
        return Optional.empty();
    }

    /** The struct of a column, or of the elements of an array. */
    private static Optional<StructType> struct(DataType type) {
        DataType inner = type instanceof ArrayType array ? array.elementType() : type;
        return inner instanceof StructType struct ? Optional.of(struct) : Optional.empty();
    }

    private ColumnPath within(String name, int index) {
        List<String> longerNames = new ArrayList<>(List.of(name));
        longerNames.addAll(names);
        List<Integer> longerIndexes = new ArrayList<>(List.of(index));
        longerIndexes.addAll(indexes);
        return new ColumnPath(longerNames, longerIndexes);
    }

    /** The input column of this name; see {@link #field(StructType, String, ColumnNames, String, String, String)}. */
    public static StructField field(StructType schema, String name, ColumnNames names, String key, String remedy) {
        return field(schema, name, names, key, "input", remedy);
    }

    /**
     * The top-level column of this name.
     *
     * @param key setting that names the column, for the message
     * @param table what the schema belongs to, for the message
     * @param remedy what the user can do, for the message
     * @throws RefusedException if there is no such column, or the name is ambiguous
     */
    public static StructField field(
            StructType schema, String name, ColumnNames names, String key, String table, String remedy) {
        int index;
        try {
            index = names.index(schema, name);
        } catch (RefusedException e) {
            throw new RefusedException("%s: %s".formatted(key, e.getMessage()), e);
        }
        if (index < 0) {
            throw new RefusedException("%s: no column '%s' in the %s, which has %s; %s"
                    .formatted(key, name, table, columns(schema), remedy));
        }
        return schema.fields()[index];
    }

    /** All columns with their types, for messages. */
    public static String columns(StructType schema) {
        return Arrays.stream(schema.fields())
                .map(field -> "%s (%s)".formatted(field.name(), field.dataType().catalogString()))
                .collect(Collectors.joining(", "));
    }

    public boolean isTop() {
        return names.size() == 1;
    }

    /**
     * The part of the path up to the array of structs on the way; empty if there is none.
     *
     * @throws RefusedException if there are several, because their values are arrays of arrays
     */
    public Optional<ColumnPath> array(StructType schema, String key) {
        ColumnPath found = null;
        DataType type = schema;
        for (int depth = 0; depth < names.size() - 1; depth++) {
            type = struct(type).orElseThrow().fields()[indexes.get(depth)].dataType();
            if (type instanceof ArrayType) {
                if (found != null) {
                    throw new RefusedException(
                            "%s: '%s' is within two arrays, '%s' and '%s': expected a field of one array of structs"
                                    .formatted(
                                            key,
                                            String.join(".", names),
                                            found.dotted(),
                                            prefix(depth + 1).dotted()));
                }
                found = prefix(depth + 1);
            }
        }
        return Optional.ofNullable(found);
    }

    private ColumnPath prefix(int length) {
        return new ColumnPath(List.copyOf(names.subList(0, length)), List.copyOf(indexes.subList(0, length)));
    }

    /** The path without its first names. */
    public ColumnPath after(ColumnPath prefix) {
        int length = prefix.names.size();
        return new ColumnPath(
                List.copyOf(names.subList(length, names.size())), List.copyOf(indexes.subList(length, indexes.size())));
    }

    /** The names joined by dots, as the schema spells them. */
    public String dotted() {
        return String.join(".", names);
    }

    /** Index of the top-level column. */
    public int top() {
        return indexes.get(0);
    }

    /** The path for Spark, quoted so that dots within a name do not separate names. */
    public String quoted() {
        return names.stream().map(ColumnPath::quoted).collect(Collectors.joining("."));
    }

    public static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** The schema with another type at this path. The field becomes nullable, like all that Spark reads from files. */
    public StructType retyped(StructType schema, DataType type) {
        return retyped(schema, type, 0);
    }

    private StructType retyped(StructType schema, DataType type, int depth) {
        StructField[] fields = schema.fields().clone();
        StructField field = fields[indexes.get(depth)];
        DataType inner = depth == names.size() - 1 ? type : retypedInside(field.dataType(), type, depth + 1);
        fields[indexes.get(depth)] = DataTypes.createStructField(field.name(), inner, true);
        return new StructType(fields);
    }

    /** Within an array of structs, the field has the type of the elements, because the array is part of the path. */
    private DataType retypedInside(DataType outer, DataType type, int depth) {
        return outer instanceof ArrayType array && type instanceof ArrayType values
                ? DataTypes.createArrayType(retypedInside(array.elementType(), values.elementType(), depth))
                : retyped((StructType) outer, type, depth);
    }
}
