package sluice.job.docs;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What differs from run to run and from machine to machine in what a command prints. This is the only list of it. */
final class Varying {
    private static final String NUMBER = "\\d[\\d,.]*";
    private static final Map<Pattern, String> PATTERNS = new LinkedHashMap<>();

    static {
        put("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z", "INSTANT");
        put("\\b\\d\\d:\\d\\d:\\d\\d\\b", "TIME");
        put("(about|less than) " + NUMBER + " (ms|s|min|h) of work", "WORK");
        put(NUMBER + " tokens/s a core", "SPEED");
        put(NUMBER + " tokens per second and core", "SPEED");
        put("reading \\d+ %, scoring \\d+ %, writing \\d+ %", "SHARES");
        put(NUMBER + " MiB peak heap", "HEAP");
        put("on \\d+ cores?\\b", "on CORES");
        put("\\d+ bits wide", "BITS wide");
        put("(less than )?" + NUMBER + " (ms|s|min|h)\\b", "DURATION");
    }

    private Varying() {}

    private static void put(String pattern, String name) {
        PATTERNS.put(Pattern.compile(pattern), name);
    }

    /** A line with the name of each such figure in its place; columns then have other widths, so that spaces count as one. */
    static String withoutFigures(String line) {
        String without = line;
        for (Map.Entry<Pattern, String> figure : PATTERNS.entrySet()) {
            without = figure.getKey().matcher(without).replaceAll(figure.getValue());
        }
        return without.equals(line)
                ? line.stripTrailing()
                : without.replaceAll(" +", " ").stripTrailing();
    }
}
