package sluice.job.column;

import java.util.function.Function;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;

/**
 * An integer for each answered step: the most probable class, null if all are excluded. Or a rank of each next token, or of each candidate.
 */
final class IntegerColumn extends OutputColumn {
    private final Function<ScoredSequence, int[]> steps;

    IntegerColumn(Spec spec, Function<ScoredSequence, int[]> steps) {
        super(spec);
        this.steps = steps;
    }

    private boolean isList() {
        return spec.eachStep() || spec.kind() == OutputKind.RANK;
    }

    @Override
    DataType type() {
        return isList() ? DataTypes.createArrayType(DataTypes.IntegerType, false) : DataTypes.IntegerType;
    }

    @Override
    Object value(ScoredSequence answer) {
        int[] values = steps.apply(answer);
        if (isList()) {
            return values;
        }
        return values[0] < 0 ? null : (Object) values[0];
    }
}
