package sluice.job;

import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** One real Spark in local mode for all tests of a virtual machine. */
final class LocalSpark {
    private static SparkSession session;

    private LocalSpark() {}

    static synchronized SparkSession session() {
        if (session == null || session.sparkContext().isStopped()) {
            session = start(Map.of());
        }
        return session;
    }

    /** For settings that only a session of its own takes: whoever asks for it stops it, and the next test has the usual one again. */
    static synchronized SparkSession restart(Map<String, String> more) {
        session().stop();
        session = start(more);
        return session;
    }

    private static SparkSession start(Map<String, String> more) {
        SparkSession.Builder builder = SparkSession.builder()
                .appName("sluice tests")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                // Smaller than what opening a file is said to cost: every file is a partition of its own.
                .config("spark.sql.files.maxPartitionBytes", "1m");
        LocalFiles.settings().forEach(builder::config);
        more.forEach(builder::config);
        return builder.getOrCreate();
    }
}
