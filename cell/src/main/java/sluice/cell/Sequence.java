package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/** One sequence to score: tokens, or rows of features, at its true length. Equal to another that has the same bits. */
public final class Sequence implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The golden ratio's: powers of 31 hardly tell sequences of small tokens apart in the low bits, which tables go by. */
    private static final int SPREAD = 0x9E3779B9;

    private final int length;
    private final int[] tokens; // (n), or null
    private final float[] features; // (n, I) row-major, or null
    private final LstmState start; // or null

    private Sequence(int length, int[] tokens, float[] features, LstmState start) {
        this.length = length;
        this.tokens = tokens;
        this.features = features;
        this.start = start;
    }

    /** Tokens, for a model with an embedding or with one-hot input. */
    public static Sequence ofTokens(int... tokens) {
        return new Sequence(tokens.length, tokens, null, null);
    }

    /**
     * Rows of features.
     *
     * @param features row after row, {@code length} rows of the model's input width
     */
    public static Sequence ofFeatures(int length, float[] features) {
        return new Sequence(length, null, features, null);
    }

    /** Tokens that are fed as plain numbers, to a model that reads one number a step: they are features and targets at once. */
    public static Sequence ofNumbers(int... tokens) {
        float[] features = new float[tokens.length];
        for (int step = 0; step < tokens.length; step++) {
            features[step] = tokens[step];
        }
        return new Sequence(tokens.length, tokens, features, null);
    }

    /** The same sequence, going on from this state. */
    public Sequence from(LstmState state) {
        return new Sequence(length, tokens, features, state);
    }

    /** How many steps it has. */
    public int length() {
        return length;
    }

    public boolean hasTokens() {
        return tokens != null;
    }

    public boolean hasFeatures() {
        return features != null;
    }

    /** Token ids, or null where it has none; not a copy. */
    public int[] tokens() {
        return tokens;
    }

    /** Features, row after row, or null where it has none; not a copy. */
    public float[] features() {
        return features;
    }

    /** Where it starts, if not from the model's own initial state. */
    public Optional<LstmState> start() {
        return Optional.ofNullable(start);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Sequence that
                && length == that.length
                && Arrays.equals(tokens, that.tokens)
                && Arrays.equals(features, that.features)
                && Objects.equals(start, that.start);
    }

    @Override
    public int hashCode() {
        int hash = 31 * (31 * Arrays.hashCode(tokens) + Arrays.hashCode(features)) + Objects.hashCode(start);
        return hash * SPREAD;
    }
}
