package sluice.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.fingerprint.Fingerprint;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputMode;
import sluice.job.settings.SettingValues;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * A run that wrote rows, as its report states it. Read by {@code --audit}.
 *
 * @param name for messages: that of the run or batch, or its start
 * @param started as an ISO-8601 instant
 * @param model SHA-256 of the model
 * @param mode what it did with earlier rows
 * @param forgetsRuns whether it deleted the reports of earlier runs ({@code report.keep-runs})
 * @param settings by key, to score its rows again
 * @param carriesStates whether its rows started from carried states, which are not in the output
 */
public record WrittenRun(
        String name,
        String started,
        String model,
        OutputMode mode,
        boolean forgetsRuns,
        Map<String, Object> settings,
        boolean carriesStates,
        TableFingerprint fingerprint) {
    private static final String SUFFIX = ".json";

    /**
     * The runs that wrote the rows of an output directory, by the id of their write. Incremental runs are listed by batch.
     *
     * @throws RefusedException if a report is damaged, or is of a version that computed no fingerprints
     */
    public static Map<String, WrittenRun> of(FileSystem files, Path output) throws IOException {
        Map<String, WrittenRun> runs = new LinkedHashMap<>();
        for (RunName.Kind kind : RunName.Kind.values()) {
            List<FileStatus> reports = Storage.entries(files, new Path(output, RunName.reports(kind)));
            for (FileStatus report : reports) {
                String file = report.getPath().getName();
                if (file.endsWith(SUFFIX)) {
                    String name = file.substring(0, file.length() - SUFFIX.length());
                    add(name, files, report.getPath(), runs);
                }
            }
        }
        add("", files, new Path(output, RunReport.FILE), runs);
        return runs;
    }

    private static void add(String name, FileSystem files, Path report, Map<String, WrittenRun> runs)
            throws IOException {
        Optional<byte[]> json = SmallFile.read(files, report);
        if (json.isPresent()) {
            of(name, report.toString(), json.get())
                    .ifPresent(run -> runs.putIfAbsent(run.fingerprint().id(), run));
        }
    }

    /**
     * Reads a single report.
     *
     * @param file path of a report, or of its copy
     * @throws RefusedException if it is no report of a run that wrote rows and their fingerprint
     */
    public static WrittenRun read(String file, Configuration hadoop) throws IOException {
        Optional<byte[]> json = SmallFile.read(file, "--report", hadoop);
        Optional<WrittenRun> run = json.isPresent() ? of("", file, json.get()) : Optional.empty();
        return run.orElseThrow(() -> new RefusedException(
                "%s: is no report of a run with a fingerprint of its rows; check --report".formatted(file)));
    }

    private static OutputMode mode(String name) {
        return Arrays.stream(OutputMode.values())
                .filter(mode -> SettingValues.name(mode).equals(name))
                .findFirst()
                .orElse(OutputMode.ERROR);
    }

    /** Empty for a report of another kind, or of several batches together. */
    private static Optional<WrittenRun> of(String name, String file, byte[] json) throws IOException {
        try {
            ReportJson.Written report = ReportJson.read(json);
            boolean isOfWrite = report.model() != null && report.exitCode() != null && report.batches() == null;
            return isOfWrite ? Optional.of(of(name, file, report)) : Optional.empty();
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new RefusedException(
                    "%s: can't be read as the report of a run: %s; restore it from a backup, or repeat the run"
                            .formatted(file, Failure.firstLine(e.getMessage())),
                    e);
        }
    }

    private static WrittenRun of(String name, String file, ReportJson.Written report) {
        boolean isWhole = report.fingerprint() != null
                && report.fingerprintColumns() != null
                && report.fingerprintId() != null
                && report.settings() != null;
        if (!isWhole) {
            throw new RefusedException(
                    "%s: states no fingerprint, because an earlier version of Sluice wrote it; only tables whose runs all have one can be audited: repeat the run with mode overwrite"
                            .formatted(file));
        }
        return new WrittenRun(
                report.run() == null || report.run().isEmpty() ? name : report.run(),
                report.started() == null ? "" : report.started(),
                report.modelSha256(),
                mode(report.mode()),
                report.keepRuns() > 0,
                report.settings(),
                report.state() != null,
                new TableFingerprint(
                        report.fingerprintId(),
                        Fingerprint.of(report.fingerprint(), report.fingerprintRows()),
                        report.fingerprintColumns()));
    }
}
