package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.RefusedException;

/** A file or directory that is written beside its target under a hidden name, and moved to the target when it is complete. */
public final class StagingDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(StagingDirectory.class);
    static final int MOST_TRIES = 20;

    private final FileSystem files;
    private final Path target;
    private final Path staging;
    private final Path replaced;

    public StagingDirectory(FileSystem files, Path target) {
        this(files, target, UUID.randomUUID().toString());
    }

    /** @param id the suffix of both hidden names */
    public StagingDirectory(FileSystem files, Path target, String id) {
        this.files = files;
        this.target = target;
        // Readers of tables skip names that begin with a dot.
        this.staging = Storage.child(target.getParent(), stagingPrefix(target) + id);
        this.replaced = Storage.child(target.getParent(), replacedPrefix(target) + id);
    }

    /** The prefix of all directories that a replaced target was moved to. */
    static String replacedPrefix(Path target) {
        return "." + target.getName() + ".replaced-";
    }

    /** The prefix of all staging directories of a target. */
    static String stagingPrefix(Path target) {
        return "." + target.getName() + ".staging-";
    }

    /** Logs the staging directories of other runs. They are not deleted, because their run may still be active. */
    public static void warnOfLeftovers(FileSystem files, Path target) throws IOException {
        List<Path> left = Storage.siblings(files, target, stagingPrefix(target), "");
        if (!left.isEmpty()) {
            LOG.warn(
                    "{}: staging directories of other runs lie beside it, {}: remove those whose run is no longer active",
                    target,
                    left.stream().map(Path::getName).toList());
        }
    }

    /**
     * Creates the staging directory and deletes it, so that what is missing is reported before the first task.
     *
     * @param isFirst whether nothing has been published there before; then the file system is tried out. S3A logs a warning about the
     *     attempt that is refused.
     * @throws RefusedException if the file system doesn't decide between two runs
     */
    public void tryOut(StoreGuarantees store, boolean isFirst) throws IOException {
        if (!files.mkdirs(staging)) {
            throw new IOException("no directory could be created in " + staging.getParent());
        }
        store.requireExclusion(target);
        if (isFirst) {
            store.tryExclusion(staging);
        }
        files.delete(staging, true);
    }

    /** The file system of the target and of the hidden paths. */
    public FileSystem files() {
        return files;
    }

    /** The path to write to. */
    public Path staging() {
        return staging;
    }

    public Path target() {
        return target;
    }

    /** A new path to which a replaced target is moved before it is deleted. Several processes may move it. */
    Path newReplaced() {
        return replaced.suffix("-" + UUID.randomUUID());
    }

    /** Whether a target was moved to this path by a process that published this staging directory. */
    boolean hasReplaced(Path path) {
        return path.getName().startsWith(replaced.getName());
    }

    /**
     * Moves a staged file to the target, and repeats that until it is there, whatever a rename answers. No other process may have a file of
     * this name.
     *
     * @param path in the staging directory and in the target
     * @throws IOException if the target has another file of this name, or the file can't be moved
     */
    public void moveFile(String path) throws IOException {
        Path from = Storage.child(staging, path);
        Path to = Storage.child(target, path);
        IOException failure = null;
        for (int tries = 0; files.exists(from); tries++) {
            if (tries == MOST_TRIES) {
                throw notMoved(from, to, failure);
            }
            try {
                if (isCopied(from, to)) {
                    files.delete(from, false);
                } else {
                    files.rename(from, to);
                }
            } catch (IOException e) { // another process may have been faster, or the answer was lost: check again
                failure = e;
                files.mkdirs(to.getParent());
            }
        }
    }

    /** Whether a rename that is a copy was interrupted before it deleted its source. */
    private boolean isCopied(Path from, Path to) throws IOException {
        try {
            FileStatus there = files.getFileStatus(to);
            if (there.isFile() && there.getLen() == files.getFileStatus(from).getLen()) {
                return true;
            }
            throw createdByAnother(to);
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    static IOException createdByAnother(Path path) {
        return new IOException(String.format(
                Locale.ROOT, "%s: another process created it while this run was writing; move it away", path));
    }

    static IOException notMoved(Path from, Path to, IOException failure) {
        return new IOException(
                String.format(
                        Locale.ROOT,
                        "%s: could not be moved to %s%s",
                        from,
                        to,
                        failure == null ? "" : ": " + failure.getMessage()),
                failure);
    }

    /** Deletes a file. A store that answers that there was nothing to delete may be wrong. */
    public static void deleteFile(FileSystem files, Path file) throws IOException {
        for (int tries = 1; !files.delete(file, false) && files.exists(file); tries++) {
            if (tries == MOST_TRIES) {
                throw new IOException(String.format(Locale.ROOT, "%s: could not be deleted", file));
            }
        }
    }

    /**
     * Publishes a staging path that is a single file, by renames of single files. The name is briefly free while an old file is replaced;
     * after a kill there, the same call of a repeated run publishes its file.
     *
     * @param replaces whether the target may exist
     * @throws IOException if the file could not be published; then the previous one is still there
     */
    public void publishFile(boolean replaces) throws IOException {
        boolean existed = files.exists(target);
        if (existed && !replaces) {
            throw new IOException("%s: another process created it while this run was writing".formatted(target));
        }
        if (existed) {
            rename(target, replaced);
        }
        try {
            rename(staging, target);
        } catch (IOException e) {
            if (existed) {
                putBack(e);
            }
            throw e;
        }
        if (existed) {
            discard(replaced);
        }
    }

    private void putBack(IOException failure) {
        try {
            rename(replaced, target);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** A failure is logged only: the new file is published. */
    private void discard(Path old) {
        try {
            files.delete(old, false);
        } catch (IOException e) {
            LOG.warn("{}: could not be deleted: {}; it is not needed any more", old, e.getMessage());
        }
    }

    /** Deletes the staging path. */
    public void abandon() throws IOException {
        files.delete(staging, true);
    }

    /** Renames a file. The outcome counts, not the answer, which may be lost. */
    private void rename(Path from, Path to) throws IOException {
        IOException failure = null;
        try {
            if (files.rename(from, to)) {
                return;
            }
        } catch (IOException e) {
            failure = e;
        }
        if (files.exists(from)) {
            if (!isCopied(from, to)) {
                throw notRenamed(from, to, failure);
            }
            discard(from);
        } else if (!files.exists(to)) {
            throw notRenamed(from, to, failure);
        }
    }

    private static IOException notRenamed(Path from, Path to, IOException cause) {
        return new IOException(String.format(Locale.ROOT, "%s: could not be renamed to %s", from, to), cause);
    }
}
