package sluice.job.input;

import java.io.Serializable;
import java.util.Optional;
import sluice.job.message.RefusedException;

/** The padding value, {@code input.pad}, which is not scored at both ends of a sequence. Immutable, broadcast. */
final class Padding implements Serializable {
    private static final long serialVersionUID = 1L;

    static final Padding NONE = new Padding(null, Double.NaN);

    private final String text; // null: nothing is stripped
    private final double number; // NaN if it is no number

    private Padding(String text, double number) {
        this.text = text;
        this.number = number;
    }

    /** @throws RefusedException if the sequences hold numbers, and the value is none */
    static Padding resolve(Optional<String> pad, SequenceForm form) {
        if (pad.isEmpty()) {
            return NONE;
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

    /** Whether a step of a sequence is padding. A step of features is padding if all its features are. */
    boolean isPad(Object step) {
        if (text == null) {
            return false;
        }
        if (step instanceof Number value) {
            return value.doubleValue() == number;
        }
        if (step == null || step instanceof String) {
            return text.equals(step);
        }
        int width = StepFeatures.width(step);
        for (int feature = 0; feature < width; feature++) {
            if (!isPadFeature(StepFeatures.value(step, feature))) {
                return false;
            }
        }
        return width > 0;
    }

    private boolean isPadFeature(Object value) {
        return value instanceof String written
                ? text.equals(written) || number(written) == number
                : value instanceof Number feature && feature.doubleValue() == number;
    }
}
