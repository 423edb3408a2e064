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
 * One place of a journal, and its steps.
 *
 * <p>What has a name of its own is moved with one rename, which only one can do. A directory that replaces another takes two: the old one
 * is moved away, the new one in. Between looking and renaming another process may have done both, and then it is the new one that was
 * moved away. So each process moves it to a name of its own, tells the two apart by the mark, and brings the new one back; only what
 * lacks the mark is ever deleted.
 */
final class JournalReplay {
    private static final Logger LOG = LoggerFactory.getLogger(JournalReplay.class);
    private static final int MOST_TRIES = 20;

    private final FileSystem files;
    private final StagingDirectory place;
    private final Journal.Place steps;
    private final String me = UUID.randomUUID().toString();

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

    /** All moves and removals. */
    void move() throws IOException {
        List<Journal.Move> moves = steps.moves();
        for (int step = 0; step < moves.size(); step++) {
            move(moves.get(step), retired(step));
        }
        for (String path : steps.removals()) {
            files.delete(in(place.target(), path), true);
        }
    }

    /** Where what a step replaces goes: a directory, with an entry for each process that has moved something there. */
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
                        "%s: was made by somebody else while this run was writing; move it away".formatted(to));
            }
            try {
                if (isFree) {
                    moveIn(from, to);
                } else if (isReplaced) { // and else it is the new one: somebody else was faster
                    moveAway(to, new Path(retired, me + "-" + tries));
                }
            } catch (IOException e) { // others may be at it, too: what is there is looked at again
                failure = e;
            }
        }
        if (!files.exists(to)) {
            bringBack(move, retired, to);
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
        // Hadoop moves a directory into one that has come to be there meanwhile.
        Path within = new Path(to, from.getName());
        if (!files.exists(from) && isDirectory(to) && files.exists(within)) {
            rename(within, from);
        }
    }

    private void moveAway(Path from, Path to) throws IOException {
        files.mkdirs(to.getParent());
        rename(from, to);
    }

    /** What can't be renamed is looked at again: somebody else may have done it, or taken away the directory where it should go. */
    private void rename(Path from, Path to) throws IOException {
        try {
            boolean moved = files instanceof LocalFileSystem disk && isDirectory(from)
                    ? renameOnDisk(
                            disk.pathToFile(from).toPath(), disk.pathToFile(to).toPath())
                    : files.rename(from, to);
            LOG.debug("{} to {}: {}", from, to, moved ? "moved" : "not moved");
        } catch (FileNotFoundException e) {
            LOG.debug("{} to {}: not moved, it is gone", from, to);
        }
    }

    /**
     * Where a disk can't rename a directory, since another process was faster, Hadoop copies it file by file and deletes it: then two
     * processes can lose what they both move. This one renames or does nothing.
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

    private void bringBack(Journal.Move move, Path retired, Path to) throws IOException {
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

    /** All texts: the same ones, however often. */
    void write() throws IOException {
        for (Map.Entry<String, String> text : steps.texts().entrySet()) {
            SmallFile.write(files, in(place.target(), text.getKey()), SmallFile.bytes(text.getValue()));
        }
    }

    /** Removes what was replaced, and what is left of the staging directory. */
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
