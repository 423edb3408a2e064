package sluice.cell;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;

/** Checks the columns of a sequence against the parts of a model's input. Immutable. */
final class PartRules {
    private static final int NO_PADDING = -1;

    private final List<InputPart> parts;
    private final int[] known; // tokens of each part's embedding, or 0
    private final int[] padding; // token of each part, or NO_PADDING

    PartRules(LstmModel model) {
        this.parts = model.parts();
        this.known = parts.stream()
                .mapToInt(part -> part.embedding().map(Embedding::tokens).orElse(0))
                .toArray();
        this.padding = parts.stream()
                .mapToInt(part -> part.embedding()
                        .map(Embedding::padding)
                        .orElse(OptionalInt.empty())
                        .orElse(NO_PADDING))
                .toArray();
    }

    /** The first defect in a column; null if there is none. */
    Defect defect(Sequence sequence) {
        InputColumn[] columns = sequence.columns();
        if (columns == null) {
            return wrong("found one input: the model takes %d, %s", parts.size(), parts);
        }
        if (columns.length != parts.size()) {
            return wrong("found %d inputs: the model takes %d, %s", columns.length, parts.size(), parts);
        }
        Defect defect = null;
        for (int at = 0; at < columns.length && defect == null; at++) {
            defect = shapeDefect(parts.get(at), columns[at], sequence.length());
        }
        for (int at = 0; at < columns.length && defect == null; at++) {
            InputPart part = parts.get(at);
            defect = takesTokens(part)
                    ? tokenDefect(part.name(), known[at], padding[at], columns[at].tokens())
                    : numberDefect(part, columns[at].numbers());
        }
        return defect;
    }

    private static boolean takesTokens(InputPart part) {
        return part.table() != null;
    }

    private static Defect shapeDefect(InputPart part, InputColumn column, int length) {
        boolean takesTokens = takesTokens(part);
        if (takesTokens != (column.tokens() != null)) {
            return wrong(
                    "input %s is %s: the model takes %s",
                    part.name(), takesTokens ? "numbers" : "tokens", takesTokens ? "tokens" : "numbers");
        }
        long found = takesTokens ? column.tokens().length : column.numbers().length;
        long expected = takesTokens ? length : (long) length * part.width();
        return found == expected
                ? null
                : new Defect(
                        Defect.Kind.LENGTHS_DIFFER,
                        String.format(
                                Locale.ROOT,
                                "input %s has %d values for %d steps, expected %d",
                                part.name(),
                                found,
                                length,
                                expected));
    }

    private static Defect tokenDefect(String name, int known, int padding, int[] tokens) {
        for (int step = 0; step < tokens.length; step++) {
            if (tokens[step] < 0 || tokens[step] >= known) {
                return new Defect(
                        Defect.Kind.TOKEN_OUT_OF_RANGE,
                        String.format(
                                Locale.ROOT,
                                "token %d at step %d of %s is outside [0, %d), the tokens of that input",
                                tokens[step],
                                step,
                                name,
                                known));
            }
            if (tokens[step] == padding) {
                return new Defect(
                        Defect.Kind.TOKEN_IS_PADDING,
                        String.format(
                                Locale.ROOT,
                                "token %d at step %d of %s is the padding of that input; leave the step out of all inputs",
                                tokens[step],
                                step,
                                name));
            }
        }
        return null;
    }

    private static Defect numberDefect(InputPart part, float[] numbers) {
        for (int at = 0; at < numbers.length; at++) {
            if (!(Math.abs(numbers[at]) <= SequenceRules.MAX_FEATURE)) {
                int step = at / part.width();
                return SequenceRules.badNumber(
                        numbers[at],
                        part.width() == 1
                                ? String.format(Locale.ROOT, "%s at step %d", part.name(), step)
                                : String.format(
                                        Locale.ROOT,
                                        "number %d of %s at step %d",
                                        at % part.width(),
                                        part.name(),
                                        step));
            }
        }
        return null;
    }

    private static Defect wrong(String text, Object... values) {
        return new Defect(Defect.Kind.WRONG_INPUT, String.format(Locale.ROOT, text, values));
    }
}
