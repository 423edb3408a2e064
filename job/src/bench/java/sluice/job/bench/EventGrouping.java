package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Compares {@code input.group-by} with {@code collect_list}. Each way has a process with little heap, because a large key is what ends
 * such jobs. The answers have to have the same bits.
 */
public final class EventGrouping {
    private static final long EVENTS = 4_000_000;
    private static final List<String> HEAP = List.of("-Xmx512m");
    private static final int CORES = 2;

    private final Path root;
    private final int rounds;

    private EventGrouping(Path root, int rounds) {
        this.root = root;
        this.rounds = rounds;
    }

    /** Arguments: scale, rounds, working directory. Exits with 1 if the answers differ. */
    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        long events = Math.round(EVENTS * Double.parseDouble(arguments[0]));
        Path root = Files.createTempDirectory(Path.of(arguments[2]), "events");
        try {
            EventGrouping grouping = new EventGrouping(root, Integer.parseInt(arguments[1]));
            grouping.prepare(events);
            System.out.printf(
                    "%,d events, two cores, %s, medians of %d rounds after one that warms up%n",
                    events, String.join(" ", HEAP), grouping.rounds);
            for (EventTables table : EventTables.values()) {
                grouping.compare(table);
            }
        } catch (DisagreementException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } finally {
            Folder.delete(root);
        }
        System.exit(0);
    }

    private void prepare(long events) throws IOException {
        SparkSession spark = LocalSession.start(CORES);
        for (EventTables table : EventTables.values()) {
            table.write(spark, events, JobWorkload.LOGS.widths().vocabulary(), root);
            Preparation.writeModel(JobWorkload.LOGS.model(Optional.empty()), table.folder(root));
        }
        spark.stop();
    }

    private void compare(EventTables table) throws IOException {
        System.out.printf("%s:%n", table.title());
        Path log = root.resolve("log");
        List<Optional<Double>> seconds = new ArrayList<>();
        for (EventWay way : EventWay.values()) {
            seconds.add(seconds(way, table, log));
        }
        if (seconds.stream().allMatch(Optional::isPresent)) {
            requireEqual(table);
            System.out.printf(
                    "  %s / %s: %.2f%n",
                    EventWay.COLLECT_LIST.title(),
                    EventWay.GROUP_BY.title(),
                    seconds.get(1).get() / seconds.get(0).get());
        }
    }

    /** The median; empty if the process has failed, which is printed. */
    private Optional<Double> seconds(EventWay way, EventTables table, Path log) {
        double[] seconds = new double[rounds];
        try (ChildProcess process = ChildProcess.start(EventProcess.class, HEAP, log, way.name(), root.toString())) {
            for (int round = -1; round < rounds; round++) {
                double taken = process.ask("run " + table, Double.class);
                if (round >= 0) {
                    seconds[round] = taken;
                }
            }
        } catch (ChildException e) {
            System.out.printf("  %s: failed%n", way.title());
            System.err.println(e.getMessage());
            return Optional.empty();
        }
        System.out.printf("  %s: %.1f s%n", way.title(), Median.of(seconds));
        return Optional.of(Median.of(seconds));
    }

    private void requireEqual(EventTables table) {
        SparkSession spark = LocalSession.start(CORES);
        Dataset<Row> ours = answers(spark, EventWay.GROUP_BY, table);
        Dataset<Row> theirs = answers(spark, EventWay.COLLECT_LIST, table);
        long differing = ours.exceptAll(theirs).count() + theirs.exceptAll(ours).count();
        long accounts = ours.count();
        spark.stop();
        if (differing > 0 || accounts == 0) {
            throw new DisagreementException(
                    "%s: %d of %d answers differ".formatted(table.title(), differing, accounts));
        }
        System.out.printf("  the answers about %,d accounts are equal%n", accounts);
    }

    private Dataset<Row> answers(SparkSession spark, EventWay way, EventTables table) {
        return spark.read().parquet(way.output(table.folder(root)).toString()).select(EventTables.ACCOUNT, "rank");
    }
}
