package sluice.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;

/**
 * Where a column stands: at the top of a table, or within structs, by the name of each, with dots between them.
 *
 * @param places of the top column, then of a field in each struct
 */
public record ColumnPath(List<String> names, List<Integer> places) {
    /** A column of this name, dots included, or a path of structs; or null. */
    static ColumnPath find(StructType schema, String dotted) {
        int top = Arrays.asList(schema.fieldNames()).indexOf(dotted);
        return top >= 0 ? new ColumnPath(List.of(dotted), List.of(top)) : descend(schema, dotted);
    }

    private static ColumnPath descend(StructType schema, String dotted) {
        for (int dot = dotted.indexOf('.'); dot > 0; dot = dotted.indexOf('.', dot + 1)) {
            String name = dotted.substring(0, dot);
            int place = Arrays.asList(schema.fieldNames()).indexOf(name);
            if (place >= 0 && schema.fields()[place].dataType() instanceof StructType inner) {
                ColumnPath rest = find(inner, dotted.substring(dot + 1));
                if (rest != null) {
                    return rest.below(name, place);
                }
            }
        }
        return null;
    }

    private ColumnPath below(String name, int place) {
        List<String> longerNames = new ArrayList<>(List.of(name));
        longerNames.addAll(names);
        List<Integer> longerPlaces = new ArrayList<>(List.of(place));
        longerPlaces.addAll(places);
        return new ColumnPath(longerNames, longerPlaces);
    }

    /** @param remedy what to do where there is none */
    public static StructField field(StructType schema, String name, String key, String remedy) {
        return field(schema, name, key, "input", remedy);
    }

    /** @param table what the schema is of */
    public static StructField field(StructType schema, String name, String key, String table, String remedy) {
        return Arrays.stream(schema.fields())
                .filter(field -> field.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RefusedException("%s: no column '%s' in the %s, which has %s; %s"
                        .formatted(key, name, table, columns(schema), remedy)));
    }

    static String columns(StructType schema) {
        return Arrays.stream(schema.fields())
                .map(field -> "%s (%s)".formatted(field.name(), field.dataType().catalogString()))
                .collect(Collectors.joining(", "));
    }

    boolean isTop() {
        return names.size() == 1;
    }

    /** Where the top column stands. */
    int top() {
        return places.get(0);
    }

    /** As Spark takes it: names with dots in them are names. */
    public String quoted() {
        return names.stream().map(ColumnPath::quoted).collect(Collectors.joining("."));
    }

    public static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** The schema with another type here, nullable as all that is read from files. */
    StructType retyped(StructType schema, DataType type) {
        return retyped(schema, type, 0);
    }

    private StructType retyped(StructType schema, DataType type, int depth) {
        StructField[] fields = schema.fields().clone();
        StructField field = fields[places.get(depth)];
        DataType inner = depth == names.size() - 1 ? type : retyped((StructType) field.dataType(), type, depth + 1);
        fields[places.get(depth)] = DataTypes.createStructField(field.name(), inner, true);
        return new StructType(fields);
    }
}
