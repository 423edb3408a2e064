package sluice.job.column;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.job.model.Vocabulary;
import sluice.job.settings.VectorForm;

/** One output kind as a column of the scored table, for one request: its type, its size and its values. */
abstract class OutputColumn {
    final Spec spec;

    OutputColumn(Spec spec) {
        this.spec = spec;
    }

    /**
     * What a column depends on.
     *
     * @param labels names of the classes, or null
     */
    record Spec(OutputKind kind, ScoreRequest request, VectorForm vectors, Vocabulary labels) {
        boolean eachStep() {
            return request.at() == Steps.EACH;
        }

        /** Whether a value has one number for each of a row's candidates. */
        boolean isOfCandidates() {
            return request.isOfCandidates(kind);
        }

        /** Number of float32 or int32 values in the arrays of one value. */
        long numbers(AnswerWidths widths) {
            return kind.numbers(widths, request);
        }
    }

    /** Spark's type, the same for every model. */
    abstract DataType type();

    /** @param widths of the model, which the metadata of binary vectors states */
    StructField field(String name, AnswerWidths widths) {
        return DataTypes.createStructField(name, type(), true);
    }

    /** Size in bytes of one value, uncompressed: per step, or per sequence for kinds that have one value per sequence. */
    long bytes(AnswerWidths widths) {
        return Float.BYTES * spec.numbers(widths);
    }

    /** The answer as Spark's encoder of {@link #type()} takes it. Called for every row. */
    abstract Object value(ScoredSequence answer);
}
