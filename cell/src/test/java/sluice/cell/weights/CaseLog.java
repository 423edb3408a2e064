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

/** Compares scores with results of other software, and prints which cases ran and the largest error of each kernel. */
public final class CaseLog {
    private final String source;
    private final List<String> cases = new ArrayList<>();
    private final Map<KernelChoice, Double> largest = new EnumMap<>(KernelChoice.class);

    public CaseLog(String source) {
        this.source = source;
    }

    /** Records which cases ran, and how many. */
    public void ran(String what) {
        cases.add(what);
    }

    /** Records the error of one value. */
    public void error(KernelChoice kernel, double error) {
        largest.merge(kernel, error, Math::max);
    }

    /**
     * Compares rows value by value.
     *
     * @param tolerance maximum error for an expected value
     */
    public void compare(
            KernelChoice kernel, String what, float[][] actual, float[][] expected, DoubleUnaryOperator tolerance) {
        assertThat(actual).as("%s", what).hasSameDimensionsAs(expected);
        for (int row = 0; row < actual.length; row++) {
            for (int at = 0; at < actual[row].length; at++) {
                float value = expected[row][at];
                double error = Math.abs((double) actual[row][at] - value);
                assertThat(error)
                        .as(
                                "%s on %s, row %d at %d: found %s, expected %s",
                                what, kernel, row, at, actual[row][at], value)
                        .isLessThanOrEqualTo(tolerance.applyAsDouble(value));
                error(kernel, error);
            }
        }
    }

    /** Prints the summary. */
    public void print() {
        String errors = largest.entrySet().stream()
                .map(entry -> String.format(Locale.ROOT, "%s %.1e", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
        System.out.printf(Locale.ROOT, "%s: %s; largest errors: %s%n", source, String.join("; ", cases), errors);
    }
}
