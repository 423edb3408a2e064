package sluice.job.settings;

import java.io.Serializable;

/**
 * Limits of the length of an input sequence. Sent to the executors.
 *
 * @param least steps, {@code input.min-length}
 * @param most steps, {@code input.max-length}; 0 is replaced by {@link Integer#MAX_VALUE}, no limit
 * @param tooLong what happens to a longer sequence
 */
public record LengthLimits(int least, int most, TooLong tooLong) implements Serializable {
    /** {@code input.too-long}. */
    public enum TooLong {
        /** The row is a bad row. */
        REFUSE,
        /** Its first {@code most} steps are scored. */
        KEEP_FIRST,
        /** Its last {@code most} steps are scored. */
        KEEP_LAST
    }

    public LengthLimits {
        most = most == 0 ? Integer.MAX_VALUE : most;
    }
}
