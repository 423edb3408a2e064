package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import sluice.cell.weights.file.NameList;

/** The value of {@code model.ignore} that leaves out these tensors and none of the model. */
final class IgnoreAdvice {
    private static final int MOST_SHOWN = 16;

    private final NavigableSet<String> model;

    /** @param model names of the tensors of the model, with the parts of computed weights */
    IgnoreAdvice(Collection<String> model) {
        this.model = new TreeSet<>(model);
    }

    /** {@code [teacher., out_bias]}: the shortest path of each tensor on which no tensor of the model lies, or its name. */
    String setting(Collection<String> names) {
        List<String> entries = new ArrayList<>();
        for (String name : new TreeSet<>(names)) {
            if (entries.isEmpty() || !covers(entries.get(entries.size() - 1), name)) {
                entries.add(entry(name));
            }
        }
        Set<String> shown = entries.stream().limit(MOST_SHOWN).collect(Collectors.toCollection(TreeSet::new));
        return shown.stream()
                .map(NameList::shortened)
                .collect(Collectors.joining(", ", "[", entries.size() > MOST_SHOWN ? ", ...]" : "]"));
    }

    private static boolean covers(String entry, String name) {
        return entry.endsWith(".") && name.startsWith(entry);
    }

    private String entry(String name) {
        for (int end = name.indexOf('.'); end >= 0; end = name.indexOf('.', end + 1)) {
            String path = name.substring(0, end + 1);
            String next = model.ceiling(path);
            if (next == null || !next.startsWith(path)) {
                return path;
            }
        }
        return name;
    }
}
