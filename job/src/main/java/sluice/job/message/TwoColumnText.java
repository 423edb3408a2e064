package sluice.job.message;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines in two columns: a name and its text. */
public final class TwoColumnText {
    private final List<Entry> entries = new ArrayList<>();

    /** One line. */
    public record Entry(String name, String text) {}

    public TwoColumnText add(String name, String format, Object... values) {
        entries.add(new Entry(name, values.length == 0 ? format : String.format(Locale.ROOT, format, values)));
        return this;
    }

    public List<String> lines() {
        return entries.stream()
                .map(entry -> "%-11s %s".formatted(entry.name(), entry.text()).stripTrailing())
                .toList();
    }

    public List<Entry> entries() {
        return List.copyOf(entries);
    }
}
