package sluice.cell.weights.torch;

import java.util.Comparator;

/**
 * A dict key in a pickle. Only text keys name tensors; other keys are kept for counting and for messages.
 *
 * <p>All keys are of one class and comparable, so that a hash map stays fast if a file's keys all have the same hash.
 *
 * @param kind Python type of the key; 1 and '1' are different keys
 * @param text the key as shown in messages; for a tuple and an object its number, because they may contain anything
 */
record PickledKey(Kind kind, String text) implements Comparable<PickledKey> {
    private static final Comparator<PickledKey> ORDER =
            Comparator.comparing(PickledKey::kind).thenComparing(PickledKey::text);

    /** Python types of keys. */
    enum Kind {
        TEXT,
        NUMBER,
        BOOLEAN,
        NONE,
        TUPLE,
        OBJECT
    }

    boolean isText() {
        return kind == Kind.TEXT;
    }

    @Override
    public int compareTo(PickledKey other) {
        return ORDER.compare(this, other);
    }
}
