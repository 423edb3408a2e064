package sluice.job.report;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;
import sluice.job.message.RefusedException;
import sluice.job.settings.SettingValues;

/**
 * The name of a run's own files in an output: the run's name, or its start time and random letters if it has none. Characters that file
 * names cannot hold are escaped as Spark escapes partition values, so that the bad rows of several runs are a table with a partition
 * column {@code run}.
 *
 * @param given whether the user named the run; a rerun under this name is treated as the same run
 * @param kind whether this names a run or a batch
 * @param file the name, escaped for use in file names
 */
public record RunName(boolean given, Kind kind, String file) {
    /** What is named. */
    enum Kind {
        RUN("runs"),
        /** A batch of an incremental run. */
        BATCH("batches");

        private final String directory; // of the reports

        Kind(String directory) {
            this.directory = directory;
        }
    }

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** File systems allow 255 bytes; the rest is for prefixes and suffixes. */
    private static final int MAX_BYTES = 200;

    /** @throws RefusedException if the name is too long for a file name */
    public static RunName of(String name, Instant started) {
        if (name.isEmpty()) {
            return new RunName(
                    false,
                    Kind.RUN,
                    TIME.format(started) + "-" + UUID.randomUUID().toString().substring(0, 8));
        }
        String file = escaped(name);
        int bytes = file.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "report.run = '%s': makes a file name of %d bytes, expected at most %d; choose a shorter name",
                    name,
                    bytes,
                    MAX_BYTES));
        }
        return new RunName(true, Kind.RUN, file);
    }

    /** The name of a batch of an incremental run. */
    public static RunName ofBatch(long batch) {
        return new RunName(true, Kind.BATCH, Long.toString(batch));
    }

    /** The directory of the reports of this kind in an output. */
    static String reports(Kind kind) {
        return "_sluice/" + kind.directory;
    }

    private static String escaped(String name) {
        return ExternalCatalogUtils.escapePathName(name);
    }

    /** Whether this is the name of the run that is called so in its report. */
    boolean names(String run) {
        return given && run != null && escaped(run).equals(file);
    }

    /** The path of the report in an output. */
    public String report() {
        return report(kind, file);
    }

    /** The path of the report of the run of this name in an output. */
    static String reportOf(String name) {
        return report(Kind.RUN, escaped(name));
    }

    /** The file name of the note of the run of this name. */
    static String noteOf(String name) {
        return escaped(name) + ".json";
    }

    private static String report(Kind kind, String file) {
        return "%s/%s.json".formatted(reports(kind), file);
    }

    /** The partition directory of the bad rows, in a directory that holds those of several runs. */
    public String partition() {
        return "%s=%s".formatted(SettingValues.name(kind), file);
    }
}
