package sluice.cell.weights.torch;

import java.util.Comparator;

/**
 * A key of a dict in a pickle. Only texts mean something in a state dict; the others are kept to be counted and shown.
 *
 * <p>Keys are of one class and have an order, so that a file whose keys all have one hash costs no more time than another.
 *
 * @param kind of what: a text, a number and so on; 1 and '1' are two keys
 * @param text how messages show it; of a tuple its number, as that may contain anything
 */
record PickledKey(Kind kind, String text) implements Comparable<PickledKey> {
    private static final Comparator<PickledKey> ORDER =
            Comparator.comparing(PickledKey::kind).thenComparing(PickledKey::text);

    /** What Python has as keys. */
    enum Kind {
        TEXT,
        NUMBER,
        BOOLEAN,
        NONE,
        TUPLE
    }

    boolean isText() {
        return kind == Kind.TEXT;
    }

    @Override
    public int compareTo(PickledKey other) {
        return ORDER.compare(this, other);
    }
}
