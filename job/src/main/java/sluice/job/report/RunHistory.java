package sluice.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.HumanText;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.PublicationLog;
import sluice.job.storage.PublicationRecord;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/** The runs of an output: the report of the last one, and the report and bad rows of each run that contributed rows. */
public final class RunHistory {
    private static final Logger LOG = LoggerFactory.getLogger(RunHistory.class);
    private static final String SUFFIX = ".json";

    private final FileSystem files;
    private final Path output;
    private final Configuration hadoop;

    public RunHistory(FileSystem files, Path output, Configuration hadoop) {
        this.files = files;
        this.output = output;
        this.hadoop = hadoop;
    }

    private static RunHistory of(Settings settings, Configuration hadoop) {
        String path = settings.output().path();
        return new RunHistory(
                Storage.of(path, "--output", hadoop), Storage.qualified(path, "--output", hadoop), hadoop);
    }

    /** The report of the last run whose rows are in the output; empty if there is none. */
    Optional<byte[]> last() throws IOException {
        return current(RunReport.FILE);
    }

    /** The report of the run of this name, whether it is the last run or an earlier one; empty if there is none. */
    public Optional<byte[]> of(String run) throws IOException {
        Optional<byte[]> own = current(RunName.reportOf(run));
        if (own.isPresent()) {
            return own;
        }
        Optional<byte[]> last = current(RunReport.FILE);
        boolean isIt =
                last.isPresent() && run.equals(ReportJson.read(last.get()).run());
        return isIt ? last : Optional.empty();
    }

    /**
     * A report whose rows are in the output. The newest record is preferred to the file, which another process may be writing. A slow
     * process may write a report that belongs to an earlier table; the number of its publication shows that.
     */
    private Optional<byte[]> current(String path) throws IOException {
        Optional<PublicationRecord> last =
                PublicationLog.of(output, files, hadoop).last();
        Optional<byte[]> recorded = last.map(record -> record.texts().get(path)).map(SmallFile::bytes);
        if (recorded.isPresent()) {
            return recorded;
        }
        Optional<byte[]> found = report(path);
        if (found.isEmpty()) {
            return found;
        }
        long base = last.map(PublicationRecord::base).orElse(0L);
        return ReportJson.read(found.get()).publication() >= base ? found : Optional.empty();
    }

    /** Whether the output holds the rows of the run of this name. */
    public boolean holds(RunName run) throws IOException {
        if (current(run.report()).isPresent()) {
            return true;
        }
        Optional<byte[]> last = current(RunReport.FILE);
        return last.isPresent() && run.names(ReportJson.read(last.get()).run());
    }

    /** Whether the output holds this batch: the same number, of the same checkpoint, with the same files. */
    public boolean holds(RunReport.Batch batch) throws IOException {
        Optional<byte[]> found = current(RunName.ofBatch(batch.number()).report());
        if (found.isEmpty()) {
            return false;
        }
        ReportJson.Written report = ReportJson.read(found.get());
        return batch.checkpointId().equals(report.checkpointId())
                && batch.filesSha256().equals(report.filesSha256());
    }

    /** Whether runs wrote this directory: it has their reports. */
    public boolean isOutput() throws IOException {
        return files.exists(new Path(output, RunReport.FILE))
                || files.exists(new Path(output, RunName.reports(RunName.Kind.RUN)))
                || files.exists(new Path(output, RunName.reports(RunName.Kind.BATCH)));
    }

    /** Whether a report says that a run put its bad rows into this directory, or into a partition of it. */
    public boolean namesBadRows(Path directory) throws IOException {
        List<Path> reports = new ArrayList<>(List.of(new Path(output, RunReport.FILE)));
        for (RunName.Kind kind : RunName.Kind.values()) {
            Storage.entries(files, new Path(output, RunName.reports(kind)))
                    .forEach(entry -> reports.add(entry.getPath()));
        }
        for (Path report : reports) {
            Optional<byte[]> json = SmallFile.read(files, report);
            ReportJson.Written.BadRows bad =
                    json.isPresent() ? ReportJson.read(json.get()).badRows() : null;
            if (bad != null && bad.path() != null) {
                Path named = Storage.path(bad.path(), "bad-rows.path");
                if (named.equals(directory) || directory.equals(named.getParent())) {
                    return true;
                }
            }
        }
        return false;
    }

