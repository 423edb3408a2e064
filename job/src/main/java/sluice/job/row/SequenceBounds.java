package sluice.job.row;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.apache.spark.sql.Row;
import sluice.job.settings.LengthLimits;

/** Which steps of a row are its sequence: {@code input.length}, {@code input.pad} and the limits. Immutable, broadcast. */
public final class SequenceBounds implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int lengthColumn; // -1 if the whole value is the sequence
    private final LengthLimits limits;

    /** @param lengthColumn index of the column of {@code input.length}; -1 if there is none */
    public SequenceBounds(int lengthColumn, LengthLimits limits) {
        this.lengthColumn = lengthColumn;
        this.limits = limits;
    }

    /** The bounds of sequences that are not cut. */
    public SequenceBounds withoutLimits() {
        return new SequenceBounds(lengthColumn, LengthLimits.NONE);
    }

    /** Steps {@code from .. to - 1}. */
    public record Range(int from, int to) {
        public <T> List<T> of(List<T> steps) {
            return steps.subList(from, to);
        }
    }

    /**
     * The steps to score: the first {@code input.length}, without padding at both ends, and within the limits. Padding inside stays.
     *
     * @param steps of the row's value
     * @param isPad whether a step is padding, by its index
     */
    public Range of(Row row, int steps, IntPredicate isPad) throws UnreadableRow {
        int from = 0;
        int to = lengthColumn < 0 ? steps : length(row, steps);
        while (from < to && isPad.test(from)) {
            from++;
        }
        while (from < to && isPad.test(to - 1)) {
            to--;
        }
        return within(from, to);
    }

    private int length(Row row, int steps) throws UnreadableRow {
        if (row.isNullAt(lengthColumn)) {
            throw new UnreadableRow(RowDefect.WRONG_LENGTH, "its length (input.length) is null");
        }
        Object given = row.get(lengthColumn);
        int length = length(given.toString());
        if (length < 0 || length > steps) {
            throw new UnreadableRow(
                    RowDefect.WRONG_LENGTH,
                    String.format(
                            Locale.ROOT,
                            "its length (input.length) is %s, and it holds %d steps: expected 0 to %d",
                            given,
                            steps,
                            steps));
        }
        return length;
    }

    /** The whole number in a text, such as {@code 3} or {@code 3.0}; -1 if there is none. */
    private static int length(String text) {
        try {
            return new BigDecimal(text.strip()).intValueExact();
        } catch (NumberFormatException | ArithmeticException e) {
            return -1;
        }
    }

    /** By {@code input.min-length}, {@code input.max-length} and {@code input.too-long}. */
    private Range within(int from, int to) throws UnreadableRow {
        int length = to - from;
        if (length < limits.least()) {
            throw new UnreadableRow(
                    RowDefect.TOO_SHORT,
                    String.format(Locale.ROOT, "%d steps, input.min-length asks for %d", length, limits.least()));
        }
        if (length <= limits.most()) {
            return new Range(from, to);
        }
        return switch (limits.tooLong()) {
            case REFUSE ->
                throw new UnreadableRow(
                        RowDefect.TOO_LONG,
                        String.format(Locale.ROOT, "%d steps, input.max-length allows %d", length, limits.most()));
            case KEEP_FIRST -> new Range(from, from + limits.most());
            case KEEP_LAST -> new Range(to - limits.most(), to);
        };
    }
}
