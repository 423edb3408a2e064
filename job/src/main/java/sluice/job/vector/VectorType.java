package sluice.job.vector;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * The types of columns that hold vectors: the library's own type, or the struct that Spark stores a vector as. Spark reads such a column as
 * the struct if the library is not on its class path, and from formats that store no type of their own, such as ORC and JSON.
 */
public final class VectorType {
    static final String KIND = "type"; // of a stored vector: SPARSE or DENSE
    static final String SIZE = "size";
    static final String INDICES = "indices";
    static final String VALUES = "values";
    static final int SPARSE = 0;
    static final int DENSE = 1;

    private static final String ML_VECTOR = "org.apache.spark.ml.linalg.VectorUDT";
    private static final Set<String> LIBRARY = Set.of(ML_VECTOR, "org.apache.spark.mllib.linalg.VectorUDT");

    private static final List<DataType> WHOLE =
            List.of(DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);

    private VectorType() {}

    /** Whether a column of this type holds vectors. */
    public static boolean is(DataType type) {
        return type instanceof UserDefinedType<?>
                ? LIBRARY.contains(type.getClass().getName())
                : type instanceof StructType struct && isStored(struct);
    }

    /** The columns of vectors that Spark reads as structs because the library is not on the class path. */
    public static List<String> storedWithoutLibrary(StructType schema) {
        return isOnClassPath()
                ? List.of()
                : Arrays.stream(schema.fields())
                        .filter(field -> is(field.dataType())
                                || (field.dataType() instanceof ArrayType list && is(list.elementType())))
                        .map(StructField::name)
                        .toList();
    }

    private static boolean isOnClassPath() {
        try {
            Class.forName(ML_VECTOR, false, Thread.currentThread().getContextClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** JSON omits {@code size} and {@code indices} if all vectors are dense, and its whole numbers are of 64 bits. */
    private static boolean isStored(StructType struct) {
        List<String> names = Arrays.asList(struct.fieldNames());
        return names.contains(KIND)
                && names.contains(VALUES)
                && names.contains(SIZE) == names.contains(INDICES)
                && Arrays.stream(struct.fields()).allMatch(field -> isStored(field.name(), field.dataType()));
    }

    private static boolean isStored(String name, DataType type) {
        return switch (name) {
            case KIND, SIZE -> WHOLE.contains(type);
            case INDICES -> type instanceof ArrayType list && WHOLE.contains(list.elementType());
            case VALUES -> type instanceof ArrayType list && list.elementType().equals(DataTypes.DoubleType);
            default -> false;
        };
    }
}
