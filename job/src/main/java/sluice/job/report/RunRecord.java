package sluice.job.report;

import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.AfterCommit;
import sluice.job.message.Console;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The outcome of a run that {@code --status} reads, whether the run published or not. It is in two places: a note beside the output,
 * {@code .OUTPUT.runs/NAME.json}, for a run with a name, and the file {@code report.path}. Both are written when the run begins, and again
 * when it ends. So the report of an earlier run of the name is not taken for that of a run that was killed or has failed.
 *
 * <p>A run that published needs no note, because the output has its report. The note of a run that was killed after its commit gives the
 * same start time as that report, which {@link RunStatus} compares.
 */
public final class RunRecord {
    private final Settings settings;
    private final Instant started;
    private final boolean mayCopy;
    private final Configuration hadoop;
    private final Console console;
    private final Optional<Note> note;

    /** A run whose outcome is recorded. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws IOException;
    }

    /** The file beside the output. */
    private record Note(FileSystem files, Path output, String run) {
        Path directory() {
            return directoryOf(output);
        }

        Path file() {
            return new Path(directory(), RunName.noteOf(run));
        }

        void write(byte[] content) throws IOException {
            SmallFile.write(files, file(), content);
        }

        void delete() throws IOException {
            files.delete(file(), false);
            if (Storage.entries(files, directory()).isEmpty()) {
                files.delete(directory(), false);
            }
        }
    }

    private RunRecord(
            Settings settings,
            Instant started,
            boolean mayCopy,
            Configuration hadoop,
            Console console,
            Optional<Note> note) {
        this.settings = settings;
        this.started = started;
        this.mayCopy = mayCopy;
        this.hadoop = hadoop;
        this.console = console;
        this.note = note;
    }

    /**
     * Runs, and records that the run began and how it ended.
     *
     * @param started the time that the run's report gives
     * @param mayCopy whether {@code report.path} is a place for a report; otherwise the run is refused, and nothing is written there
     * @throws RefusedException if the place of the output can't be written
     */
    public static <T> T around(
            Settings settings, Instant started, boolean mayCopy, Configuration hadoop, Console console, Work<T> work)
            throws IOException {
        RunRecord record = new RunRecord(settings, started, mayCopy, hadoop, console, note(settings, hadoop));
        T result;
        try {
            record.begin();
            result = work.run();
        } catch (Throwable failure) {
            record.failed(failure);
            throw failure;
        }
        new AfterCommit(console).attempt("the record of the run could not be closed", record::done);
        return result;
    }

    private static Optional<Note> note(Settings settings, Configuration hadoop) {
        String run = settings.report().run();
        if (run.isEmpty() || settings.output().format() == OutputFormat.TABLE) {
            return Optional.empty();
        }
        RunName.of(run, Instant.EPOCH); // refuses a name that no file can have
        String path = settings.output().path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path output = Storage.qualified(path, "--output", hadoop);
        return output.getParent() == null ? Optional.empty() : Optional.of(new Note(files, output, run));
    }

    private static Path directoryOf(Path output) {
        return Storage.child(output.getParent(), "." + output.getName() + ".runs");
    }

    /**
     * The note of the last run of this name, for a qualified output path; empty if there is none. The note of a run that was killed while it
     * wrote the note is no JSON.
     */
    static Optional<byte[]> noted(FileSystem files, Path output, String run) throws IOException {
        if (output.getParent() == null) {
            return Optional.empty();
        }
        try {
            return SmallFile.read(files, new Note(files, output, run).file());
        } catch (ChecksumException e) { // its checksum is in a file of its own
            return Optional.of(new byte[0]);
        }
    }

    private void begin() {
        byte[] begun = ReportJson.begun(started, settings);
        note.ifPresent(place -> {
            try {
                place.write(begun);
                retain(place);
            } catch (IOException e) {
                throw new RefusedException(
                        settings.output().path() + ": can't be written: " + Failure.firstLine(e.getMessage())
                                + "; check --output",
                        e);
            }
        });
        copy(begun)
                .ifPresent(reason -> console.warning(
                        settings.report().path().get() + ": the begin of the run could not be noted: " + reason));
    }

    /** Deletes the oldest notes, as {@link RunHistory} deletes the oldest reports. */
    private void retain(Note place) throws IOException {
        int keep = settings.report().keepRuns();
        List<FileStatus> notes = Storage.entries(place.files(), place.directory());
        if (keep == 0 || notes.size() <= keep) {
            return;
        }
        List<Path> oldest = notes.stream()
                .sorted(Comparator.comparingLong(FileStatus::getModificationTime)
                        .thenComparing(FileStatus::getPath))
                .map(FileStatus::getPath)
                .filter(file -> !file.getName().equals(place.file().getName()))
                .limit(notes.size() - (long) keep)
                .toList();
        for (Path old : oldest) {
            place.files().delete(old, false);
        }
    }

    /** The failure is what the user sees; the record only tells that the run began if it can't be written now. */
    private void failed(Throwable failure) {
        byte[] report = RunReport.failed(started, settings, Failure.code(failure), Failure.sentence(failure));
        try {
            if (note.isPresent()) {
                note.get().write(report);
            }
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
        copy(report)
                .ifPresent(reason ->
                        console.error(settings.report().path().get() + ": the report could not be written: " + reason));
    }

    private void done() throws IOException {
        if (note.isPresent()) {
            Note place = note.get();
            boolean hasReport = new RunHistory(place.files(), place.output(), hadoop)
                    .of(place.run())
                    .isPresent();
            if (hasReport) {
                place.delete();
            } else { // there was nothing to do
                place.write(ReportJson.nothingDone(started, settings));
            }
        }
        if (onlyBegun()) {
            copy(ReportJson.nothingDone(started, settings));
        }
    }

    /** Whether the file {@code report.path} still says that this run began: a run that has nothing to do may have no report. */
    private boolean onlyBegun() throws IOException {
        if (!mayCopy || settings.report().path().isEmpty()) {
            return false;
        }
        Optional<byte[]> found = SmallFile.read(settings.report().path().get(), "--report", hadoop);
        if (found.isEmpty()) {
            return false;
        }
        ReportJson.Written written = ReportJson.read(found.get());
        return written.isBegun() && started.toString().equals(written.started());
    }

    private Optional<String> copy(byte[] report) {
        return mayCopy ? SmallFile.copy(report, settings.report().path(), hadoop) : Optional.empty();
    }
}
