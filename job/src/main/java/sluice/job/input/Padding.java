package sluice.job.input;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import sluice.job.message.RefusedException;

/** The padding value, {@code input.pad}, which is stripped at both ends of a sequence. Immutable, broadcast. */
final class Padding implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String text; // null: nothing is stripped
    private final double number; // NaN if it is no number

    private Padding(String text, double number) {
        this.text = text;
        this.number = number;
    }

    /** @throws RefusedException if the sequences hold numbers, and the value is none */
    static Padding resolve(Optional<String> pad, SequenceForm form) {
        if (pad.isEmpty()) {
            return new Padding(null, Double.NaN);
        }
        double number = number(pad.get());
        if (Double.isNaN(number) && form.holdsNumbers()) {
            throw new RefusedException(
                    "input.pad = '%s': the sequences hold %s, expected a number".formatted(pad.get(), form));
        }
        return new Padding(pad.get(), number);
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** The steps between the padding at the ends; padding inside stays. */
    <T> List<T> strip(List<T> steps) {
        if (text == null) {
            return steps;
        }
        int from = 0;
        int to = steps.size();
        while (from < to && isPad(steps.get(from))) {
            from++;
        }
        while (from < to && isPad(steps.get(to - 1))) {
            to--;
        }
        return steps.subList(from, to);
    }

    /** A step of features is padding if all its features are. */
    private boolean isPad(Object step) {
        if (step instanceof Number value) {
            return value.doubleValue() == number;
        }
        if (step == null || step instanceof String) {
            return text.equals(step);
        }
        int width = StepFeatures.width(step);
        for (int feature = 0; feature < width; feature++) {
            Number value = StepFeatures.get(step, feature);
            if (value == null || value.doubleValue() != number) {
                return false;
            }
        }
        return width > 0;
    }
}
