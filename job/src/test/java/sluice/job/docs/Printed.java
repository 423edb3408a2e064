package sluice.job.docs;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A printed block as a document has it: {@code ...} stands for any text within a line, and for any number of lines on a line of its own.
 * Figures of {@link Varying} may differ.
 */
record Printed(List<String> lines) {
    private static final String MORE = "...";

    /** Whether its lines are lines of an output, one after the other. */
    boolean isIn(List<String> output) {
        String text = output.stream().map(Varying::withoutFigures).collect(Collectors.joining("\n", "\n", "\n"));
        String block = lines.stream().map(Printed::pattern).collect(Collectors.joining("", "\\n", ""));
        return Pattern.compile(block).matcher(text).find();
    }

    private static String pattern(String line) {
        if (line.strip().equals(MORE)) {
            return "(?:.*\\n)*?";
        }
        return Arrays.stream(Varying.withoutFigures(line).split(Pattern.quote(MORE), -1))
                .map(Pattern::quote)
                .collect(Collectors.joining(".*", "", "\\n"));
    }
}
