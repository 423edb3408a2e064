package sluice.job.settings;

import java.io.Serializable;

/** How many steps a sequence of the input may have, and what becomes of a longer one. Immutable, sent to the executors. */
public final class LengthLimits implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int least;
    private final int most;
    private final TooLong tooLong;

    /** {@code input.too-long}. */
    public enum TooLong {
        /** It is a bad row. */
        REFUSE,
        /** Its first steps are scored, as many as are allowed. */
        KEEP_FIRST,
        /** Its last ones. */
        KEEP_LAST
    }

    /**
     * @param least setting {@code input.min-length}
     * @param most setting {@code input.max-length}, 0 for no limit
     */
    LengthLimits(int least, int most, TooLong tooLong) {
        this.least = least;
        this.most = most == 0 ? Integer.MAX_VALUE : most;
        this.tooLong = tooLong;
    }

    public int least() {
        return least;
    }

    /** {@link Integer#MAX_VALUE} where there is no limit. */
    public int most() {
        return most;
    }

    public TooLong tooLong() {
        return tooLong;
    }
}
