import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;

/**
 * Reads the scored strings of the example and shows that the model detects the broken ones. Run by
 * {@code submit/example/reber}.
 *
 * <p>At each step the grammar allows one symbol, or two with equal probability. So the true probability of a symbol is
 * 1, 1/2 or 0. A symbol that gets less than 5 % from the model is forbidden at this position, and the first such symbol
 * is the error in the string.
 */
public final class StandOut {
    private static final double FORBIDDEN = 0.05;
    private static final int EXAMPLES = 4;

    private StandOut() {}

    /**
     * A scored string.
     *
     * @param changed position of the symbol that was changed, from 0, or -1
     * @param forbidden position of the first symbol that the grammar forbids, or -1
     * @param probabilities of each symbol except the first, given the symbols before it
     */
    private record Scored(String id, String text, int changed, int forbidden, double[] probabilities) {
        static Scored of(Group row) {
            Group logarithms = row.getGroup("logprob", 0);
            return new Scored(
                    row.getString("id", 0),
                    row.getString("text", 0),
                    place(row, "changed"),
                    place(row, "forbidden"),
                    IntStream.range(0, logarithms.getFieldRepetitionCount("list"))
                            .mapToDouble(at -> Math.exp(
                                    logarithms.getGroup("list", at).getFloat("element", 0)))
                            .toArray());
        }

        private static int place(Group row, String column) {
            boolean isNull = row.getFieldRepetitionCount(column) == 0;
            return isNull ? -1 : Math.toIntExact(row.getLong(column, 0));
        }

        boolean broken() {
            return changed >= 0;
        }

        /** The error is at the next-to-last symbol, which has to equal the second one: the long-term dependency. */
        boolean brokenBeforeLast() {
            return forbidden == text.length() - 2;
        }

        double least() {
            return IntStream.range(0, probabilities.length)
                    .mapToDouble(at -> probabilities[at])
                    .min()
                    .orElseThrow();
        }

        boolean standsOut() {
            return least() < FORBIDDEN;
        }

        /** Position of the first symbol that is too improbable, or -1. */
        int fault() {
            return IntStream.range(0, probabilities.length)
                    .filter(at -> probabilities[at] < FORBIDDEN)
                    .map(at -> at + 1)
                    .findFirst()
                    .orElse(-1);
        }

        /** The string with the first improbable symbol in brackets. */
        String marked() {
            int fault = fault();
            return fault < 0
                    ? text
                    : text.substring(0, fault) + "[" + text.charAt(fault) + "]" + text.substring(fault + 1);
        }
    }

    /** @param arguments the directory of the scored table */
    public static void main(String[] arguments) throws IOException {
        List<Scored> strings = read(Path.of(arguments[0]));
        table(strings);
        examples(strings);
        verdict(strings);
    }

    private static List<Scored> read(Path directory) throws IOException {
        List<Scored> strings = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.parquet")) {
            for (Path file : files) {
                try (ParquetReader<Group> rows = ParquetReader.builder(
                                new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toUri()))
                        .build()) {
                    for (Group row = rows.read(); row != null; row = rows.read()) {
                        strings.add(Scored.of(row));
                    }
                }
            }
        }
        strings.sort(Comparator.comparing(Scored::id));
        return strings;
    }

    private static void table(List<Scored> strings) {
        print("%n%-34s %8s %10s   %s", "", "strings", "detected", "least probable symbol");
        line("grammatical", strings, string -> !string.broken());
        line("broken at the next-to-last symbol", strings, string -> string.broken() && string.brokenBeforeLast());
        line("broken elsewhere", strings, string -> string.broken() && !string.brokenBeforeLast());
    }

    private static void line(String name, List<Scored> strings, Predicate<Scored> kind) {
        double[] least = strings.stream()
                .filter(kind)
                .mapToDouble(Scored::least)
                .sorted()
                .toArray();
        print(
                "%-34s %,8d %,10d   %5.2f %% to %5.2f %%",
                name,
                least.length,
                count(strings, kind.and(Scored::standsOut)),
                100 * least[0],
                100 * least[least.length - 1]);
    }

    private static void examples(List<Scored> strings) {
        print("%n%-6s %-34s %12s", "id", "text, [first symbol under 5 %]", "probability");
        strings.stream().filter(Scored::broken).limit(EXAMPLES).forEach(StandOut::example);
        strings.stream().filter(string -> !string.broken()).limit(EXAMPLES).forEach(StandOut::example);
    }

    private static void example(Scored string) {
        int fault = string.fault();
        String probability = fault < 0 ? "-" : "%.2f %%".formatted(100 * string.probabilities()[fault - 1]);
        print("%-6s %-34s %12s", string.id(), string.marked(), probability);
    }

    private static void verdict(List<Scored> strings) {
        Predicate<Scored> found = string -> string.broken() && string.standsOut();
        long broken = count(strings, Scored::broken);
        print(
                "%nfound %,d of %,d broken strings, %,d false alarms among %,d",
                count(strings, found),
                broken,
                count(strings, string -> !string.broken() && string.standsOut()),
                strings.size() - broken);
        print(
                "the first symbol under 5 %% is the first forbidden one in %,d strings and the changed one in %,d",
                count(strings, found.and(string -> string.fault() == string.forbidden())),
                count(strings, found.and(string -> string.fault() == string.changed())));
    }

    private static long count(List<Scored> strings, Predicate<Scored> kind) {
        return strings.stream().filter(kind).count();
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
