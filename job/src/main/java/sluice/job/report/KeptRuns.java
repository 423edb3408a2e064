package sluice.job.report;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/** What an output keeps of each run beside its rows: a report, and the rows that couldn't be scored. */
public final class KeptRuns {
    private static final Logger LOG = LoggerFactory.getLogger(KeptRuns.class);
    private static final String SUFFIX = ".json";

    private final Path output;
    private final Path badRows; // of all runs, each in a directory of its own
    private final Configuration hadoop;

    private KeptRuns(Path output, Path badRows, Configuration hadoop) {
        this.output = output;
        this.badRows = badRows;
        this.hadoop = hadoop;
    }

    /**
     * Removes what is kept of the oldest runs, where the settings say so.
     *
     * @param last the run that has just ended, of which all stays
     */
    public static void retain(RunName last, Settings settings, Configuration hadoop) {
        int keep = settings.report().keepRuns();
        if (settings.output().format() == OutputFormat.TABLE
                || !settings.output().mode().keepsOthers()
                || keep == 0) {
            return;
        }
        Path output = new Path(settings.output().path());
        Path badRows = settings.badRows().path().map(Path::new).orElse(new Path(output, RunReport.BAD_ROWS));
        new KeptRuns(output, badRows, hadoop).retain(keep, last);
    }

    private void retain(int keep, RunName last) {
        try {
            FileSystem files = output.getFileSystem(hadoop);
            FileSystem theirs = badRows.getFileSystem(hadoop);
            List<FileStatus> others = reports(files).stream()
                    .filter(report -> !report.getPath().getName().equals(last.file() + SUFFIX))
                    .toList();
            for (FileStatus old : others.subList(0, Math.max(0, others.size() + 1 - keep))) {
                String name = old.getPath().getName();
                RunName run = new RunName(true, RunName.Kind.RUN, name.substring(0, name.length() - SUFFIX.length()));
                theirs.delete(new Path(badRows, run.partition()), true);
                files.delete(old.getPath(), false); // last: what is removed half is found again
            }
        } catch (IOException e) {
            LOG.warn(
                    "{}: what is kept of old runs could not be removed: {}; the next run tries it again",
                    output,
                    e.getMessage());
        }
    }

    /** The oldest first. */
    private List<FileStatus> reports(FileSystem files) throws IOException {
        return Storage.entries(files, new Path(output, RunName.reports(RunName.Kind.RUN))).stream()
                .filter(entry -> entry.getPath().getName().endsWith(SUFFIX))
                .sorted(Comparator.comparingLong(FileStatus::getModificationTime)
                        .thenComparing(FileStatus::getPath))
                .toList();
    }
}
