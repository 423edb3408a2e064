package sluice.job;

import java.util.ArrayList;
import java.util.List;

/** Lines of a name and what there is to say about it, in two columns. */
final class Page {
    private final List<String> lines = new ArrayList<>();

    Page add(String name, String format, Object... values) {
        lines.add("%-11s %s"
                .formatted(name, values.length == 0 ? format : format.formatted(values))
                .stripTrailing());
        return this;
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    /** In the unit that fits. */
    static String size(double bytes) {
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
