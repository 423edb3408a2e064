package sluice.cell.weights.keras;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * The Keras version that wrote a file, as far as it is known.
 *
 * @param text the version as in the file, such as {@code 2.1.5} or {@code 2.4.0-tf}; empty if unknown
 * @param form the major version whose form the weights have, if only one writes that form
 */
record KerasVersion(String text, Optional<Integer> form) {
    private static final Pattern MAJOR = Pattern.compile("(\\d{1,3})\\..*");

    static final KerasVersion UNKNOWN = new KerasVersion("");

    KerasVersion(String text) {
        this(text, Optional.empty());
    }

    KerasVersion withForm(int major) {
        return new KerasVersion(text, Optional.of(major));
    }

    /**
     * The major version (1, 2 or 3), if known.
     *
     * @throws ModelException if the weights have the form of another one
     */
    Optional<Integer> major() {
        Matcher matcher = MAJOR.matcher(text);
        Optional<Integer> told = matcher.matches()
                ? Optional.of(Integer.parseInt(matcher.group(1))).filter(major -> major > 0) // 0: Keras Core, before 3
                : Optional.empty();
        if (told.isPresent() && form.isPresent() && !told.equals(form)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the weights have the form of Keras %d, but the version given for them is '%s'; correct 'keras_version' in metadata.json",
                    form.get(),
                    NameList.shortened(text)));
        }
        return form.or(() -> told);
    }

    /** This version, or the other one if this is unknown. */
    KerasVersion or(KerasVersion other) {
        return text.isEmpty() ? other : this;
    }
}
