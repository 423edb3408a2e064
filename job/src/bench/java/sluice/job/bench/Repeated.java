package sluice.job.bench;

/**
 * Sequences of which only so many are different: after all have come they come again.
 *
 * @param source of the different ones
 */
record Repeated(SequenceSource source, long different) implements SequenceSource {
    private static final long serialVersionUID = 1L;

    @Override
    public int[] of(long row) {
        return source.of(row % different);
    }
}
