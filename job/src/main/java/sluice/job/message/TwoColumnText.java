package sluice.job.message;

import java.util.ArrayList;
import java.util.List;

/** Lines of a name and what there is to say about it, in two columns. */
public final class TwoColumnText {
    private final List<Entry> entries = new ArrayList<>();

    /** A name, and what there is to say about it. */
    public record Entry(String name, String text) {}

    public TwoColumnText add(String name, String format, Object... values) {
        entries.add(new Entry(name, values.length == 0 ? format : format.formatted(values)));
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

    /** In the unit that fits. */
    public static String size(double bytes) {
        if (bytes < 1 << 20) {
            return "%.1f KiB".formatted(bytes / 1024.0);
        }
        double mebibytes = bytes / (1 << 20);
        if (mebibytes < 10_000) {
            return "%,.1f MiB".formatted(mebibytes);
        }
        double gibibytes = mebibytes / 1024;
        return gibibytes < 10_000 ? "%,.1f GiB".formatted(gibibytes) : "%,.1f TiB".formatted(gibibytes / 1024);
    }
}
