package sluice.job.settings;

/**
 * How large the output's files are wanted.
 *
 * @param rows of a file at the most, or 0
 * @param bytes of a file at the most, or 0; the smaller of both holds
 */
public record FileTarget(long rows, long bytes) {
    boolean isGiven() {
        return rows > 0 || bytes > 0;
    }

    /**
     * So many rows make a file at the most, or 0 where no size is wanted.
     *
     * @param rowBytes that a row takes
     */
    public long rows(double rowBytes) {
        if (bytes == 0) {
            return rows;
        }
        long fitting = Math.max(1, (long) (bytes / Math.max(1, rowBytes)));
        return rows == 0 ? fitting : Math.min(rows, fitting);
    }
}
