package sluice.job.bench;

import java.util.SplittableRandom;

/**
 * Random tokens, all as likely: next to no prefix is shared, no row comes twice.
 *
 * @param median of the lengths
 * @param spread of their logarithms, which are normally distributed; 0: all have one length
 * @param longest longer ones are cut to it
 */
record RandomTokens(int vocabulary, int median, double spread, int longest) implements SequenceSource {
    private static final long SEED = 20_003;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L; // so that rows next to one another have nothing in common

    @Override
    public int[] of(long row) {
        SplittableRandom random = new SplittableRandom(SEED + row * GOLDEN);
        double length = median * Math.exp(spread * random.nextGaussian());
        return random.ints(Math.max(1, Math.min(longest, Math.round(length))), 0, vocabulary)
                .toArray();
    }
}
