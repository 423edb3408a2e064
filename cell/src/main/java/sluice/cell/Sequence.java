package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/** One sequence to score: tokens, or rows of features, without padding. Sequences are equal if all their bits are equal. */
public final class Sequence implements Serializable {
    private static final long serialVersionUID = 1L;

    /** 2^32 / golden ratio. It spreads the hash: powers of 31 leave the low bits, which hash tables use, nearly equal for small tokens. */
    private static final int SPREAD = 0x9E3779B9;

    private final int length;
    private final int[] tokens; // (n), or null
    private final float[] features; // (n, I) row-major, or null
    private final LstmState start; // or null
    private final ClassChoice classes;

    private Sequence(int length, int[] tokens, float[] features, LstmState start, ClassChoice classes) {
        this.length = length;
        this.tokens = tokens;
        this.features = features;
        this.start = start;
        this.classes = classes;
    }

    /** A sequence of tokens, for a model with an embedding or with one-hot input. */
    public static Sequence ofTokens(int... tokens) {
        return new Sequence(tokens.length, tokens, null, null, ClassChoice.ALL);
    }

    /**
     * A sequence of features.
     *
     * @param features row-major, {@code length} rows of the model's input width
     */
    public static Sequence ofFeatures(int length, float[] features) {
        return new Sequence(length, null, features, null, ClassChoice.ALL);
    }

    /** A sequence of tokens as plain numbers, for a model that reads one number per step. The tokens are features and targets. */
    public static Sequence ofNumbers(int... tokens) {
        float[] features = new float[tokens.length];
        for (int step = 0; step < tokens.length; step++) {
            features[step] = tokens[step];
        }
        return new Sequence(tokens.length, tokens, features, null, ClassChoice.ALL);
    }

    /** The same sequence with a start state of its own. */
    public Sequence from(LstmState state) {
        return new Sequence(length, tokens, features, state, classes);
    }

    /** The same sequence with an answer about these classes, where the request has candidates or exclusions. */
    public Sequence about(ClassChoice choice) {
        return new Sequence(length, tokens, features, start, choice);
    }

    /** Number of steps. */
    public int length() {
        return length;
    }

    public boolean hasTokens() {
        return tokens != null;
    }

    public boolean hasFeatures() {
        return features != null;
    }

    /** Token ids, or null for a sequence without tokens; not a copy. */
    public int[] tokens() {
        return tokens;
    }

    /** Features, row-major, or null for a sequence without features; not a copy. */
    public float[] features() {
        return features;
    }

    /** Its start state; empty for the model's initial state. */
    public Optional<LstmState> start() {
        return Optional.ofNullable(start);
    }

    /** The classes that its answer is about. */
    public ClassChoice classes() {
        return classes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Sequence that
                && length == that.length
                && Arrays.equals(tokens, that.tokens)
                && Arrays.equals(features, that.features)
                && Objects.equals(start, that.start)
                && classes.equals(that.classes);
    }

    @Override
    public int hashCode() {
        int hash = 31 * (31 * Arrays.hashCode(tokens) + Arrays.hashCode(features)) + Objects.hashCode(start);
        return (31 * hash + classes.hashCode()) * SPREAD;
    }
}
