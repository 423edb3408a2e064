package sluice.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;

/**
 * The path of a column: a top-level column, or a field within structs, written with dots between the names.
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
            if (index >= 0 && schema.fields()[index].dataType() instanceof StructType inner) {
                Optional<ColumnPath> rest = find(inner, dotted.substring(dot + 1), names);
                if (rest.isPresent()) {
                    return Optional.of(rest.get().within(schema.fieldNames()[index], index));
                }
            }
        }
        return Optional.empty();
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
    static String columns(StructType schema) {
        return Arrays.stream(schema.fields())
                .map(field -> "%s (%s)".formatted(field.name(), field.dataType().catalogString()))
                .collect(Collectors.joining(", "));
    }

    /** The names joined by dots, as the schema spells them. */
    String dotted() {
        return String.join(".", names);
    }

    boolean isTop() {
        return names.size() == 1;
    }

    /** Index of the top-level column. */
    int top() {
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
    StructType retyped(StructType schema, DataType type) {
        return retyped(schema, type, 0);
    }

    private StructType retyped(StructType schema, DataType type, int depth) {
        StructField[] fields = schema.fields().clone();
        StructField field = fields[indexes.get(depth)];
        DataType inner = depth == names.size() - 1 ? type : retyped((StructType) field.dataType(), type, depth + 1);
        fields[indexes.get(depth)] = DataTypes.createStructField(field.name(), inner, true);
        return new StructType(fields);
    }
}
