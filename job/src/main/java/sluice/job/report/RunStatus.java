package sluice.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.RefusedException;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * How a run ended, read from its report: {@code --status}. In cluster deploy mode, {@code spark-submit} does not return the run's exit
 * code, so schedulers use this option.
 *
 * @param code the run's exit code; that of a failed run if no run has ended
 * @param sentence one line for the user
 */
public record RunStatus(int code, String sentence) {
    /**
     * Reads a report.
     *
     * @param path an output directory, or the copy of a report
     * @param run name of the run; empty for the last run
     * @throws RefusedException if the path holds something other than a report
     */
    public static RunStatus read(String path, Optional<String> run, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, "--status", hadoop);
        Path file = Storage.qualified(path, "--status", hadoop);
        boolean isOutput = files.exists(file) && files.getFileStatus(file).isDirectory();
        if (run.isPresent()) {
            Optional<byte[]> kept = isOutput ? new RunHistory(files, file, hadoop).of(run.get()) : Optional.empty();
            Optional<byte[]> noted = RunRecord.noted(files, file, run.get());
            if (noted.isPresent() && !(kept.isPresent() && isSameRun(kept.get(), noted.get()))) {
                return ofNote(path, noted.get(), run.get());
            }
            if (kept.isPresent()) { // found by file name; a run without a name is named by its file alone
                return of(path, kept.get(), Optional.empty());
            }
        }
        Optional<byte[]> report =
                isOutput ? last(path, new RunHistory(files, file, hadoop)) : SmallFile.read(files, file);
        return report.isPresent()
                ? of(path, report.get(), run)
                : new RunStatus(
                        ExitCode.FAILED.code(),
                        "%s: there is no report: no run has ended there; check --status".formatted(path));
    }

    private static Optional<byte[]> last(String path, RunHistory history) throws IOException {
        try {
            return history.last();
        } catch (JsonProcessingException e) {
            throw noReport(path, e);
        }
    }

    /** Whether the run that left the note has published this report. */
    private static boolean isSameRun(byte[] published, byte[] noted) throws IOException {
        try {
            return text(ReportJson.read(published).started())
                    .equals(ReportJson.read(noted).started());
        } catch (JsonProcessingException e) { // a note that was cut off when its run was killed
            return false;
        }
    }

    /** A note is written when its run begins, so one that was cut off by a kill says that the run began. */
    private static RunStatus ofNote(String path, byte[] json, String run) throws IOException {
        try {
            ReportJson.read(json);
        } catch (JsonProcessingException e) {
            return new RunStatus(
                    ExitCode.FAILED.code(),
                    "%s: the run '%s' has not ended: it has failed or is not done".formatted(path, run));
        }
        return of(path, json, Optional.of(run));
    }

    private static RunStatus of(String path, byte[] json, Optional<String> asked) throws IOException {
        ReportJson.Written report = written(path, json);
        String run = text(report.run());
        if (!asked.orElse(run).equals(run)) {
            return new RunStatus(
                    ExitCode.FAILED.code(),
                    "%s: the last run that ended there is '%s', so '%s' has failed or is not done"
                            .formatted(path, run, asked.get()));
        }
        String named = run.isEmpty() ? "" : " '" + run + "'";
        if (report.isBegun()) {
            return new RunStatus(
                    ExitCode.FAILED.code(),
                    "%s: the run%s that began at %s has not ended: it has failed or is not done"
                            .formatted(path, named, HumanText.second(report.started())));
        }
        String result = report.error() != null
                ? report.error()
                : "%s, %s"
                        .formatted(
                                HumanText.count(report.rows(), "sequence"), HumanText.count(report.tokens(), "token"));
        return new RunStatus(
                report.exitCode(),
                String.format(
                        Locale.ROOT,
                        "%s: the run%s that began at %s ended with %d: %s",
                        path,
                        named,
                        HumanText.second(text(report.started())),
                        report.exitCode(),
                        result));
    }

    private static ReportJson.Written written(String path, byte[] json) throws IOException {
        try {
            ReportJson.Written report = ReportJson.read(json);
            if (report.exitCode() != null || report.isBegun()) {
                return report;
            }
            throw noReport(path, null);
        } catch (JsonProcessingException e) {
            throw noReport(path, e);
        }
    }

    private static RefusedException noReport(String path, Exception cause) {
        return new RefusedException(
                String.format(Locale.ROOT, "%s: holds no report of a run; check --status", path), cause);
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }
}
