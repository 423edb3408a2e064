package sluice.job.column;

import java.util.function.Function;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import sluice.cell.ScoredSequence;

/** An integer for each answered step: the most probable class, or the rank of a token. */
final class IntegerColumn extends OutputColumn {
    private final Function<ScoredSequence, int[]> steps;

    IntegerColumn(Spec spec, Function<ScoredSequence, int[]> steps) {
        super(spec);
        this.steps = steps;
    }

    @Override
    DataType type() {
        return spec.eachStep() ? DataTypes.createArrayType(DataTypes.IntegerType, false) : DataTypes.IntegerType;
    }

    @Override
    Object value(ScoredSequence answer) {
        int[] values = steps.apply(answer);
        return spec.eachStep() ? (Object) values : (Object) values[0];
    }
}
