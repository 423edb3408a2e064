package sluice.cell.weights.keras;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Keras version that wrote a file, if known.
 *
 * @param text the version as in the file, such as {@code 2.1.5} or {@code 2.4.0-tf}; empty if unknown
 */
record KerasVersion(String text) {
    static final KerasVersion UNKNOWN = new KerasVersion("");

    private static final Pattern MAJOR = Pattern.compile("(\\d{1,3})\\..*");

    /** The major version (1, 2 or 3), if known. */
    Optional<Integer> major() {
        Matcher matcher = MAJOR.matcher(text);
        return matcher.matches() ? Optional.of(Integer.parseInt(matcher.group(1))) : Optional.empty();
    }

    /** This version, or the other one if this is unknown. */
    KerasVersion or(KerasVersion other) {
        return text.isEmpty() ? other : this;
    }
}
