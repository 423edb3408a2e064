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

/** A directory of the user's choice for rows that couldn't be scored: {@code bad-rows.path}. */
record QuarantinePlace(String given, FileSystem files, Path path) {
    /** @throws RefusedException where it exists and may not be replaced, or can't be one */
    static QuarantinePlace resolve(String given, OutputMode mode, Configuration hadoop) {
        FileSystem files = Storage.of(given, "bad-rows.path", hadoop);
        Path path = files.makeQualified(new Path(given));
        try {
            if (path.getParent() == null
                    || (files.exists(path) && !files.getFileStatus(path).isDirectory())) {
                throw new RefusedException(
                        "%s: is no directory that could be made; check bad-rows.path".formatted(given));
            }
            if (mode == OutputMode.ERROR && files.exists(path) && files.listStatus(path).length > 0) {
                throw new RefusedException(
                        "%s: exists already; choose another bad-rows.path, or replace it with --mode overwrite"
                                .formatted(given));
            }
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be made: %s; check bad-rows.path".formatted(given, Failure.firstLine(e.getMessage())),
                    e);
        }
        return new QuarantinePlace(given, files, path);
    }

    /**
     * The path, where it has nothing to do with the output's.
     *
     * @throws RefusedException where one lies in the other
     */
    Path outside(Path output) {
        if (Storage.isWithin(path, output) || Storage.isWithin(output, path)) {
            throw new RefusedException(
                    "bad-rows.path = '%s': lies in the output, or the output in it; leave it empty, and they go to %s there"
                            .formatted(given, RunReport.BAD_ROWS));
        }
        return path;
    }
}
