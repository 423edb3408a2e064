package sluice.job.column;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;

/** The log-likelihood of a sequence: {@code struct<sum,perplexity,tokens>}; the perplexity of a single token is null. */
final class LogLikelihoodColumn extends OutputColumn {
    private static final StructType TYPE = new StructType()
            .add("sum", DataTypes.DoubleType, false)
            .add("perplexity", DataTypes.DoubleType, true)
            .add("tokens", DataTypes.IntegerType, false);

    LogLikelihoodColumn(Spec spec) {
        super(spec);
    }

    @Override
    DataType type() {
        return TYPE;
    }

    @Override
    long bytes(AnswerWidths widths) {
        return 2 * Double.BYTES + Integer.BYTES;
    }

    @Override
    Row value(ScoredSequence answer) {
        Double perplexity = answer.predictedTokens() == 0 ? null : answer.perplexity();
        return RowFactory.create(answer.logLikelihood(), perplexity, answer.predictedTokens());
    }
}
