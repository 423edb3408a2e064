package sluice.job.sql;

import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import sluice.job.input.SequenceForm;

/**
 * Which argument of a call is which: {@code ([model,] tokens [, k] [, candidates])}. Immutable, part of every task; not a record, which Kryo
 * can't read.
 */
final class ArgumentPlaces implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int NONE = -1;

    private final int tokens;
    private final int topK;
    private final int candidates;

    private ArgumentPlaces(int tokens, int topK, int candidates) {
        this.tokens = tokens;
        this.topK = topK;
        this.candidates = candidates;
    }

    /**
     * The places in a call with arguments of these types; empty if they don't fit the function.
     *
     * @param namesModel whether the first argument names the model
     */
    static Optional<ArgumentPlaces> of(DataType[] types, boolean namesModel, ScoringFunction function) {
        int tokens = namesModel ? 1 : 0;
        int required = tokens + 1 + (function == ScoringFunction.TOPK ? 1 : 0);
        boolean more = types.length == required + 1 && function.takesCandidates() && listsClasses(types[required]);
        boolean fits = (types.length == required || more)
                && (!namesModel || types[0] instanceof StringType)
                && (function != ScoringFunction.TOPK || isInt(types[tokens + 1]));
        return fits
                ? Optional.of(new ArgumentPlaces(
                        tokens, function == ScoringFunction.TOPK ? tokens + 1 : NONE, more ? required : NONE))
                : Optional.empty();
    }

    private static boolean listsClasses(DataType type) {
        SequenceForm form = SequenceForm.of(typeOrDefault(type));
        return form == SequenceForm.IDS || form == SequenceForm.WORDS;
    }

    private static boolean isInt(DataType type) {
        return type.equals(DataTypes.IntegerType)
                || type.equals(DataTypes.ShortType)
                || type.equals(DataTypes.ByteType);
    }

    /** {@code NULL} and {@code array()} have no element type: they are taken as {@code array<int>}. */
    static DataType typeOrDefault(DataType type) {
        boolean isNull = type instanceof NullType;
        boolean isEmpty = type instanceof ArrayType array && array.elementType() instanceof NullType;
        return isNull || isEmpty ? DataTypes.createArrayType(DataTypes.IntegerType) : type;
    }

    int tokens() {
        return tokens;
    }

    boolean hasTopK() {
        return topK != NONE;
    }

    int topK() {
        return topK;
    }

    boolean hasCandidates() {
        return candidates != NONE;
    }

    int candidates() {
        return candidates;
    }
}
