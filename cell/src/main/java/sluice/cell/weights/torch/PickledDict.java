package sluice.cell.weights.torch;

import java.util.LinkedHashMap;

/** A dict of a pickle. Of the texts and numbers in it only the first are kept: a vocabulary may have any number, and nothing needs them. */
final class PickledDict extends LinkedHashMap<PickledKey, Object> {
    private static final long serialVersionUID = 1L;

    private static final int KEPT_VALUES = 1_000;

    private static final int CAPACITY = 2; // most dicts of a damaged file are small

    private int plain;

    PickledDict() {
        super(CAPACITY);
    }

    /** Whether a further value is kept. */
    boolean keeps(Object value) {
        return !isPlain(value) || ++plain <= KEPT_VALUES;
    }

    /** Whether it is a text, a number, a truth value or None. */
    static boolean isPlain(Object value) {
        return value == null || value instanceof String || value instanceof Number || value instanceof Boolean;
    }
}
