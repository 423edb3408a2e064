package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays the steps of one place of a journal. Several processes may replay it at the same time.
 *
 * <p>A path that doesn't exist in the target is moved with one rename, which succeeds in one process only. Replacing a directory takes two
 * renames. A slower process may move the new directory away. It detects this by the mark and moves it back. Only content without the mark
 * is deleted.
 */
final class JournalReplay {
    private static final Logger LOG = LoggerFactory.getLogger(JournalReplay.class);
    private static final int MOST_TRIES = 20;

    private final FileSystem files;
    private final StagingDirectory place;
    private final Journal.Place steps;
    private final String process = UUID.randomUUID().toString();

    private JournalReplay(FileSystem files, StagingDirectory place, Journal.Place steps) {
        this.files = files;
        this.place = place;
        this.steps = steps;
    }

    static JournalReplay of(Path target, Journal.Place steps, String id, Configuration hadoop) throws IOException {
        FileSystem files = target.getFileSystem(hadoop);
        return new JournalReplay(files, new StagingDirectory(files, files.makeQualified(target), id), steps);
    }

    private static Path in(Path directory, String path) {
        return path.isEmpty() ? directory : new Path(directory, path);
    }

    /** Replays all moves and removals. */
    void move() throws IOException {
        List<Journal.Move> moves = steps.moves();
        for (int step = 0; step < moves.size(); step++) {
            move(moves.get(step), retired(step));
        }
        for (String path : steps.removals()) {
            files.delete(in(place.target(), path), true);
        }
    }

    /** Holds replaced content of a step, one entry per process and attempt. */
    private Path retired(int step) {
        return new Path(place.replaced(), Integer.toString(step));
    }

    private void move(Journal.Move move, Path retired) throws IOException {
        Path from = in(place.staging(), move.path());
        Path to = in(place.target(), move.path());
        IOException failure = null;
        for (int tries = 0; files.exists(from); tries++) {
            if (tries == MOST_TRIES) {
                throw new IOException(
                        "%s: could not be moved to %s%s"
                                .formatted(from, to, failure == null ? "" : ": " + failure.getMessage()),
                        failure);
            }
            boolean isFree = !files.exists(to);
            boolean isReplaced = move.replaces() || isEmptyDirectory(to);
            if (!isFree && !isReplaced && files.exists(from)) {
                throw new IOException(
                        "%s: another process created it while this run was writing; move it away".formatted(to));
            }
            try {
                if (isFree) {
                    moveIn(from, to);
                } else if (isReplaced) { // otherwise it is the new content, which another process moved in
                    moveAway(to, new Path(retired, process + "-" + tries));
                }
            } catch (IOException e) { // another process may have been faster: check again
                failure = e;
            }
        }
        if (!files.exists(to)) {
            moveBack(move, retired, to);
        }
    }

    private boolean isDirectory(Path path) throws IOException {
        try {
            return files.getFileStatus(path).isDirectory();
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    private boolean isEmptyDirectory(Path path) throws IOException {
        return isDirectory(path) && entries(path).isEmpty();
    }

    private void moveIn(Path from, Path to) throws IOException {
        files.mkdirs(to.getParent());
        rename(from, to);
        // If the target has appeared meanwhile, Hadoop moves the directory into it.
        Path within = new Path(to, from.getName());
        if (!files.exists(from) && isDirectory(to) && files.exists(within)) {
            rename(within, from);
        }
    }

    private void moveAway(Path from, Path to) throws IOException {
        files.mkdirs(to.getParent());
        rename(from, to);
    }

    /** Renames if it can. The caller checks the outcome: another process may have done it, or removed the parent of the target. */
    private void rename(Path from, Path to) throws IOException {
        try {
            boolean moved = files instanceof LocalFileSystem disk && isDirectory(from)
                    ? renameOnDisk(
                            disk.pathToFile(from).toPath(), disk.pathToFile(to).toPath())
                    : files.rename(from, to);
            LOG.debug("{} to {}: {}", from, to, moved ? "moved" : "not moved");
        } catch (FileNotFoundException e) {
            LOG.debug("{} to {}: not moved, the source is gone", from, to);
        }
    }

    /**
     * If a local rename fails because another process was faster, Hadoop copies the directory file by file and deletes it, and two
     * processes that do so can lose files. This method renames atomically or does nothing.
     */
    private static boolean renameOnDisk(java.nio.file.Path from, java.nio.file.Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            throw new FileNotFoundException(e.getMessage());
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            return false;
        }
    }

    private void moveBack(Journal.Move move, Path retired, Path to) throws IOException {
        for (Path entry : entries(retired)) {
            if (isNew(entry, move) && !files.exists(to)) {
                rename(entry, to);
            }
        }
    }

    private boolean isNew(Path entry, Journal.Move move) throws IOException {
        return !move.mark().isEmpty() && files.exists(new Path(entry, move.mark()));
    }

    private List<Path> entries(Path directory) throws IOException {
        return Storage.entries(files, directory).stream()
                .map(FileStatus::getPath)
                .toList();
    }

    /** Writes all texts. */
    void writeTexts() throws IOException {
        for (Map.Entry<String, String> text : steps.texts().entrySet()) {
            SmallFile.write(files, in(place.target(), text.getKey()), SmallFile.bytes(text.getValue()));
        }
    }

    /** Deletes what was replaced, and the staging directory. */
    void cleanUp() throws IOException {
        List<Journal.Move> moves = steps.moves();
        for (int step = 0; step < moves.size(); step++) {
            for (Path entry : entries(retired(step))) {
                if (!isNew(entry, moves.get(step))) {
                    files.delete(entry, true);
                }
            }
            removeEmpty(retired(step));
        }
        removeEmpty(place.replaced());
        files.delete(place.staging(), true);
    }

    private void removeEmpty(Path directory) throws IOException {
        if (entries(directory).isEmpty()) {
            files.delete(directory, false);
        }
    }
}
