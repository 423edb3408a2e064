package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import sluice.cell.KernelChoice;

/** Holds scores against other people's numbers, and tells at the end which cases ran and how far off the kernels were. */
public final class CaseLog {
    private final String whose;
    private final List<String> cases = new ArrayList<>();
    private final Map<KernelChoice, Double> largest = new EnumMap<>(KernelChoice.class);

    public CaseLog(String whose) {
        this.whose = whose;
    }

    /** Notes which cases ran, and how many. */
    public void ran(String what) {
        cases.add(what);
    }

    /** Notes the distance of one number. */
    public void error(KernelChoice kernel, double error) {
        largest.merge(kernel, error, Math::max);
    }

    /**
     * Compares rows, number by number.
     *
     * @param tolerance of each number that is expected
     */
    public void compare(
            KernelChoice kernel, String what, float[][] here, float[][] there, DoubleUnaryOperator tolerance) {
        assertThat(here).as("%s", what).hasSameDimensionsAs(there);
        for (int row = 0; row < here.length; row++) {
            for (int at = 0; at < here[row].length; at++) {
                float expected = there[row][at];
                double error = Math.abs((double) here[row][at] - expected);
                assertThat(error)
                        .as("%s on %s, row %d at %d: %s, not %s", what, kernel, row, at, here[row][at], expected)
                        .isLessThanOrEqualTo(tolerance.applyAsDouble(expected));
                error(kernel, error);
            }
        }
    }

    /** Prints the summary. */
    public void print() {
        String errors = largest.entrySet().stream()
                .map(entry -> String.format(Locale.ROOT, "%s %.1e", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
        System.out.printf(Locale.ROOT, "%s: %s; largest errors: %s%n", whose, String.join("; ", cases), errors);
    }
}