    private Optional<byte[]> report(String path) throws IOException {
        return SmallFile.read(files, new Path(output, path));
    }

    /** The last run; empty if no run left a report of its measurements. A catalog table has only the copy in {@code report.path}. */
    public static Optional<LastRun> lastRun(Settings settings, Configuration hadoop) throws IOException {
        boolean isTable = settings.output().format() == OutputFormat.TABLE;
        if (isTable && settings.report().path().isEmpty()) {
            return Optional.empty();
        }
        try {
            Optional<byte[]> report = isTable
                    ? SmallFile.read(settings.report().path().get(), "--report", hadoop)
                    : of(settings, hadoop).last();
            return report.isPresent() ? measured(ReportJson.read(report.get())) : Optional.empty();
        } catch (JsonProcessingException e) { // a file of another program
            return Optional.empty();
        }
    }

    private static Optional<LastRun> measured(ReportJson.Written report) {
        return report.started() == null || report.taskSeconds() == null
                ? Optional.empty()
                : Optional.of(new LastRun(
                        HumanText.second(report.started()),
                        report.rows(),
                        report.tokens(),
                        RunMetrics.sharing(report.tokens(), report.computedSteps()),
                        report.tokensPerSecondPerCore(),
                        report.taskSeconds().all(),
                        report.seconds()));
    }

    /**
     * Deletes the reports and bad rows of the oldest runs, so that {@code report.keep-runs} runs remain. The scored rows stay.
     *
     * @param last the run that has just ended; its report and bad rows stay
     */
    public static void retain(RunName last, Settings settings, Configuration hadoop) {
        int keep = settings.report().keepRuns();
        if (settings.output().format() == OutputFormat.TABLE
                || !settings.output().mode().keepsOthers()
                || keep == 0) {
            return;
        }
        RunHistory history = of(settings, hadoop);
        Path badRows = settings.badRows()
                .path()
                .map(path -> Storage.qualified(path, "bad-rows.path", hadoop))
                .orElse(new Path(history.output, RunReport.BAD_ROWS));
        try {
            history.retain(keep, last, badRows, hadoop);
        } catch (IOException e) {
            LOG.warn(
                    "{}: the reports and bad rows of old runs could not be deleted: {}; the next run tries again",
                    history.output,
                    e.getMessage());
        }
    }

    /** @param badRows directory with one subdirectory of bad rows for each run */
    private void retain(int keep, RunName last, Path badRows, Configuration hadoop) throws IOException {
        FileSystem badRowFiles = Storage.of(badRows, hadoop);
        List<FileStatus> others = reportsOldestFirst().stream()
                .filter(report -> !report.getPath().getName().equals(last.file() + SUFFIX))
                .toList();
        for (FileStatus old : others.subList(0, Math.max(0, others.size() + 1 - keep))) {
            String name = old.getPath().getName();
            RunName run = new RunName(true, RunName.Kind.RUN, name.substring(0, name.length() - SUFFIX.length()));
            badRowFiles.delete(new Path(badRows, run.partition()), true);
            files.delete(old.getPath(), false); // after the bad rows, so that an interrupted deletion is repeated
        }
    }

    private List<FileStatus> reportsOldestFirst() throws IOException {
        return Storage.entries(files, new Path(output, RunName.reports(RunName.Kind.RUN))).stream()
                .filter(entry -> entry.getPath().getName().endsWith(SUFFIX))
                .sorted(Comparator.comparingLong(FileStatus::getModificationTime)
                        .thenComparing(FileStatus::getPath))
                .toList();
    }
}
