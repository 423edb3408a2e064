package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays the steps of one place of a journal. Several processes may replay it at the same time, and one of them may be so slow that
 * later publications are complete before it goes on. It then changes nothing, because names of files are never used again, and a file is
 * moved from its staging path, which is empty by then.
 *
 * <p>Only {@link Journal.Action#REPLACE_TARGET} uses a name again. A slow process may move a later output away. It detects this by the
 * record of a later publication, and moves the output back. {@link Publication} does so if that process was killed.
 */
final class JournalReplay {
    private static final Logger LOG = LoggerFactory.getLogger(JournalReplay.class);

    /** Hadoop setting: number of files that are copied at the same time where renames are copies. */
    static final String THREADS = "sluice.publication.threads";

    private static final int DEFAULT_THREADS = 16;

    private final FileSystem files;
    private final StagingDirectory place;
    private final PublicationLog log;
    private final StoreGuarantees store;
    private final Journal.Place steps;
    private final long number;
    private final int threads;
    private final Set<Path> parents = new HashSet<>(); // directories that exist

    private JournalReplay(
            FileSystem files,
            StagingDirectory place,
            StoreGuarantees store,
            Journal.Place steps,
            long number,
            int threads) {
        this.files = files;
        this.place = place;
        this.store = store;
        this.log = new PublicationLog(files, place.target(), store);
        this.steps = steps;
        this.number = number;
        this.threads = threads;
    }

    static JournalReplay of(Path target, Journal.Place steps, Journal journal, Configuration hadoop)
            throws IOException {
        FileSystem files = Storage.of(target, hadoop);
        StoreGuarantees store = StoreGuarantees.of(files, target, hadoop);
        return new JournalReplay(
                files,
                new StagingDirectory(files, files.makeQualified(target), journal.id()),
                store,
                steps,
                journal.number(),
                store.renamesDirectories() ? 1 : hadoop.getInt(THREADS, DEFAULT_THREADS));
    }

    /** Replays all steps in their order. Files that are moved one after the other may be moved at the same time. */
    void replay() throws IOException {
        for (Map.Entry<String, String> text : steps.texts().entrySet()) {
            SmallFile.update(files, Storage.child(place.target(), text.getKey()), text.getValue());
        }
        List<Callable<Void>> moves = new ArrayList<>();
        for (Journal.Step step : steps.steps()) {
            if (step.action() == Journal.Action.MOVE) {
                if (isHidden(step.path())) {
                    runAll(moves); // a small file that describes the others
                }
                makeParent(Storage.child(place.target(), step.path()));
                moves.add(() -> {
                    place.moveFile(step.path());
                    return null;
                });
                continue;
            }
            runAll(moves);
            switch (step.action()) {
                // New files are moved in only after the old ones are gone, whatever a delete answers.
                case REMOVE -> StagingDirectory.deleteFile(files, Storage.child(place.target(), step.path()));
                case MOVE_DIRECTORY -> moveDirectory(step.path());
                case REPLACE_TARGET -> replaceTarget();
                case MOVE -> throw new AssertionError(step);
            }
        }
        runAll(moves);
        removeEmptyDirectories();
    }

    private static boolean isHidden(String path) {
        return Arrays.stream(path.split("/", -1)).anyMatch(Storage::isHidden);
    }

    private void makeParent(Path file) throws IOException {
        Path parent = file.getParent();
        if (store.renamesDirectories() && parents.add(parent)) {
            files.mkdirs(parent);
        }
    }

    private void runAll(List<Callable<Void>> moves) throws IOException {
        List<Callable<Void>> now = List.copyOf(moves);
        moves.clear();
        if (threads == 1 || now.size() < 2) {
            for (Callable<Void> move : now) {
                try {
                    move.call();
                } catch (IOException | RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new AssertionError("a move throws no other exception", e);
                }
            }
            return;
        }
        ExecutorService pool = Executors.newFixedThreadPool(Math.min(threads, now.size()));
        try {
            for (Future<Void> move : pool.invokeAll(now)) {
                move.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while files were moved", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private void moveDirectory(String path) throws IOException {
        Path from = Storage.child(place.staging(), path);
        Path to = Storage.child(place.target(), path);
        move(from, to, () -> {
            if (files.exists(to) && !isEmptyDirectory(to) && files.exists(from)) {
                throw StagingDirectory.createdByAnother(to);
            }
        });
    }

    /** Makes a path ready for a directory that is moved there. */
    private interface Preparation {
        void prepare() throws IOException;
    }

    /** Repeats a rename until this process, or another one, has moved the directory. */
    private void move(Path from, Path to, Preparation target) throws IOException {
        IOException failure = null;
        for (int tries = 0; files.exists(from); tries++) {
            if (tries == StagingDirectory.MOST_TRIES) {
                throw StagingDirectory.notMoved(from, to, failure);
            }
            target.prepare();
            try {
                files.mkdirs(to.getParent());
                store.renameDirectory(from, to);
                moveOut(from, to);
            } catch (IOException e) { // another process may have been faster: check again
                failure = e;
            }
        }
    }

    /** If the target has appeared meanwhile, Hadoop moves the directory into it. This moves it out again. */
    private void moveOut(Path from, Path to) throws IOException {
        Path within = new Path(to, from.getName());
        if (!files.exists(from) && files.exists(within)) {
            store.renameDirectory(within, from);
            if (isEmptyDirectory(to)) {
                files.delete(to, false);
            }
        }
    }

    /**
     * A slow process of an earlier publication may write its small files to the target after the old output was moved away. They are
     * moved away, too.
     */
    private void replaceTarget() throws IOException {
        move(place.staging(), place.target(), this::moveAway);
        for (Path directory : replaced()) {
            putBack(directory);
        }
    }

    /** To a name of its own, because Hadoop moves a directory into one that another process has just made. */
    private void moveAway() throws IOException {
        if (!files.exists(place.target()) || log.newestIn(place.target()) >= number) {
            return;
        }
        if (!replaced().isEmpty() && hasRows(place.target()) && files.exists(place.staging())) {
            throw StagingDirectory.createdByAnother(place.target());
        }
        store.renameDirectory(place.target(), place.newReplaced());
    }

    /** Whether a reader sees a file in a directory. */
    private boolean hasRows(Path directory) throws IOException {
        for (FileStatus entry : Storage.entries(files, directory)) {
            boolean isSeen = !Storage.isHidden(entry.getPath().getName());
            if (isSeen && (entry.isFile() || hasRows(entry.getPath()))) {
                return true;
            }
        }
        return false;
    }

    /** What this publication has moved away. */
    private List<Path> replaced() throws IOException {
        return log.replaced().stream().filter(place::hasReplaced).toList();
    }

    /** Moves an output of a later publication back to its place. */
    private void putBack(Path replaced) throws IOException {
        if (files.exists(replaced) && log.newestIn(replaced) >= number && !files.exists(place.target())) {
            store.renameDirectory(replaced, place.target());
            moveOut(replaced, place.target());
        }
    }

    private boolean isEmptyDirectory(Path path) throws IOException {
        try {
            return files.getFileStatus(path).isDirectory()
                    && Storage.entries(files, path).isEmpty();
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /** Deletes the directories below the target that the removals have emptied. */
    private void removeEmptyDirectories() throws IOException {
        if (!store.renamesDirectories()) {
            return; // an object store has no directories
        }
        Set<Path> directories = new TreeSet<>((one, other) -> Integer.compare(other.depth(), one.depth()) != 0
                ? Integer.compare(other.depth(), one.depth())
                : one.compareTo(other));
        for (Journal.Step step : steps.steps()) {
            if (step.action() == Journal.Action.REMOVE) {
                Path parent = Storage.child(place.target(), step.path()).getParent();
                while (Storage.isWithin(parent, place.target()) && !parent.equals(place.target())) {
                    directories.add(parent);
                    parent = parent.getParent();
                }
            }
        }
        for (Path directory : directories) {
            if (isEmptyDirectory(directory)) {
                try {
                    files.delete(directory, false);
                } catch (IOException e) { // a later publication has written a file there
                    LOG.debug("{}: not deleted: {}", directory, e.getMessage());
                }
            }
        }
    }

    /** Deletes what was replaced, and the staging directory. */
    void cleanUp() throws IOException {
        cleanUpReplaced();
        delete(place.staging());
    }

    /** Deletes what was replaced, unless it is a later output. Only a committed journal replaces anything. */
    void cleanUpReplaced() throws IOException {
        if (store.renamesDirectories()) {
            for (Path directory : replaced()) {
                if (log.newestIn(directory) < number) {
                    delete(directory);
                } else {
                    putBack(directory);
                }
            }
        }
    }

    private void delete(Path path) throws IOException {
        if (!files.delete(path, true) && files.exists(path)) {
            throw new IOException(String.format(Locale.ROOT, "%s: could not be deleted", path));
        }
    }
}
