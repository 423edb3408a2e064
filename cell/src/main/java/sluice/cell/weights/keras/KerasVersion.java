package sluice.cell.weights.keras;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which Keras wrote a file, where it says so.
 *
 * @param text as the file says it: {@code 2.1.5}, {@code 2.4.0-tf} and such; empty where it doesn't
 */
record KerasVersion(String text) {
    static final KerasVersion UNKNOWN = new KerasVersion("");

    private static final Pattern MAJOR = Pattern.compile("(\\d{1,3})\\..*");

    /** 1, 2 or 3, where that is known. */
    Optional<Integer> major() {
        Matcher matcher = MAJOR.matcher(text);
        return matcher.matches() ? Optional.of(Integer.parseInt(matcher.group(1))) : Optional.empty();
    }

    /** This one, or the other where this says nothing. */
    KerasVersion or(KerasVersion other) {
        return text.isEmpty() ? other : this;
    }
}
