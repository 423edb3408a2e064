import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;

/**
 * Reads the gates of the example's strings and shows which unit stores the second symbol until the symbol before the
 * last, which has to be equal. Run by {@code submit/example/reber-gates}.
 *
 * <p>The symbols between the two carry no information about them. So a unit stores the symbol if the sign of its cell
 * state separates strings with a T from strings with a P at every step in between. The program searches for the unit
 * with the most correct signs.
 */
public final class HeldSymbol {
    private static final char ABOVE = 'T';

    /** Maximum length of the printed strings, in symbols, so that they fit on a screen. */
    private static final int SHOWN = 24;

    private HeldSymbol() {}

    /**
     * A string with the values of the layer's gates.
     *
     * @param id of the string
     * @param forget, input, cell of each unit at each step, shape {@code (steps, units)}
     */
    private record Watched(String id, String text, double[][] forget, double[][] input, double[][] cell) {
        static Watched of(Group row) {
            List<Group> gates = elements(row, "gates");
            return new Watched(
                    row.getString("id", 0),
                    row.getString("text", 0),
                    values(gates, "forget"),
                    values(gates, "input"),
                    values(gates, "cell"));
        }

        private static double[][] values(List<Group> gates, String part) {
            return gates.stream()
                    .map(step -> step.getGroup("element", 0))
                    .map(step -> elements(step, part).stream()
                            .mapToDouble(unit -> unit.getFloat("element", 0))
                            .toArray())
                    .toArray(double[][]::new);
        }

        /** The elements of a list, each as the group that Parquet puts around it. */
        private static List<Group> elements(Group row, String column) {
            Group list = row.getGroup(column, 0);
            return IntStream.range(0, list.getFieldRepetitionCount("list"))
                    .mapToObj(at -> list.getGroup("list", at))
                    .toList();
        }

        /** The symbol that has to be stored. */
        char second() {
            return text.charAt(1);
        }

        /** The last step at which the symbol has to be stored; the first is step 1, that of the second symbol. */
        int lastStep() {
            return text.length() - 3;
        }

        IntStream stepsBetween() {
            return IntStream.rangeClosed(1, lastStep());
        }
    }

    /**
     * A unit that may store the symbol.
     *
     * @param sign sign of its cell state after a T: 1 or -1
     * @param right number of steps, over all strings, at which the cell state has the sign of the string's symbol
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

        /** Position, from 1, of the symbol from which the sign stays correct; beyond the last step if never. */
        int rightFrom(Watched string) {
            int step = string.lastStep();
            while (step > 0 && isRight(string, step)) {
                step--;
            }
            return step + 2;
        }

        /** Mean value of the forget gate, from the third symbol: the share of the cell state that each step keeps. */
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
    public static void main(String[] arguments) throws IOException {
        List<Watched> strings = read(Path.of(arguments[0]));
        int units = strings.get(0).cell()[0].length;
        List<Unit> best = IntStream.range(0, units)
                .mapToObj(number -> Unit.of(number, strings))
                .sorted(Comparator.comparingLong(Unit::right).reversed())
                .toList();
        print(
                "%nunit %d of %d stores the second symbol in the sign of its cell state: %s after a T, %s after a P",
                best.get(0).number(),
                units,
                best.get(0).sign() > 0 ? "positive" : "negative",
                best.get(0).sign() > 0 ? "negative" : "positive");
        steps(best.get(0), longest(strings, 'T'), longest(strings, 'P'));
        figures(best.get(0), best.subList(1, units), strings);
    }

    private static List<Watched> read(Path directory) throws IOException {
        List<Watched> strings = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.parquet")) {
            for (Path file : files) {
                try (ParquetReader<Group> rows = ParquetReader.builder(
                                new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toUri()))
                        .build()) {
                    for (Group row = rows.read(); row != null; row = rows.read()) {
                        strings.add(Watched.of(row));
                    }
                }
            }
        }
        strings.sort(Comparator.comparing(Watched::id));
        return strings;
    }

    private static Watched longest(List<Watched> strings, char second) {
        return strings.stream()
                .filter(string -> string.second() == second && string.text().length() <= SHOWN)
                .max(Comparator.comparingInt(string -> string.text().length()))
                .orElseThrow();
    }

    /** Prints two strings side by side, one line for each step. */
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

    /** Prints the figures of the unit, and the range of the figures of all other units. */
    private static void figures(Unit unit, List<Unit> others, List<Watched> strings) {
        ToDoubleFunction<Unit> right = any -> 100.0 * any.right() / steps(strings);
        ToDoubleFunction<Unit> atTheEnd = any -> any.rightAtTheEnd(strings);
        ToDoubleFunction<Unit> forget = any -> any.forget(strings);
        print("%n%-60s %8s  %16s", "", "unit " + unit.number(), "all others");
        figure("steps with the correct sign, %% of %,d", steps(strings), "%.1f", right, unit, others);
        figure("strings with the correct sign at the end, of %,d", strings.size(), "%,.0f", atTheEnd, unit, others);
        figure("mean of the forget gate, from symbol %d", 3, "%.2f", forget, unit, others);
        int[] from = strings.stream().mapToInt(unit::rightFrom).sorted().toArray();
        print(
                "%nthe sign of unit %d stays correct from symbol %d in half of the strings, and from symbol %d in all",
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
