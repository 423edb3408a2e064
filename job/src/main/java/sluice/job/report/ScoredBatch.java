package sluice.job.report;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;

/**
 * What one batch adds to the counters of scored rows. A sequence whose answer is a defect is not scored: it is counted as a bad row alone.
 *
 * @param rows scored rows
 * @param tokens tokens of the scored rows
 * @param steps computed steps of all sequences, because the work on an unscorable one was done too
 */
record ScoredBatch(long rows, long tokens, long steps) {
    /** @param answers to the sequences, in the same order */
    static ScoredBatch of(List<Sequence> sequences, Collection<ScoredSequence> answers, long steps) {
        long rows = 0;
        long tokens = 0;
        Iterator<ScoredSequence> answer = answers.iterator();
        for (Sequence sequence : sequences) {
            if (answer.next().defect().isEmpty()) {
                rows++;
                tokens += sequence.length();
            }
        }
        return new ScoredBatch(rows, tokens, steps);
    }
}
