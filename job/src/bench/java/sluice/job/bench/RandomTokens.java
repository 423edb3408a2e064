package sluice.job.bench;

import java.util.SplittableRandom;

/**
 * Random tokens with equal probability: hardly any shared prefixes, no duplicates.
 *
 * @param median median of the lengths
 * @param spread standard deviation of the lengths' logarithms, which are normally distributed; 0: one length
 * @param longest longer sequences are cut to this length
 */
record RandomTokens(int vocabulary, int median, double spread, int longest) implements SequenceSource {
    private static final long SEED = 20_003;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L; // makes neighbouring rows unrelated

    @Override
    public int[] of(long row) {
        SplittableRandom random = new SplittableRandom(SEED + row * GOLDEN);
        double length = median * Math.exp(spread * random.nextGaussian());
        return random.ints(Math.max(1, Math.min(longest, Math.round(length))), 0, vocabulary)
                .toArray();
    }
}
