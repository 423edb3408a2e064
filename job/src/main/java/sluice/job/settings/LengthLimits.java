package sluice.job.settings;

import java.io.Serializable;

/** Limits of the length of an input sequence. Immutable, sent to the executors; not a record, which Kryo can't read. */
public final class LengthLimits implements Serializable {
    private static final long serialVersionUID = 1L;

    /** No limits. */
    public static final LengthLimits NONE = new LengthLimits(0, 0, TooLong.REFUSE);

    private final int least;
    private final int most;
    private final TooLong tooLong;

    /** {@code input.too-long}. */
    public enum TooLong {
        /** The row is a bad row. */
        REFUSE,
        /** Its first {@code most} steps are scored. */
        KEEP_FIRST,
        /** Its last {@code most} steps are scored. */
        KEEP_LAST
    }

    /**
     * @param least steps, {@code input.min-length}
     * @param most steps, {@code input.max-length}; 0: no limit
     * @param tooLong what happens to a longer sequence
     */
    public LengthLimits(int least, int most, TooLong tooLong) {
        this.least = least;
        this.most = most == 0 ? Integer.MAX_VALUE : most;
        this.tooLong = tooLong;
    }

    /** In steps. */
    public int least() {
        return least;
    }

    /** In steps; {@link Integer#MAX_VALUE}: no limit. */
    public int most() {
        return most;
    }

    public TooLong tooLong() {
        return tooLong;
    }
}
