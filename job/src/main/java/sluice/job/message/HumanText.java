package sluice.job.message;

/** Numbers as a sentence has them. */
public final class HumanText {
    private HumanText() {}

    /** {@code 1 task}, {@code 1,200 tasks}. */
    public static String count(long number, String noun) {
        return "%,d %s%s".formatted(number, noun, number == 1 ? "" : "s");
    }

    /** A moment as a report has it, without the fractions of its second. */
    public static String second(String moment) {
        return moment.replaceFirst("\\.\\d+Z$", "Z");
    }

    /** A time that is only estimated. */
    public static String about(double seconds) {
        return seconds < 0.05 ? duration(seconds) : "about " + duration(seconds);
    }

    /** Two digits or so, in the unit that fits. */
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
}
