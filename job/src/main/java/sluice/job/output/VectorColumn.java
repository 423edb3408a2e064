package sluice.job.output;

import java.util.function.Function;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;

/** A float32 vector for each answered step: class probabilities, hidden states, cell states. */
final class VectorColumn extends OutputColumn {
    private final Function<ScoredSequence, float[][]> steps;

    VectorColumn(Asked asked, Function<ScoredSequence, float[][]> steps) {
        super(asked);
        this.steps = steps;
    }

    @Override
    DataType type() {
        return asked.eachStep() ? asked.vectors().rowsType() : asked.vectors().rowType();
    }

    @Override
    StructField field(String name, AnswerWidths widths) {
        String shape = (asked.eachStep() ? "(steps, %d)" : "(%d)").formatted(asked.numbers(widths));
        return DataTypes.createStructField(name, type(), true, asked.vectors().metadata(shape));
    }

    @Override
    Object value(ScoredSequence answer) {
        float[][] vectors = steps.apply(answer);
        return asked.eachStep()
                ? asked.vectors().rows(vectors)
                : asked.vectors().row(vectors[0]);
    }
}
