package sluice.job.output;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.Version;
import sluice.job.report.RunHistory;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The directory for bad rows that {@code bad-rows.path} names. It belongs to one output, which its mark names: runs delete the bad rows of
 * earlier runs.
 *
 * @param owner names the output
 */
record QuarantinePlace(FileSystem files, Path path, String owner) {
    /** Name of the mark. Readers of tables skip it. */
    static final String MARK = "_sluice-bad-rows.json";

    /**
     * The content of the mark.
     *
     * @param sluice version that wrote the file
     * @param output that the bad rows belong to
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Mark(
            @JsonProperty("sluice") String sluice,
            @JsonProperty(value = "output", required = true) String output) {}

    /** @throws RefusedException if it holds anything but bad rows of this output, may not be replaced, or can't be a directory */
    static QuarantinePlace resolve(String given, Settings.Output output, Configuration hadoop) {
        FileSystem files = Storage.of(given, "bad-rows.path", hadoop);
        Path path = Storage.qualified(given, "bad-rows.path", hadoop);
        QuarantinePlace place = new QuarantinePlace(files, path, owner(output, hadoop));
        try {
            if (path.getParent() == null
                    || (files.exists(path) && !files.getFileStatus(path).isDirectory())) {
                throw new RefusedException(
                        "%s: is a file or the root of a file system, expected a directory or a new path; check bad-rows.path"
                                .formatted(given));
            }
            if (!Storage.entries(files, path).isEmpty()) {
                place.requireOurs(given, output, hadoop);
            }
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be read: %s; check bad-rows.path".formatted(given, Failure.firstLine(e.getMessage())),
                    e);
        }
        return place;
    }

    private static String owner(Settings.Output output, Configuration hadoop) {
        return output.format() == OutputFormat.TABLE
                ? output.path()
                : Place.of(output.path(), "--output", hadoop).normal();
    }

    private void requireOurs(String given, Settings.Output output, Configuration hadoop) throws IOException {
        boolean isLeft =
                output.format() == OutputFormat.TABLE && TableBadRows.isUnfinished(files, path); // by a killed run
        if (output.mode() == OutputMode.ERROR && !isLeft) {
            throw new RefusedException(
                    "%s: exists already; choose another bad-rows.path, or replace it with --mode overwrite"
                            .formatted(given));
        }
        Optional<byte[]> mark = SmallFile.read(files, new Path(path, MARK));
        if (mark.isPresent()) {
            String other = SmallFile.parse(mark.get(), Mark.class).output();
            if (!other.equals(owner)) {
                throw new RefusedException(
                        "%s: holds the bad rows of the output %s, not of %s; choose another bad-rows.path"
                                .formatted(given, other, owner));
            }
        } else if (!isNamedByReports(output, hadoop)) {
            throw new RefusedException(
                    "%s: holds '%s', but no bad rows of the output %s (no %s); choose another bad-rows.path, or move the directory away"
                            .formatted(given, OwnedDirectory.firstName(files, path), output.path(), MARK));
        }
        OwnedDirectory.requireBadRows(files, path, MARK, given);
    }

    /** Whether a report in the output names this directory. Earlier versions of Sluice wrote no mark. */
    private boolean isNamedByReports(Settings.Output output, Configuration hadoop) throws IOException {
        if (output.format() == OutputFormat.TABLE) {
            return false;
        }
        Path table = Storage.qualified(output.path(), "--output", hadoop);
        return new RunHistory(Storage.of(table, hadoop), table, hadoop).namesBadRows(path);
    }

    /** The content of the mark. */
    byte[] mark() {
        return SmallFile.json(new Mark(Version.current(), owner));
    }
}
