package sluice.job.bench;

import java.util.Map;
import org.apache.spark.sql.SparkSession;
import sluice.job.storage.LocalFiles;

/** A local Spark session with the options of {@code submit/score}, except that each file of a table is a partition. */
final class LocalSession {
    private LocalSession() {}

    static SparkSession start(int cores) {
        return start(cores, Map.of());
    }

    static SparkSession start(int cores, Map<String, Object> more) {
        // As properties, which Spark's launcher makes of all settings: Hadoop looks for them before there is a session.
        System.setProperty("spark.hadoop.fs.file.impl", LocalFiles.class.getName());
        System.setProperty("spark.hadoop.fs.AbstractFileSystem.file.impl", LocalFiles.OfContext.class.getName());
        SparkSession.Builder builder = SparkSession.builder()
                .appName("sluice bench")
                .master("local[%d]".formatted(cores))
                .config("spark.ui.enabled", "false")
                .config("spark.sql.artifact.isolation.enabled", "false")
                .config("spark.sql.shuffle.partitions", cores)
                .config("spark.sql.files.maxPartitionBytes", "4m")
                .config("spark.plugins", TaskMeter.class.getName());
        return builder.config(more).getOrCreate();
    }
}
