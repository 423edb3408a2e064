package sluice.cell;

import java.util.List;

/**
 * Scores sequences for one request. Not thread-safe: each thread needs its own.
 *
 * <p>The bits of a sequence's answer depend neither on the other sequences of its batch nor on their order.
 */
public interface SequenceScorer {
    /** The checks that a sequence must pass. */
    SequenceRules rules();

    /**
     * Scores a batch.
     *
     * @param sequences of any lengths, without padding
     * @return one answer for each sequence, in their order; it holds a {@linkplain ScoredSequence#defect() defect} if a state overflowed
     * @throws IllegalArgumentException if a sequence does not pass the {@link #rules()}
     */
    List<ScoredSequence> score(List<Sequence> sequences);

    /**
     * Number of steps computed for all batches so far. It is smaller than the number of tokens if sequences of a batch share prefixes, or
     * if answers came from a cache.
     */
    long computedSteps();

    /**
     * Estimated memory, in bytes, to score a sequence, its answer included. Callers limit a batch by it. It depends on the sequence's length
     * and on its number of candidates.
     */
    long bytes(Sequence sequence);
}
