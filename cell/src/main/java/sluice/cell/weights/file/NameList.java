package sluice.cell.weights.file;

import java.util.Collection;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Formats names of a file for messages: limits the number of names in a list and the length of a name. */
public final class NameList {
    private static final int MAX_SHOWN = 10;
    private static final int MAX_CHARACTERS = 200;

    private NameList() {}

    public static <T> String of(Collection<T> names, Function<T, String> format) {
        String list = names.stream().limit(MAX_SHOWN).map(format).collect(Collectors.joining(", "));
        return names.size() > MAX_SHOWN
                ? String.format(Locale.ROOT, "%s and %d more", list, names.size() - MAX_SHOWN)
                : list;
    }

    /** {@code 'a', 'b'}. */
    public static String quoted(Collection<String> names) {
        return of(names, name -> "'" + name + "'");
    }

    /** A name of a file, cut after {@value #MAX_CHARACTERS} characters. */
    public static String shortened(String name) {
        return name.length() > MAX_CHARACTERS ? name.substring(0, MAX_CHARACTERS) + "..." : name;
    }
}
