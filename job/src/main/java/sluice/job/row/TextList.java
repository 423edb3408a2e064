package sluice.job.row;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads a list that was written as text: {@code [1, 2, 3]}, {@code 1,2,3}, {@code 1 2 3}, {@code ['a', "b"]} or
 * {@code [[1.0, 2.0], [3.0, 4.0]]}, as Python, NumPy, JSON, Java and databases write it.
 *
 * <p>Brackets are {@code []}, {@code ()} or <code>{}</code>, and may be missing around the whole list. Values are separated by commas, or by
 * white space if the list has no comma. A value in quotes may hold anything, with backslash as escape. {@code null} and {@code None} without
 * quotes are null.
 */
public final class TextList {
    private static final String OPENING = "[({";
    private static final String CLOSING = "])}";
    private static final int QUOTED_CHARACTERS = 40;

    private final String text;
    private int at; // index of the next character

    private TextList(String text) {
        this.text = text;
    }

    /** The values of a list without lists in it. */
    public static List<String> flat(String text) throws UnreadableRow {
        List<String> values = new ArrayList<>();
        for (Object value : new TextList(text).read()) {
            if (value instanceof List) {
                throw broken(text, "a list in the list");
            }
            values.add((String) value);
        }
        return values;
    }

    /** The rows of a list of lists. In a list of single values each value is a row. */
    @SuppressWarnings("unchecked")
    public static List<List<String>> rows(String text) throws UnreadableRow {
        List<List<String>> rows = new ArrayList<>();
        for (Object value : new TextList(text).read()) {
            if (!(value instanceof List<?> row)) {
                List<String> single = new ArrayList<>();
                single.add((String) value);
                rows.add(single);
            } else if (row.stream().anyMatch(List.class::isInstance)) {
                throw broken(text, "lists of three levels");
            } else {
                rows.add((List<String>) row);
            }
        }
        return rows;
    }

    private static UnreadableRow broken(String text, String what) {
        String quoted = text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
        return new UnreadableRow(
                RowDefect.WRONG_TYPE, "it holds %s (%s), expected a list such as [1, 2, 3]".formatted(quoted, what));
    }

    private List<Object> read() throws UnreadableRow {
        skipSpace();
        List<Object> values;
        if (isOpening() && isOneList()) {
            values = list();
        } else {
            values = values('\0');
        }
        skipSpace();
        if (at < text.length()) {
            throw broken(text, "text after the list");
        }
        return values;
    }

    /** Whether the bracket here closes at the end of the text: {@code [1] [2]} are two lists. */
    private boolean isOneList() {
        int depth = 0;
        char quote = 0;
        for (int next = at; next < text.length(); next++) {
            char c = text.charAt(next);
            if (quote != 0) {
                if (c == '\\') {
                    next++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (OPENING.indexOf(c) >= 0) {
                depth++;
            } else if (CLOSING.indexOf(c) >= 0 && --depth == 0) {
                return text.substring(next + 1).isBlank();
            }
        }
        return true; // the bracket is not closed, which reading it reports
    }

    private List<Object> list() throws UnreadableRow {
        char closing = CLOSING.charAt(OPENING.indexOf(text.charAt(at)));
        at++;
        List<Object> values = values(closing);
        if (at == text.length()) {
            throw broken(text, "no closing bracket");
        }
        at++;
        return values;
    }

    /** The values up to a closing bracket, or to the end of the text for 0. */
    private List<Object> values(char closing) throws UnreadableRow {
        List<Object> values = new ArrayList<>();
        int commas = 0;
        boolean isAfterComma = false;
        skipSpace();
        while (at < text.length() && text.charAt(at) != closing) {
            if (CLOSING.indexOf(text.charAt(at)) >= 0) {
                throw broken(text, "a bracket too much");
            }
            if (text.charAt(at) == ',') {
                if (values.isEmpty() || isAfterComma) {
                    throw broken(text, "no value before a comma");
                }
                commas++;
                isAfterComma = true;
                at++;
            } else {
                if (commas > 0 && !isAfterComma) {
                    throw broken(text, "a value with white space and without quotes");
                }
                values.add(isOpening() ? list() : value());
                isAfterComma = false;
            }
            skipSpace();
        }
        if (commas > 0 && !isAfterComma && commas < values.size() - 1) {
            throw broken(text, "values with and without commas between them");
        }
        return values; // a comma after the last value is allowed, as in Python's (1,)
    }

    private String value() throws UnreadableRow {
        char first = text.charAt(at);
        if (first == '"' || first == '\'') {
            return quoted(first);
        }
        int begin = at;
        while (at < text.length()
                && text.charAt(at) != ','
                && !Character.isWhitespace(text.charAt(at))
                && CLOSING.indexOf(text.charAt(at)) < 0
                && OPENING.indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String value = text.substring(begin, at);
        return value.equals("null") || value.equals("None") || value.equals("NULL") ? null : value;
    }

    private String quoted(char quote) throws UnreadableRow {
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == quote) {
                at++;
                return value.toString();
            }
            if (c == '\\' && at + 1 < text.length()) {
                at++;
                value.append(escaped());
            } else {
                value.append(c);
            }
        }
        throw broken(text, "no closing quote");
    }

    private char escaped() throws UnreadableRow {
        char c = text.charAt(at);
        if (c == 'n') {
            return '\n';
        }
        if (c == 't') {
            return '\t';
        }
        if (c != 'u') {
            return c;
        }
        try {
            char code = (char) Integer.parseInt(text.substring(at + 1, Math.min(at + 5, text.length())), 16);
            at += 4;
            return code;
        } catch (NumberFormatException e) {
            throw broken(text, "no character after \\u");
        }
    }

    private boolean isOpening() {
        return at < text.length() && OPENING.indexOf(text.charAt(at)) >= 0;
    }

    private void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }
}
