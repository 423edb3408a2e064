package sluice.job.task;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.input.InputRow;
import sluice.job.input.RowDefect;
import sluice.job.input.SequenceReader;
import sluice.job.input.UnreadableRow;
import sluice.job.output.OutputColumns;
import sluice.job.report.ProcessCounts;
import sluice.job.settings.BadRowRule;

/** Scores rows one by one, each to the bits that it has in any batch. Holds scratch: one for each thread. */
public final class RowScorer {
    private final InputRow inputRow;
    private final SequenceScorer scorer;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final RowMemoryLimit room;

    RowScorer(
            InputRow inputRow, SequenceScorer scorer, OutputColumns columns, BadRowRule badRows, RowMemoryLimit room) {
        this.inputRow = inputRow;
        this.scorer = scorer;
        this.columns = columns;
        this.badRows = badRows;
        this.room = room;
    }

    /**
     * The columns of the answer.
     *
     * @throws UnreadableRow where there is none, and that is no answer either ({@link BadRowRule#NULL})
     */
    public Row score(Row row) throws UnreadableRow {
        SequenceReader.Reading reading = inputRow.read(row, scorer.rules());
        if (reading.defect() != null) {
            return tellBad(reading.defect());
        }
        Sequence sequence = reading.sequence();
        Optional<RowDefect> tooLarge = room.check(sequence.length());
        if (tooLarge.isPresent()) { // of this process, not of the row: no rule passes over it
            throw new UnreadableRow(tooLarge.get().code(), tooLarge.get().text());
        }
        long before = scorer.computedSteps();
        ScoredSequence answer = scorer.score(List.of(sequence)).get(0);
        ProcessCounts.batch(1, sequence.length(), scorer.computedSteps() - before);
        Defect overflow = answer.defect().orElse(null);
        return overflow == null
                ? columns.complete(new Object[columns.count()], answer)
                : tellBad(RowDefect.of(overflow));
    }

    private Row tellBad(RowDefect defect) throws UnreadableRow {
        ProcessCounts.badRow(defect.code());
        if (badRows != BadRowRule.NULL) {
            throw new UnreadableRow(defect.code(), defect.text());
        }
        return columns.complete(new Object[columns.count()], defect);
    }
}
