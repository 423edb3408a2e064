package sluice.job.output;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.report.RunName;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;
import sluice.job.storage.Storage;

/**
 * The bad rows of a run whose output is a catalog table. The table's commit is the decision, so nothing is lost before it: the new files
 * are added beside the earlier ones, then the table is committed, then the earlier files are deleted. Each file is moved once, under a name
 * that no other file has. {@code _SUCCESS} is deleted first and written last, so a directory that lacks it belongs to a run that has not
 * ended. The repeated run replaces what it finds, whatever a killed run has left.
 *
 * <p>The mark that makes the directory one of Sluice's is written before the first file and deleted after the last one.
 */
final class TableBadRows {
    private static final String COMPLETE = "_SUCCESS";

    private final QuarantinePlace place;
    private final StagingDirectory directory; // of this run: the place, or a partition in it
    private final boolean isPartition;
    private final boolean mayReplace;
    private List<String> earlier = List.of(); // files that the new ones replace
    private List<String> added = List.of();
    private boolean wasComplete;
    private boolean hasMarked;

    private TableBadRows(QuarantinePlace place, StagingDirectory directory, OutputMode mode) {
        this.place = place;
        this.directory = directory;
        this.isPartition = mode.keepsOthers();
        this.mayReplace = mode != OutputMode.ERROR;
    }

    static TableBadRows of(QuarantinePlace place, Settings.Output settings, RunName run) {
        Path path = settings.mode().keepsOthers() ? new Path(place.path(), run.partition()) : place.path();
        return new TableBadRows(place, new StagingDirectory(place.files(), path), settings.mode());
    }

    /** Whether all files in a directory of bad rows are of runs that have not ended. */
    static boolean isUnfinished(FileSystem files, Path directory) throws IOException {
        return JournalBuilder.files(files, directory, "", path -> isData(path) || isComplete(path)).stream()
                .noneMatch(TableBadRows::isComplete);
    }

    private static boolean isData(String path) {
        return JournalBuilder.isData(path);
    }

    private static boolean isComplete(String path) {
        return path.equals(COMPLETE) || path.endsWith("/" + COMPLETE);
    }

    /** The directory to write to. */
    String staging() {
        return directory.staging().toString();
    }

    /** The directory after publication. */
    Path published() {
        return directory.target();
    }

    private FileSystem files() {
        return place.files();
    }

    private Path completeMark() {
        return new Path(directory.target(), COMPLETE);
    }

    private Path mark() {
        return new Path(place.path(), QuarantinePlace.MARK);
    }

    /**
     * Adds the staged files, if there are any, and keeps the earlier ones. Called before the commit of the table.
     *
     * @throws IOException if a file could not be moved; {@link #withdraw} removes the others
     */
    void add() throws IOException {
        wasComplete = files().exists(completeMark());
        if (wasComplete && !mayReplace) {
            throw new IOException(
                    "%s: another process created it while this run was writing".formatted(directory.target()));
        }
        earlier = JournalBuilder.files(
                files(), directory.target(), "", path -> isData(path) || isComplete(path) && !path.equals(COMPLETE));
        List<String> staged = JournalBuilder.files(files(), directory.staging(), "", TableBadRows::isData);
        if (staged.isEmpty() && earlier.isEmpty() && !wasComplete) {
            return;
        }
        Optional<byte[]> marked = SmallFile.read(files(), mark());
        if (marked.isEmpty()) {
            hasMarked = true;
            SmallFile.write(files(), mark(), place.mark());
        }
        added = staged; // all of them: a move that failed may have taken place
        StagingDirectory.deleteFile(files(), completeMark());
        files().mkdirs(directory.target());
        for (String file : added) {
            directory.moveFile(file);
        }
    }

    /** Removes the added files, because the table was not committed. */
    void withdraw() throws IOException {
        directory.abandon();
        for (String file : added) {
            StagingDirectory.deleteFile(files(), new Path(directory.target(), file));
        }
        if (wasComplete) {
            SmallFile.write(files(), completeMark(), new byte[0]);
        }
        prune(directory.target());
        if (hasMarked) {
            removeMark();
        }
    }

    /** Deletes the earlier files, because the table is committed. */
    void complete() throws IOException {
        for (String file : earlier) {
            StagingDirectory.deleteFile(files(), new Path(directory.target(), file));
        }
        if (!added.isEmpty()) {
            SmallFile.write(files(), completeMark(), new byte[0]);
        }
        prune(directory.target());
        if (added.isEmpty() && !isPartition) {
            removeMark();
        }
        directory.abandon();
    }

    /** Deletes the mark if nothing else is there, and then the directory. */
    private void removeMark() throws IOException {
        boolean isAlone = Storage.entries(files(), place.path()).stream()
                .allMatch(entry -> entry.getPath().getName().equals(QuarantinePlace.MARK));
        if (isAlone) {
            StagingDirectory.deleteFile(files(), mark());
            prune(place.path());
        }
    }

    /** Deletes the directories that are empty now. Object stores have none. */
    private void prune(Path path) throws IOException {
        for (FileStatus entry : Storage.entries(files(), path)) {
            if (entry.isDirectory() && isData(entry.getPath().getName())) {
                prune(entry.getPath());
            }
        }
        if (files().exists(path) && Storage.entries(files(), path).isEmpty()) {
            files().delete(path, false);
        }
    }

    /** Deletes what is staged. */
    void abandon() throws IOException {
        directory.abandon();
    }
}
