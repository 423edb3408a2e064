package sluice.job.settings;

import java.io.Serializable;
import java.util.Arrays;
import java.util.regex.Pattern;

/** Splits a text into words. */
public final class Tokenizer implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Pattern WHITESPACE = Pattern.compile("\\s+");

    /** {@code input.splitter}. */
    public enum Kind {
        /** Each Unicode code point is a word. */
        CHARACTER,
        /** Words are separated by white space. */
        WHITESPACE,
        /** Words are separated by matches of a pattern. */
        REGEX
    }

    private final Kind kind;
    private final String pattern;
    private transient volatile Pattern compiled; // null after deserialization

    /** @param pattern used by {@link Kind#REGEX} only */
    Tokenizer(Kind kind, Pattern pattern) {
        this.kind = kind;
        this.pattern = (kind == Kind.REGEX ? pattern : WHITESPACE).pattern();
    }

    /** The words of a text, none of them empty. */
    public String[] split(String text) {
        if (kind == Kind.CHARACTER) {
            return text.codePoints().mapToObj(Character::toString).toArray(String[]::new);
        }
        return Arrays.stream(compiled().split(text))
                .filter(word -> !word.isEmpty())
                .toArray(String[]::new);
    }

    private Pattern compiled() {
        if (compiled == null) {
            compiled = Pattern.compile(pattern);
        }
        return compiled;
    }
}
