package sluice.cell;

import java.io.Serializable;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmModel;

/**
 * Windows of fixed length: each step is answered from the last steps alone, as if they were a sequence of their own. Immutable.
 *
 * <p>The window of step t has the steps {@code t - length + 1 .. t}. It starts from the model's initial state. Windows with fewer steps, at
 * the start of a sequence, are partial.
 */
public final class Windows implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int length;
    private final Partial partial;
    private final boolean padded;
    private final double pad;
    private final Padding padding;

    /** The partial windows that are answered. */
    public enum Partial {
        /** None: the first {@code length - 1} steps have no answer. */
        SKIP,
        /** The last one of a sequence that is shorter than a window, so that each sequence has an answer. */
        LAST,
        /** Each one. */
        EACH
    }

    /** The side of a partial window at which padding is added. */
    public enum Padding {
        /** Before its steps. */
        PRE,
        /** After its steps. */
        POST
    }

    private Windows(int length, Partial partial, boolean padded, double pad, Padding padding) {
        this.length = length;
        this.partial = partial;
        this.padded = padded;
        this.pad = pad;
        this.padding = padding;
    }

    /**
     * Windows without padding: a partial window is shorter.
     *
     * @param length steps of a window
     * @throws IllegalArgumentException if it is below 1
     */
    public Windows(int length, Partial partial) {
        this(length, partial, false, 0, Padding.PRE);
        if (length < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "a window of %d steps: expected at least 1", length));
        }
    }

    /**
     * The same windows, where partial ones are padded to the full length.
     *
     * @param value a token, or the number of all features of a step
     */
    public Windows padded(double value, Padding side) {
        return new Windows(length, partial, true, value, side);
    }

    /** Steps of a full window. */
    public int length() {
        return length;
    }

    public Partial partial() {
        return partial;
    }

    /** The token or number that partial windows are padded with, if they are padded. */
    public OptionalDouble pad() {
        return padded ? OptionalDouble.of(pad) : OptionalDouble.empty();
    }

    /** The side at which they are padded. */
    public Padding padding() {
        return padding;
    }

    /**
     * The first step that has an answer of its own.
     *
     * @param steps of the sequence
     * @return {@code steps} if none has one
     */
    public int firstAnswer(int steps) {
        return switch (partial) {
            case SKIP -> Math.min(steps, length - 1);
            case LAST -> Math.min(Math.max(0, steps - 1), length - 1);
            case EACH -> 0;
        };
    }

    /**
     * The first token that is predicted, from the window before it.
     *
     * @param steps of the sequence
     * @return {@code steps} if none is
     */
    public int firstTarget(int steps) {
        int first = switch (partial) {
            case SKIP -> length;
            case LAST -> Math.max(1, Math.min(steps - 1, length));
            case EACH -> 1;
        };
        return Math.min(steps, first);
    }

    /** Whether a sequence of this many steps has a window that answers it at its last step. */
    public boolean answersLast(int steps) {
        return partial != Partial.SKIP || steps >= length;
    }

    /**
     * Steps of the window that ends at this step.
     *
     * @param step -1: of the window of an empty sequence
     */
    public int steps(int step) {
        return padded ? length : Math.min(length, step + 1);
    }

    /**
     * The window that ends at a step, as a sequence of its own.
     *
     * @param step index of its last step; -1: the window of an empty sequence, which has padding only
     * @param width number of features of a step, if the sequence has features
     * @param withNext whether the sequence's next token follows the window
     */
    public Sequence at(Sequence sequence, int step, int width, boolean withNext) {
        int from = Math.max(0, step + 1 - length);
        int missing = padded ? length - (step + 1 - from) : 0;
        int before = padding == Padding.PRE ? missing : 0;
        return sequence.window(from, step + 1, before, missing - before, pad, width, withNext);
    }

    /**
     * Checks that the model reads the padding.
     *
     * @throws IllegalArgumentException if it does not
     */
    public void requirePadding(LstmModel model, InputKind input) {
        if (!padded) {
            return;
        }
        if (input.takesTokens()) {
            requireToken(model);
        } else if (!(Math.abs(pad) <= SequenceRules.MAX_FEATURE)) {
            throw new IllegalArgumentException("windows padded with %s: expected a number of at most %s"
                    .formatted(pad, SequenceRules.MAX_FEATURE));
        } else if (model.mask().isPresent() && model.mask().get() == (float) pad) {
            throw skipped(String.valueOf((float) pad), "mask_value");
        }
    }

    private void requireToken(LstmModel model) {
        if (pad != Math.rint(pad) || pad < 0 || pad >= model.tokens()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "windows padded with token %s: expected one in [0, %d), the model's tokens",
                    number(pad),
                    model.tokens()));
        }
        OptionalInt skipped = model.embedding().map(Embedding::padding).orElse(OptionalInt.empty());
        if (skipped.isPresent() && skipped.getAsInt() == pad) {
            throw skipped("token " + number(pad), "mask_zero");
        }
    }

    private static IllegalArgumentException skipped(String what, String option) {
        return new IllegalArgumentException(
                "windows padded with %s, which this model skips (%s): a padded window has the answer of the shorter one; leave input.window-pad empty"
                        .formatted(what, option));
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value) : String.valueOf(value);
    }
}
