package sluice.job.column;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;

/** The logarithm of each token's probability, for all tokens after the first: one float32 vector for the sequence. */
final class LogProbabilityColumn extends OutputColumn {
    LogProbabilityColumn(Spec spec) {
        super(spec);
    }

    @Override
    DataType type() {
        return spec.vectors().rowType();
    }

    @Override
    StructField field(String name, AnswerWidths widths) {
        return DataTypes.createStructField(name, type(), true, spec.vectors().metadata("(steps - 1)"));
    }

    @Override
    Object value(ScoredSequence answer) {
        return spec.vectors().row(answer.logProbabilities());
    }
}
