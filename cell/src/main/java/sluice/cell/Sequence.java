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

    private static final int NO_NEXT = -1;

    private final int length;
    private final int[] tokens; // (n), or null
    private final float[] features; // (n, I) row-major, or null
    private final LstmState start; // or null
    private final ClassChoice classes;
    private final int next; // or NO_NEXT

    private Sequence(int length, int[] tokens, float[] features, LstmState start, ClassChoice classes, int next) {
        this.length = length;
        this.tokens = tokens;
        this.features = features;
        this.start = start;
        this.classes = classes;
        this.next = next;
    }

    /** A sequence of tokens, for a model with an embedding or with one-hot input. */
    public static Sequence ofTokens(int... tokens) {
        return new Sequence(tokens.length, tokens, null, null, ClassChoice.ALL, NO_NEXT);
    }

    /**
     * A sequence of features.
     *
     * @param features row-major, {@code length} rows of the model's input width
     */
    public static Sequence ofFeatures(int length, float[] features) {
        return new Sequence(length, null, features, null, ClassChoice.ALL, NO_NEXT);
    }

    /** A sequence of tokens as plain numbers, for a model that reads one number per step. The tokens are features and targets. */
    public static Sequence ofNumbers(int... tokens) {
        float[] features = new float[tokens.length];
        for (int step = 0; step < tokens.length; step++) {
            features[step] = tokens[step];
        }
        return new Sequence(tokens.length, tokens, features, null, ClassChoice.ALL, NO_NEXT);
    }

    /** The same sequence with a start state of its own. */
    public Sequence from(LstmState state) {
        return new Sequence(length, tokens, features, state, classes, next);
    }

    /** The same sequence with an answer about these classes, where the request has candidates or exclusions. */
    public Sequence about(ClassChoice choice) {
        return new Sequence(length, tokens, features, start, choice, next);
    }

    /**
     * A window as a sequence of its own, which starts from the model's initial state: the steps {@code from .. to - 1}, between padding.
     *
     * @param before number of steps of padding before them
     * @param after number of steps of padding after them
     * @param pad the token, or the number of all features, of a step of padding
     * @param width number of features of a step
     * @param withNext whether token {@code to} follows it
     */
    Sequence window(int from, int to, int before, int after, double pad, int width, boolean withNext) {
        int steps = before + to - from + after;
        int[] ids = null;
        if (tokens != null) {
            ids = new int[steps];
            Arrays.fill(ids, 0, before, (int) pad);
            System.arraycopy(tokens, from, ids, before, to - from);
            Arrays.fill(ids, steps - after, steps, (int) pad);
        }
        float[] rows = null;
        if (features != null) {
            rows = new float[steps * width];
            Arrays.fill(rows, 0, before * width, (float) pad);
            System.arraycopy(features, from * width, rows, before * width, (to - from) * width);
            Arrays.fill(rows, (steps - after) * width, rows.length, (float) pad);
        }
        return new Sequence(steps, ids, rows, null, classes, withNext ? tokens[to] : NO_NEXT);
    }

    /** The same sequence without the token that follows it. */
    public Sequence withoutNext() {
        return hasNext() ? new Sequence(length, tokens, features, start, classes, NO_NEXT) : this;
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

    /** Whether a token follows it, which is the target of its last step and not one of its steps. */
    public boolean hasNext() {
        return next != NO_NEXT;
    }

    /** The token that follows it, if there is one. */
    public int next() {
        return next;
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
                && next == that.next
                && Arrays.equals(tokens, that.tokens)
                && Arrays.equals(features, that.features)
                && Objects.equals(start, that.start)
                && classes.equals(that.classes);
    }

    @Override
    public int hashCode() {
        int hash = 31 * (31 * Arrays.hashCode(tokens) + Arrays.hashCode(features)) + Objects.hashCode(start);
        return (31 * (31 * hash + classes.hashCode()) + next) * SPREAD;
    }
}
