package sluice.cell;

import java.util.List;

/**
 * Scores sequences for one request. Holds scratch: one for each thread.
 *
 * <p>A sequence's answer has the same bits whichever other sequences it is scored with, in whichever order.
 */
public interface SequenceScorer {
    /** What sequences must be. */
    SequenceRules rules();

    /**
     * Scores a batch.
     *
     * @param sequences of any lengths, none padded
     * @return one answer for each, in their order; instead of it a {@linkplain ScoredSequence#defect() defect} where a state has overflown
     * @throws IllegalArgumentException where a sequence doesn't keep the {@link #rules()}
     */
    List<ScoredSequence> score(List<Sequence> sequences);

    /**
     * How many steps were computed for all batches so far: fewer than the sequences have, where prefixes or whole sequences are the same
     * in a batch, or an answer was known.
     */
    long computedSteps();

    /**
     * How many bytes scoring a sequence of this length takes, its answer included: to bound a batch by.
     *
     * @param length in steps
     */
    long bytes(int length);
}
