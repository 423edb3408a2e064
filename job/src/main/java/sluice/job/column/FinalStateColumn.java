package sluice.job.column;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.cell.ScoredSequence;
import sluice.job.settings.VectorForm;

/** The final state of a sequence, {@code struct<h,c>}: lists in either form of vectors, because {@code input.state} reads lists. */
final class FinalStateColumn extends OutputColumn {
    private static final StructType TYPE =
            new StructType().add("h", VectorForm.ARRAY.rowsType(), false).add("c", VectorForm.ARRAY.rowsType(), false);

    FinalStateColumn(Spec spec) {
        super(spec);
    }

    @Override
    DataType type() {
        return TYPE;
    }

    @Override
    Row value(ScoredSequence answer) {
        return RowFactory.create(answer.state().hidden(), answer.state().cell());
    }
}
