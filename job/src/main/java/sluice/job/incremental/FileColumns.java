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
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;

/**
 * Holds the columns of new files against those of the first ones. Files of lines tell that themselves, line by line; of a file that knows its
 * columns, Spark would read one that is missing as nulls and pass over one that is new.
 */
final class FileColumns {
    /** Of a batch: to open a file takes some milliseconds on a disk, and some more in an object store. */
    private static final int LOOKED_AT = 16;

    private final SparkSession spark;
    private final Settings.Input settings;
    private final StructType schema;

    /** @param schema what files are read as */
    FileColumns(SparkSession spark, Settings.Input settings, StructType schema) {
        this.spark = spark;
        this.settings = settings;
        this.schema = schema;
    }

    /**
     * Looks at some files, spread evenly over all.
     *
     * @return columns that the first files had not
     * @throws RefusedException where one lacks a column
     */
    Set<String> requireAllIn(List<Path> files) {
        Set<String> unread = new LinkedHashSet<>();
        if (settings.format().hasLooseLines() || settings.format() == InputFormat.TEXT) {
            return unread;
        }
        int count = Math.min(LOOKED_AT, files.size());
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
                    .load(file.toString())
                    .schema()
                    .fieldNames());
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            if (e instanceof AnalysisException) { // it is gone, or passed over: whoever reads it knows better
                return;
            }
            throw e;
        }
        for (String name : schema.fieldNames()) {
            if (!isAmong(names, name) && !file.toString().contains("/" + name + "=")) {
                throw new RefusedException(
                        "%s: has no column '%s', which the files before it have; it has %s; write it anew, or take it away"
                                .formatted(file, name, String.join(", ", names)));
            }
        }
        names.stream()
                .filter(name -> !isAmong(Arrays.asList(schema.fieldNames()), name))
                .forEach(unread::add);
    }

    private static boolean isAmong(List<String> names, String name) {
        return names.stream().anyMatch(name::equalsIgnoreCase);
    }
}
