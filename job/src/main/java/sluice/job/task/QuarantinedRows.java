package sluice.job.task;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import sluice.cell.SequenceScorer;
import sluice.job.column.ReasonColumn;
import sluice.job.input.InputRow;
import sluice.job.input.SequenceReader;
import sluice.job.report.RunCounters;
import sluice.job.row.RowDefect;

/** The bad rows of a partition, with all input columns and the reason as the last column. */
final class QuarantinedRows extends LookaheadIterator {
    private final Iterator<Row> rows;
    private final InputRow inputRow;
    private final SequenceScorer scorer;
    private final boolean mayOverflow; // if true, some defects are only found by scoring
    private final RunCounters counters;

    QuarantinedRows(
            Iterator<Row> rows, InputRow inputRow, SequenceScorer scorer, boolean mayOverflow, RunCounters counters) {
        this.rows = rows;
        this.inputRow = inputRow;
        this.scorer = scorer;
        this.mayOverflow = mayOverflow;
        this.counters = counters;
    }

    @Override
    Row find() {
        while (rows.hasNext()) {
            Row row = rows.next();
            RowDefect defect = defect(row);
            if (defect != null) {
                counters.quarantined();
                return withReason(inputRow.whole(row), defect);
            }
        }
        return null;
    }

    private RowDefect defect(Row row) {
        SequenceReader.Reading reading = inputRow.read(row, scorer.rules());
        if (reading.defect() != null || !mayOverflow) {
            return reading.defect();
        }
        return scorer.score(List.of(reading.sequence()))
                .get(0)
                .defect()
                .map(RowDefect::of)
                .orElse(null);
    }

    private static Row withReason(Object[] row, RowDefect defect) {
        Object[] values = Arrays.copyOf(row, row.length + 1);
        values[row.length] = ReasonColumn.value(defect);
        return RowFactory.create(values);
    }
}
