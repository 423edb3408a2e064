package sluice.job.incremental;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.PartitionName;
import sluice.job.storage.Storage;

/**
 * Checks the columns of new files against those of the first files. Only files with a schema need it (Parquet, ORC, Avro): Spark reads
 * a missing column as null and ignores an additional one. In JSON and CSV, mismatches surface per record.
 */
final class FileColumns {
    /** Files checked per batch. Opening a file takes milliseconds on a disk, and more in an object store. */
    private static final int MAX_CHECKED = 16;

    private final SparkSession spark;
    private final Settings.Input settings;
    private final StructType schema;

    /** @param schema that the files are read with */
    FileColumns(SparkSession spark, Settings.Input settings, StructType schema) {
        this.spark = spark;
        this.settings = settings;
        this.schema = schema;
    }

    /**
     * Checks a sample of the files, spread evenly.
     *
     * @return columns that the first files do not have
     * @throws RefusedException if a file lacks a column of the first files
     */
    Set<String> requireAllIn(List<Path> files) {
        Set<String> unread = new LinkedHashSet<>();
        if (!settings.format().statesColumns()) {
            return unread;
        }
        int count = Math.min(MAX_CHECKED, files.size());
        for (int at = 0; at < count; at++) {
            requireAllIn(files.get((int) ((long) at * files.size() / count)), unread);
        }
        return unread;
    }

    private void requireAllIn(Path file, Set<String> unread) {
        List<String> names;
        try {
            names = Arrays.asList(spark.read()
                    .options(settings.options())
                    .format(settings.format().sparkName())
                    .load(Storage.literal(file))
                    .schema()
                    .fieldNames());
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            if (e instanceof AnalysisException) { // ignored: reading the batch reports the real error, if any
                return;
            }
            throw e;
        }
        for (String name : schema.fieldNames()) {
            if (!isAmong(names, name) && !isPartition(file, name)) {
                throw new RefusedException(
                        "%s: has no column '%s', which the files before it have; it has %s; rewrite the file, or remove it"
                                .formatted(file, name, String.join(", ", names)));
            }
        }
        names.stream()
                .filter(name -> !isAmong(Arrays.asList(schema.fieldNames()), name))
                .forEach(unread::add);
    }

    private static boolean isPartition(Path file, String column) {
        for (Path at = file.getParent(); at != null; at = at.getParent()) {
            if (PartitionName.parse(at.getName())
                    .filter(partition -> partition.column().equalsIgnoreCase(column))
                    .isPresent()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAmong(List<String> names, String name) {
        return names.stream().anyMatch(name::equalsIgnoreCase);
    }
}
