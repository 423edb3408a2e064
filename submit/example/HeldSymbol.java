import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Reads the gates of the example's strings and shows where the second symbol is kept until the one before the last,
 * which has to be the same. Run by {@code submit/example/reber-gates}.
 *
 * <p>Between the two lies a Reber string of any length that says nothing about them. So a unit that keeps the symbol
 * is one whose cell state, by its sign alone, tells strings with a T from those with a P all the way. Such a unit is
 * looked for, not known.
 */
public final class HeldSymbol {
    private static final char ABOVE = 'T';

    /** Symbols of the strings that are shown, at most: so that one screen shows them. */
    private static final int SHOWN = 24;

    private HeldSymbol() {}

    /**
     * A string and what the layer does as it reads it.
     *
     * @param forget, input, cell of each unit at each step: {@code (steps, units)}
     */
    private record Watched(String text, double[][] forget, double[][] input, double[][] cell) {
        static Watched of(Row row) {
            List<Row> gates = row.getList(row.fieldIndex("gates"));
            return new Watched(
                    row.getString(row.fieldIndex("text")),
                    values(gates, "forget"),
                    values(gates, "input"),
                    values(gates, "cell"));
        }

        private static double[][] values(List<Row> gates, String part) {
            return gates.stream()
                    .map(step -> step.<Float>getList(step.fieldIndex(part)).stream()
                            .mapToDouble(Float::doubleValue)
                            .toArray())
                    .toArray(double[][]::new);
        }

        /** The symbol to keep in mind. */
        char second() {
            return text.charAt(1);
        }

        /** The last step before the symbol that has to be the same is due; the first is step 1, that of the second symbol. */
        int lastStep() {
            return text.length() - 3;
        }

        IntStream stepsBetween() {
            return IntStream.rangeClosed(1, lastStep());
        }
    }

    /**
     * A unit that may keep the symbol.
     *
     * @param sign of its cell state after a T: 1 or -1
     * @param right at how many of all steps in between the sign is that of the string's symbol
     */
    private record Unit(int number, int sign, long right) {
        static Unit of(int number, List<Watched> strings) {
            Unit above = new Unit(number, 1, 0);
            long right = strings.stream()
                    .mapToLong(string -> string.stepsBetween()
                            .filter(step -> above.isRight(string, step))
                            .count())
                    .sum();
            long steps = steps(strings);
            return right >= steps - right ? new Unit(number, 1, right) : new Unit(number, -1, steps - right);
        }

        boolean isRight(Watched string, int step) {
            double expected = string.second() == ABOVE ? sign : -sign;
            return string.cell()[step][number] * expected > 0;
        }

        long rightAtTheEnd(List<Watched> strings) {
            return strings.stream().filter(string -> isRight(string, string.lastStep())).count();
        }

        /** The place, from 1, of the symbol from which on the sign is right until the end; beyond the last step if never. */
        int rightFrom(Watched string) {
            int step = string.lastStep();
            while (step > 0 && isRight(string, step)) {
                step--;
            }
            return step + 2;
        }

        /** On average from the third symbol on: how much of what is kept stays at each step. */
        double forget(List<Watched> strings) {
            return strings.stream()
                    .flatMapToDouble(string -> IntStream.rangeClosed(2, string.lastStep())
                            .mapToDouble(step -> string.forget()[step][number]))
                    .average()
                    .orElseThrow();
        }
    }

    private static long steps(List<Watched> strings) {
        return strings.stream().mapToLong(string -> string.stepsBetween().count()).sum();
    }

    /** @param arguments the directory of the scored table */
    public static void main(String[] arguments) {
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .appName("held symbol")
                .getOrCreate();
        List<Watched> strings = new ArrayList<>();
        for (Row row : spark.read().parquet(arguments[0]).orderBy("id").collectAsList()) {
            strings.add(Watched.of(row));
        }
        spark.stop();
        int units = strings.get(0).cell()[0].length;
        List<Unit> best = IntStream.range(0, units)
                .mapToObj(number -> Unit.of(number, strings))
                .sorted(Comparator.comparingLong(Unit::right).reversed())
                .toList();
        print(
                "%nunit %d of %d tells by its cell state which symbol came second: %s 0 after a T, %s 0 after a P",
                best.get(0).number(),
                units,
                best.get(0).sign() > 0 ? "above" : "below",
                best.get(0).sign() > 0 ? "below" : "above");
        steps(best.get(0), longest(strings, 'T'), longest(strings, 'P'));
        figures(best.get(0), best.subList(1, units), strings);
    }

    private static Watched longest(List<Watched> strings, char second) {
        return strings.stream()
                .filter(string -> string.second() == second && string.text().length() <= SHOWN)
                .max(Comparator.comparingInt(string -> string.text().length()))
                .orElseThrow();
    }

    /** Two strings beside each other, a line for each step. */
    private static void steps(Unit unit, Watched left, Watched right) {
        String heading = "%-6s %7s %7s %7s".formatted("symbol", "forget", "input", "cell");
        print("%n%s        %s", heading, heading);
        for (int step = 0; step < Math.max(left.text().length(), right.text().length()); step++) {
            print("%s        %s", line(unit, left, step), line(unit, right, step).stripTrailing());
        }
    }

    private static String line(Unit unit, Watched string, int step) {
        if (step >= string.text().length()) {
            return " ".repeat(30);
        }
        String mark = step == 1 || step == string.lastStep() + 1 ? "  <-" : "";
        return "%-6s %7.2f %7.2f %7.2f"
                .formatted(
                        string.text().charAt(step) + mark,
                        string.forget()[step][unit.number()],
                        string.input()[step][unit.number()],
                        string.cell()[step][unit.number()]);
    }

    /** The unit's figures, and the range of those of all others. */
    private static void figures(Unit unit, List<Unit> others, List<Watched> strings) {
        ToDoubleFunction<Unit> right = any -> 100.0 * any.right() / steps(strings);
        ToDoubleFunction<Unit> atTheEnd = any -> any.rightAtTheEnd(strings);
        ToDoubleFunction<Unit> forget = any -> any.forget(strings);
        print("%n%-60s %8s  %16s", "", "unit " + unit.number(), "all others");
        figure("%% of all %,d steps between at which the sign is right", steps(strings), "%.1f", right, unit, others);
        figure("of %,d strings, in how many it is right at the end", strings.size(), "%,.0f", atTheEnd, unit, others);
        figure("the forget gate, on average from symbol %d on", 3, "%.2f", forget, unit, others);
        int[] from = strings.stream().mapToInt(unit::rightFrom).sorted().toArray();
        print(
                "%nthe sign of unit %d is right for good from symbol %d on in half of the strings, from symbol %d on in all",
                unit.number(),
                from[from.length / 2],
                from[from.length - 1]);
    }

    private static void figure(
            String what, long count, String format, ToDoubleFunction<Unit> figure, Unit unit, List<Unit> others) {
        DoubleSummaryStatistics range = others.stream().mapToDouble(figure).summaryStatistics();
        print(
                "%-60s %8s  %16s",
                String.format(Locale.ROOT, what, count),
                String.format(Locale.ROOT, format, figure.applyAsDouble(unit)),
                String.format(Locale.ROOT, format + " to " + format, range.getMin(), range.getMax()));
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
