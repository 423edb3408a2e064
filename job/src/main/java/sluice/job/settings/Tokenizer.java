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
        REGEX,
        /** The text is a list of values, with or without brackets, of ids, numbers, words or rows of numbers. */
        LIST
    }

    private final Kind kind;
    private final String pattern;
    private transient volatile Pattern compiled; // null after deserialization

    /** @param pattern used by {@link Kind#REGEX} only */
    Tokenizer(Kind kind, Pattern pattern) {
        this.kind = kind;
        this.pattern = (kind == Kind.REGEX ? pattern : WHITESPACE).pattern();
    }

    /** Whether texts are lists, which {@link #split} does not read. */
    public boolean isList() {
        return kind == Kind.LIST;
    }

    /** Whether words are separated by white space. */
    public boolean isWhitespace() {
        return kind == Kind.WHITESPACE;
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
