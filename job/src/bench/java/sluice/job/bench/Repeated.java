package sluice.job.bench;

/**
 * Repeats a number of distinct sequences.
 *
 * @param source source of the distinct sequences
 */
record Repeated(SequenceSource source, long different) implements SequenceSource {
    private static final long serialVersionUID = 1L;

    @Override
    public int[] of(long row) {
        return source.of(row % different);
    }
}
