package sluice.job.task;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.job.column.OutputColumns;
import sluice.job.input.InputRow;
import sluice.job.input.SequenceReader;
import sluice.job.report.ProcessCounts;
import sluice.job.row.RowDefect;
import sluice.job.row.UnreadableRow;
import sluice.job.settings.BadRowRule;

/** Scores single rows, with the same bits as in any batch. Holds scratch memory, so each thread needs its own. */
public final class RowScorer {
    private final InputRow inputRow;
    private final SequenceScorer scorer;
    private final OutputColumns columns;
    private final BadRowRule badRows;
    private final RowMemoryLimit limit;

    RowScorer(
            InputRow inputRow, SequenceScorer scorer, OutputColumns columns, BadRowRule badRows, RowMemoryLimit limit) {
        this.inputRow = inputRow;
        this.scorer = scorer;
        this.columns = columns;
        this.badRows = badRows;
        this.limit = limit;
    }

    /**
     * The columns of the answer.
     *
     * @throws UnreadableRow if the row is bad, unless the rule is {@link BadRowRule#NULL}
     */
    public Row score(Row row) throws UnreadableRow {
        SequenceReader.Reading reading = inputRow.read(row, scorer.rules());
        if (reading.defect() != null) {
            return bad(reading.defect());
        }
        Sequence sequence = reading.sequence();
        Optional<RowDefect> tooLarge = limit.check(sequence);
        if (tooLarge.isPresent()) { // a limit of this process, so bad-rows.rule does not apply
            throw new UnreadableRow(tooLarge.get().code(), tooLarge.get().text());
        }
        long before = scorer.computedSteps();
        List<ScoredSequence> answers = scorer.score(List.of(sequence));
        ProcessCounts.batch(List.of(sequence), answers, scorer.computedSteps() - before);
        ScoredSequence answer = answers.get(0);
        Defect overflow = answer.defect().orElse(null);
        return overflow == null ? columns.complete(new Object[columns.count()], answer) : bad(RowDefect.of(overflow));
    }

    private Row bad(RowDefect defect) throws UnreadableRow {
        ProcessCounts.badRow(defect.code());
        if (badRows != BadRowRule.NULL) {
            throw new UnreadableRow(defect.code(), defect.text());
        }
        return columns.complete(new Object[columns.count()], defect);
    }
}
