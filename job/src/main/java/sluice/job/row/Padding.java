package sluice.job.row;

import java.io.Serializable;
import java.util.Optional;
import sluice.job.message.RefusedException;

/** The padding value, {@code input.pad}, which is not scored at both ends of a sequence. Immutable, broadcast. */
public final class Padding implements Serializable {
    private static final long serialVersionUID = 1L;

    public static final Padding NONE = new Padding(null, null);

    private final String text; // null: nothing is stripped
    private final Double number; // null if it is no number, or the steps are words

    private Padding(String text, Double number) {
        this.text = text;
        this.number = number;
    }

    /** @throws RefusedException if the sequences hold numbers, and the value is none */
    public static Padding resolve(Optional<String> pad, SequenceForm form) {
        if (pad.isEmpty()) {
            return NONE;
        }
        Double number = form.needsVocabulary() ? null : number(pad.get());
        if (number == null && form.holdsNumbers()) {
            throw new RefusedException(
                    "input.pad = '%s': the sequences hold %s, expected a number".formatted(pad.get(), form));
        }
        return new Padding(pad.get(), number);
    }

    private static Double number(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Whether a step of a sequence is padding. A step of features is padding if all its features are. */
    public boolean isPad(Object step) {
        if (text == null) {
            return false;
        }
        if (step == null || step instanceof Number || step instanceof String) {
            return isValue(step);
        }
        int width = StepFeatures.width(step);
        for (int feature = 0; feature < width; feature++) {
            if (!isValue(StepFeatures.value(step, feature))) {
                return false;
            }
        }
        return width > 0;
    }

    /** Whether a value is that of the padding: numbers are compared as numbers, also in text ({@code 0.0} is 0). NaN is equal to NaN. */
    private boolean isValue(Object value) {
        if (value instanceof Number found) {
            return isNumber(found.doubleValue());
        }
        if (value == null || number == null) {
            return text.equals(value);
        }
        Double found = number((String) value);
        return text.equals(value) || (found != null && isNumber(found));
    }

    private boolean isNumber(double value) {
        return value == number || (Double.isNaN(value) && Double.isNaN(number));
    }
}
