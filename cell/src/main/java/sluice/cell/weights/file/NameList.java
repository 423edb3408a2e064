package sluice.cell.weights.file;

import java.util.Collection;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Lists for messages: a file may have thousands of names, a sentence may not. */
public final class NameList {
    private static final int MAX_SHOWN = 10;
    private static final int MAX_CHARACTERS = 200;

    private NameList() {}

    public static <T> String of(Collection<T> names, Function<T, String> shown) {
        String list = names.stream().limit(MAX_SHOWN).map(shown).collect(Collectors.joining(", "));
        return names.size() > MAX_SHOWN ? "%s and %d more".formatted(list, names.size() - MAX_SHOWN) : list;
    }

    /** A name that a file has, which may be of any length. */
    public static String shortened(String name) {
        return name.length() > MAX_CHARACTERS ? name.substring(0, MAX_CHARACTERS) + "..." : name;
    }
}
