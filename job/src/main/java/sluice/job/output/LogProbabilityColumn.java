package sluice.job.output;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;

/** The logarithm of each token's probability, for all tokens after the first: one float32 vector for the sequence. */
final class LogProbabilityColumn extends OutputColumn {
    LogProbabilityColumn(Asked asked) {
        super(asked);
    }

    @Override
    DataType type() {
        return asked.vectors().rowType();
    }

    @Override
    StructField field(String name, AnswerWidths widths) {
        return DataTypes.createStructField(name, type(), true, asked.vectors().metadata("(steps - 1)"));
    }

    @Override
    Object value(ScoredSequence answer) {
        return asked.vectors().row(answer.logProbabilities());
    }
}
