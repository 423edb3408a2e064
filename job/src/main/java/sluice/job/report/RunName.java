package sluice.job.report;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;
import sluice.job.message.RefusedException;
import sluice.job.settings.SettingValues;

/**
 * What a run's own files in an output are called: by its name, or, where it has none, by the time at which it began and a few random
 * letters. What can't stand in a file's name is escaped as Spark escapes a partition's value, so that bad rows of several runs can be
 * read as a table with a column {@code run}.
 *
 * @param given whether the user has named it, so that a later run may be the same
 * @param kind whether it is a run's, or a batch's
 * @param file in a form that is good for file names
 */
public record RunName(boolean given, Kind kind, String file) {
    /** Whose files they are. */
    enum Kind {
        RUN("runs"),
        /** Of a run that takes new files alone. */
        BATCH("batches");

        private final String directory; // of their reports

        Kind(String directory) {
            this.directory = directory;
        }
    }

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /** What file systems allow is 255; some of it is for what is put around it. */
    private static final int MOST_BYTES = 200;

    /** @throws RefusedException where the name is too long for a file's */
    public static RunName of(String name, Instant started) {
        if (name.isEmpty()) {
            return new RunName(
                    false,
                    Kind.RUN,
                    TIME.format(started) + "-" + UUID.randomUUID().toString().substring(0, 8));
        }
        String file = escaped(name);
        int bytes = file.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MOST_BYTES) {
            throw new RefusedException(
                    "report.run = '%s': makes a file name of %d bytes, expected at most %d; choose a shorter name"
                            .formatted(name, bytes, MOST_BYTES));
        }
        return new RunName(true, Kind.RUN, file);
    }

    /** Of a batch of new files, by its number. */
    public static RunName ofBatch(long batch) {
        return new RunName(true, Kind.BATCH, Long.toString(batch));
    }

    /** Where the reports of all of a kind stand in an output. */
    static String reports(Kind kind) {
        return "_sluice/" + kind.directory;
    }

    private static String escaped(String name) {
        return ExternalCatalogUtils.escapePathName(name);
    }

    /** The path of its report in an output. */
    public String report() {
        return report(kind, file);
    }

    /** The path of the report of a run of this name. */
    static String reportOf(String name) {
        return report(Kind.RUN, escaped(name));
    }

    private static String report(Kind kind, String file) {
        return "%s/%s.json".formatted(reports(kind), file);
    }

    /** The directory of its bad rows, where those of several are kept. */
    public String partition() {
        return "%s=%s".formatted(SettingValues.name(kind), file);
    }
}
