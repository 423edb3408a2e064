package sluice.job.fingerprint;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The fingerprint of a multiset of rows: the sum of their 128-bit hashes modulo 2^128, and their number. The order of the rows and their
 * division into files and tasks do not change it. One changed bit in one row always changes the sum. Other faults, such as rows that are
 * missing, doubled, foreign or exchanged, change it except with a probability of about 2^-128. It protects against faults, not against somebody who knows the hash and wants to deceive.
 */
public final class Fingerprint implements Serializable {
    /** No rows. */
    public static final Fingerprint NONE = new Fingerprint(0, 0, 0);

    private static final long serialVersionUID = 1L;
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{32}");
    private static final int HALF = 16;
    private static final int RADIX = 16;

    private final long high;
    private final long low;
    private final long rows;

    Fingerprint(long high, long low, long rows) {
        this.high = high;
        this.low = low;
        this.rows = rows;
    }

    /**
     * The fingerprint that a report or a footer states.
     *
     * @param hex as {@link #toString()} returns it
     * @throws IllegalArgumentException if it is no such text
     */
    public static Fingerprint of(String hex, long rows) {
        if (!HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("'%s' is no fingerprint, which has 32 hex digits".formatted(hex));
        }
        return new Fingerprint(
                Long.parseUnsignedLong(hex.substring(0, HALF), RADIX),
                Long.parseUnsignedLong(hex.substring(HALF), RADIX),
                rows);
    }

    /** The fingerprint of the rows of both. */
    public Fingerprint plus(Fingerprint other) {
        long sum = low + other.low;
        long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
        return new Fingerprint(high + other.high + carry, sum, rows + other.rows);
    }

    public long rows() {
        return rows;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint that && high == that.high && low == that.low && rows == that.rows;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(high ^ low) + Long.hashCode(rows);
    }

    /** The sum as 32 hex digits. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%016x%016x", high, low);
    }
}
