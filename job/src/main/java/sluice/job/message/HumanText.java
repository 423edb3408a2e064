package sluice.job.message;

/** Numbers as text for people. */
public final class HumanText {
    private HumanText() {}

    /** {@code 1 task}, {@code 1,200 tasks}. */
    public static String count(long number, String noun) {
        return "%,d %s%s".formatted(number, noun, number == 1 ? "" : "s");
    }

    /** An ISO-8601 instant without the fraction of its second. */
    public static String second(String moment) {
        return moment.replaceFirst("\\.\\d+Z$", "Z");
    }

    /** An estimated duration. */
    public static String about(double seconds) {
        return seconds < 0.05 ? duration(seconds) : "about " + duration(seconds);
    }

    /** A duration with about two digits, in the unit that fits. */
    public static String duration(double seconds) {
        if (seconds < 0.05) {
            return "less than 0.1 s";
        }
        if (seconds < 60) {
            return seconds < 9.95 ? "%.1f s".formatted(seconds) : "%.0f s".formatted(seconds);
        }
        if (seconds < 3_600) {
            return "%.0f min".formatted(seconds / 60);
        }
        return seconds < 36_000 ? "%.1f h".formatted(seconds / 3_600) : "%,.0f h".formatted(seconds / 3_600);
    }

    /** A number of bytes, in the unit that fits. */
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
