package sluice.job.row;

import java.util.Arrays;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructType;
import sluice.job.settings.Settings;
import sluice.job.vector.VectorType;

/** How a column holds a sequence. */
public enum SequenceForm {
    /** {@code array<tinyint|smallint|int|bigint>}: token ids, or numbers for a model that reads one number per step. */
    IDS("token ids"),
    /** {@code array<string>}: words of the vocabulary. */
    WORDS("words"),
    /** {@code string}: text, split into words of the vocabulary. */
    TEXT("text"),
    /** {@code string}: token ids, split by {@code input.splitter}. */
    ID_TEXT("token ids in text"),
    /** {@code array<string>}: token ids or numbers as texts, from the events of a text format. */
    ID_WORDS("token ids as texts"),
    /** {@code array<float|double|decimal>}: token ids, each of them a whole number. */
    REAL_IDS("token ids"),
    /** {@code array<float|double|decimal>}: one number per step. */
    NUMBERS("numbers"),
    /** {@code array<array<number>>}: one row of features per step. */
    FEATURE_ROWS("rows of features"),
    /** {@code string}: a list of numbers, or of rows of features, as text ({@code input.splitter = list}). */
    FEATURE_TEXT("features in text"),
    /** {@code array<struct<numbers>>}: one struct per step, with the features in the order of its fields. */
    FEATURE_STRUCTS("structs of features"),
    /** {@code array<vector>}: one vector of Spark's ML library per step. */
    FEATURE_VECTORS("vectors of features"),
    /** {@code vector}: the features of one step, or of several steps, one after the other. */
    VECTOR("a vector of features"),
    /** {@code struct}: a column for each input of a model with several. */
    PARTS("the columns of the model's inputs, each with one value for each step");

    /** The column types of all forms, for messages. */
    public static final String EXPECTED =
            "array<int|bigint> of ids, array<string> of words, string of text, array<float|double>, array<array<float|double>> or array<struct<numbers>> of features, vector or array<vector> of Spark's ML library";

    private final String words;

    SequenceForm(String words) {
        this.words = words;
    }

    /** The type that holds every JSON value of this form. */
    public DataType widestType() {
        return switch (this) {
            case IDS -> DataTypes.createArrayType(DataTypes.LongType);
            case WORDS, ID_WORDS -> DataTypes.createArrayType(DataTypes.StringType);
            case TEXT, ID_TEXT, FEATURE_TEXT -> DataTypes.StringType;
            case NUMBERS, REAL_IDS, VECTOR -> DataTypes.createArrayType(DataTypes.DoubleType);
            case FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS ->
                DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.DoubleType));
            case PARTS -> throw new AssertionError("the columns of several inputs have types of their own");
        };
    }

    /** The form of a column's type; null if the type holds no sequence of one input. */
    public static SequenceForm of(DataType type) {
        if (type.equals(DataTypes.StringType)) {
            return TEXT;
        }
        if (VectorType.is(type)) {
            return VECTOR;
        }
        if (!(type instanceof ArrayType array)) {
            return null;
        }
        DataType element = array.elementType();
        if (element.equals(DataTypes.StringType)) {
            return WORDS;
        }
        if (isWhole(element)) {
            return IDS;
        }
        if (isReal(element)) {
            return NUMBERS;
        }
        if (VectorType.is(element)) {
            return FEATURE_VECTORS;
        }
        if (element instanceof ArrayType inner && (isWhole(inner.elementType()) || isReal(inner.elementType()))) {
            return FEATURE_ROWS;
        }
        if (element instanceof StructType struct
                && struct.length() > 0
                && Arrays.stream(struct.fields())
                        .allMatch(field -> isWhole(field.dataType()) || isReal(field.dataType()))) {
            return FEATURE_STRUCTS;
        }
        return null;
    }

    /**
     * How the tokens of one of several inputs are read from a column that looks like this; null if they can't be.
     *
     * @param hasWords whether a vocabulary belongs to the input
     */
    public SequenceForm ofTokens(boolean hasWords, Settings.Input settings) {
        boolean isText = settings.format().isText();
        return switch (this) {
            case IDS -> this;
            case NUMBERS -> REAL_IDS;
            case WORDS -> isText && !hasWords ? ID_WORDS : this;
            case TEXT -> (isText || settings.splitter().isList()) && !hasWords ? ID_TEXT : this;
            default -> null;
        };
    }

    /**
     * The same for the numbers of one of several inputs.
     *
     * @param width numbers of a step
     */
    public SequenceForm ofNumbers(int width, Settings.Input settings) {
        boolean isText = settings.format().isText();
        boolean isList = settings.splitter().isList();
        return switch (this) {
            case FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS -> this;
            case IDS, NUMBERS -> width == 1 ? this : null;
            case WORDS -> isText && (width == 1 || isList) ? ID_WORDS : null;
            case TEXT -> isList || (isText && width == 1) ? FEATURE_TEXT : null;
            default -> null;
        };
    }

    private static boolean isWhole(DataType type) {
        return type.equals(DataTypes.ByteType)
                || type.equals(DataTypes.ShortType)
                || type.equals(DataTypes.IntegerType)
                || type.equals(DataTypes.LongType);
    }

    private static boolean isReal(DataType type) {
        return type.equals(DataTypes.FloatType) || type.equals(DataTypes.DoubleType) || type instanceof DecimalType;
    }

    /** Whether the sequence is tokens; whole numbers are also accepted by a model that reads one number per step. */
    public boolean holdsTokens() {
        return this == IDS || this == REAL_IDS || this == ID_TEXT || this == ID_WORDS || needsVocabulary();
    }

    /** Whether its steps, or their features, are numbers and not texts. */
    boolean holdsNumbers() {
        return this == IDS || this == REAL_IDS || (holdsFeatures() && this != FEATURE_TEXT);
    }

    /** Whether it can only be read as features. */
    public boolean holdsFeatures() {
        return switch (this) {
            case NUMBERS, FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS, VECTOR, FEATURE_TEXT -> true;
            case IDS, REAL_IDS, WORDS, TEXT, ID_TEXT, ID_WORDS, PARTS -> false;
        };
    }

    /** Whether a model of several features a step can read it. */
    public boolean holdsWideSteps() {
        return holdsFeatures() || this == IDS;
    }

    public boolean needsVocabulary() {
        return this == WORDS || this == TEXT;
    }

    @Override
    public String toString() {
        return words;
    }
}
