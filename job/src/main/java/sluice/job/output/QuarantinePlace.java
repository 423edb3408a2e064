package sluice.job.output;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Storage;

/** The directory for bad rows that {@code bad-rows.path} names. */
record QuarantinePlace(String given, FileSystem files, Path path) {
    /** @throws RefusedException if it exists and may not be replaced, or can't be a directory */
    static QuarantinePlace resolve(String given, OutputMode mode, Configuration hadoop) {
        FileSystem files = Storage.of(given, "bad-rows.path", hadoop);
        Path path = files.makeQualified(new Path(given));
        try {
            if (path.getParent() == null
                    || (files.exists(path) && !files.getFileStatus(path).isDirectory())) {
                throw new RefusedException(
                        "%s: is a file or the root of a file system, expected a directory or a new path; check bad-rows.path"
                                .formatted(given));
            }
            if (mode == OutputMode.ERROR && files.exists(path) && files.listStatus(path).length > 0) {
                throw new RefusedException(
                        "%s: exists already; choose another bad-rows.path, or replace it with --mode overwrite"
                                .formatted(given));
            }
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be read: %s; check bad-rows.path".formatted(given, Failure.firstLine(e.getMessage())),
                    e);
        }
        return new QuarantinePlace(given, files, path);
    }

    /**
     * Returns the path after checking that it and the output are disjoint.
     *
     * @throws RefusedException if one of them is inside the other
     */
    Path outside(Path output) {
        if (Storage.isWithin(path, output) || Storage.isWithin(output, path)) {
            throw new RefusedException(
                    "bad-rows.path = '%s': is inside the output, or the output is inside it; leave the setting empty to have bad rows in %s of the output"
                            .formatted(given, RunReport.BAD_ROWS));
        }
        return path;
    }
}
