package sluice.job.column;

import java.util.function.Function;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;

/** A float32 vector for each answered step: class probabilities, logits, hidden states, cell states. */
final class VectorColumn extends OutputColumn {
    private final Function<ScoredSequence, float[][]> steps;

    VectorColumn(Spec spec, Function<ScoredSequence, float[][]> steps) {
        super(spec);
        this.steps = steps;
    }

    @Override
    DataType type() {
        return spec.eachStep() ? spec.vectors().rowsType() : spec.vectors().rowType();
    }

    @Override
    StructField field(String name, AnswerWidths widths) {
        String width = spec.isOfCandidates() ? "candidates" : String.valueOf(spec.numbers(widths));
        String shape = (spec.eachStep() ? "(steps, " : "(") + width + ")";
        return DataTypes.createStructField(name, type(), true, spec.vectors().metadata(shape));
    }

    @Override
    Object value(ScoredSequence answer) {
        float[][] vectors = steps.apply(answer);
        return spec.eachStep() ? spec.vectors().rows(vectors) : spec.vectors().row(vectors[0]);
    }
}
