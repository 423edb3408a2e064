package sluice.job.message;

import java.util.Locale;

/** Numbers as text for people. */
public final class HumanText {
    private static final int QUOTED_CHARACTERS = 80;

    private HumanText() {}

    /** {@code 1 task}, {@code 1,200 tasks}. */
    public static String count(long number, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", number, noun, number == 1 ? "" : "s");
    }

    /** The beginning of a value of the input. */
    public static String quote(String text) {
        return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
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
            return seconds < 9.95
                    ? String.format(Locale.ROOT, "%.1f s", seconds)
                    : String.format(Locale.ROOT, "%.0f s", seconds);
        }
        if (seconds < 3_600) {
            return String.format(Locale.ROOT, "%.0f min", seconds / 60);
        }
        return seconds < 36_000
                ? String.format(Locale.ROOT, "%.1f h", seconds / 3_600)
                : String.format(Locale.ROOT, "%,.0f h", seconds / 3_600);
    }

    /** A number of bytes, in the unit that fits. */
    public static String size(double bytes) {
        if (bytes < 1 << 20) {
            return String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
        }
        double mebibytes = bytes / (1 << 20);
        if (mebibytes < 10_000) {
            return String.format(Locale.ROOT, "%,.1f MiB", mebibytes);
        }
        double gibibytes = mebibytes / 1024;
        return gibibytes < 10_000
                ? String.format(Locale.ROOT, "%,.1f GiB", gibibytes)
                : String.format(Locale.ROOT, "%,.1f TiB", gibibytes / 1024);
    }
}
