package sluice.job.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import sluice.job.sql.SluiceCatalog;

/**
 * Runs the same job repeatedly in one session, as in a server: heap, threads and open files at rest must be the same before and after. The
 * first runs are not counted, because they load classes and fill caches.
 *
 * <p>One session is used, because Spark 4.2.0 leaks memory for each session that is stopped.
 */
public final class Soak {
    private static final double SCALE = 0.02;
    private static final int FILES = 8;
    private static final int CORES = 2;

    /** Number of jobs, stages and queries that Spark keeps for its UI; Spark's larger defaults would look like growth for a long time. */
    private static final int REMEMBERED = 20;

    private static final int WARM_UP = 10;
    private static final double HEAP_GROWTH = 1.05;
    private static final long HEAP_SLACK = 4 << 20;
    private static final long FEW = 2; // tolerated growth, in threads or files

    /** Time to rest: Spark's pools end a thread after an idle minute, and clean up after a garbage collection. */
    private static final long REST_SECONDS = 70;

    private static final int COLLECTIONS = 3;

    private static final UnixOperatingSystemMXBean SYSTEM =
            (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Soak() {}

    /** Resources in use by this process. */
    private record State(long heapBytes, long threads, long files) {
        static State now() {
            System.gc();
            return new State(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    SYSTEM.getOpenFileDescriptorCount());
        }

        static State atRest() throws InterruptedException {
            State state = now();
            for (int again = 1; again < COLLECTIONS; again++) {
                TimeUnit.SECONDS.sleep(REST_SECONDS / (COLLECTIONS - 1));
                state = now();
            }
            return state;
        }

        @Override
        public String toString() {
            return "%.1f MiB, %d threads, %d open files".formatted(heapBytes / (double) (1 << 20), threads, files);
        }
    }

    /** Arguments: minutes, directory of real tables or an empty string, working directory. Exits with 1 if something grows. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Locale.setDefault(Locale.ROOT);
        double minutes = Double.parseDouble(arguments[0]);
        Optional<Cases> cases =
                Optional.of(arguments[1]).filter(data -> !data.isEmpty()).map(data -> new Cases(Path.of(data)));
        Path root = Files.createTempDirectory(Path.of(arguments[2]), "soak");
        try {
            System.exit(isFlat(minutes, cases, root) ? 0 : 1);
        } finally {
            Folder.delete(root);
        }
    }

    private static boolean isFlat(double minutes, Optional<Cases> cases, Path root)
            throws IOException, InterruptedException {
        JobWorkload workload = JobWorkload.LOGS;
        SparkSession spark = session();
        long rows =
                Preparation.prepare(spark, workload, cases, SCALE, FILES, root).rows();
        String call = call(workload.requested(), root);
        for (int run = 1; run <= WARM_UP; run++) {
            run(spark, call, rows);
        }
        State before = State.atRest();
        System.out.printf("at rest after %d runs: %s%n", WARM_UP, before);
        int runs = 0;
        for (long end = System.nanoTime() + (long) (minutes * 60e9); System.nanoTime() < end; runs++) {
            run(spark, call, rows);
        }
        State after = State.atRest();
        System.out.printf("at rest after %d more: %s%n", runs, after);
        spark.stop();
        boolean heap = report("heap", after.heapBytes() <= HEAP_GROWTH * before.heapBytes() + HEAP_SLACK);
        boolean threads = report("threads", after.threads() <= before.threads() + FEW);
        boolean files = report("open files", after.files() <= before.files() + FEW);
        return heap && threads && files;
    }

    private static boolean report(String what, boolean flat) {
        System.out.printf("%s: %s%n", what, flat ? "flat" : "grows");
        return flat;
    }

    private static void run(SparkSession spark, String call, long rows) {
        long scored = spark.sql(call).first().getAs("rows");
        if (scored != rows) {
            throw new IllegalStateException("a run scored %d rows, expected %d".formatted(scored, rows));
        }
        System.err.println(State.now());
    }

    private static SparkSession session() {
        return LocalSession.start(
                CORES,
                Map.of(
                        "spark.sql.catalog.sluice", SluiceCatalog.class.getName(),
                        "spark.ui.retainedJobs", REMEMBERED,
                        "spark.ui.retainedStages", REMEMBERED,
                        "spark.sql.ui.retainedExecutions", REMEMBERED));
    }

    private static String call(RequestedOutput requested, Path folder) {
        return """
                CALL sluice.run(model => '%s', input => '%s', input_format => 'parquet', output => '%s', output_format => 'parquet',
                    mode => 'overwrite', emit => '%s', at => '%s')
                """.formatted(
                        Preparation.model(folder),
                        Preparation.input(folder),
                        folder.resolve("scored"),
                        String.join(",", requested.columns()),
                        requested.at());
    }
}
