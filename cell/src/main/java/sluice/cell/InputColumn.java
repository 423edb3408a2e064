package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import sluice.cell.model.InputPart;

/**
 * The values of one {@linkplain InputPart part} of the input at each step of a sequence: tokens, or numbers. Columns are equal if all
 * their bits are equal.
 */
public final class InputColumn implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[] tokens; // (n), or null
    private final float[] numbers; // (n, width) row-major, or null

    private InputColumn(int[] tokens, float[] numbers) {
        this.tokens = tokens;
        this.numbers = numbers;
    }

    /** One token for each step. */
    public static InputColumn ofTokens(int... tokens) {
        return new InputColumn(tokens, null);
    }

    /** Numbers, row-major: as many for each step as the part is wide. */
    public static InputColumn ofNumbers(float... numbers) {
        return new InputColumn(null, numbers);
    }

    /** Token ids, or null for numbers; not a copy. */
    public int[] tokens() {
        return tokens;
    }

    /** Numbers, row-major, or null for tokens; not a copy. */
    public float[] numbers() {
        return numbers;
    }

    /** Some of its steps: those from {@code from} up to {@code to - 1}. */
    InputColumn steps(int from, int to, int length) {
        if (tokens != null) {
            return ofTokens(Arrays.copyOfRange(tokens, from, to));
        }
        int width = length == 0 ? 0 : numbers.length / length;
        return ofNumbers(Arrays.copyOfRange(numbers, from * width, to * width));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputColumn that
                && Arrays.equals(tokens, that.tokens)
                && Arrays.equals(numbers, that.numbers);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(tokens) + Arrays.hashCode(numbers);
    }
}
