package sluice.job;

import org.apache.spark.sql.SparkSession;

/** One real Spark in local mode for all tests of a virtual machine. */
final class LocalSpark {
    private static SparkSession session;

    private LocalSpark() {}

    static synchronized SparkSession session() {
        if (session == null || session.sparkContext().isStopped()) {
            session = SparkSession.builder()
                    .appName("sluice tests")
                    .master("local[2]")
                    .config("spark.ui.enabled", "false")
                    .config("spark.sql.shuffle.partitions", "2")
                    // Smaller than what opening a file is said to cost: every file is a partition of its own.
                    .config("spark.sql.files.maxPartitionBytes", "1m")
                    .getOrCreate();
        }
        return session;
    }
}
