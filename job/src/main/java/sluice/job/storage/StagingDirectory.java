package sluice.job.storage;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file or directory that is written beside its target under a hidden name, and moved to the target with one rename when it is complete.
 * An existing target stays untouched until then.
 */
public final class StagingDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(StagingDirectory.class);

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
        this.staging = new Path(target.getParent(), stagingPrefix(target) + id);
        this.replaced = new Path(target.getParent(), replacedPrefix(target) + id);
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
     * Moves the content to the target and deletes what it replaced.
     *
     * @param replaces whether the target may exist
     * @throws IOException if the move failed; then the previous target is restored
     */
    public void publish(boolean replaces) throws IOException {
        moveIn(replaces);
        deleteReplaced();
    }

    /** Moves the content to the target. The previous target is kept for {@link #deleteReplaced} or {@link #rollBack}. */
    public void moveIn(boolean replaces) throws IOException {
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
                rename(replaced, target);
            }
            throw e;
        }
    }

    /** Moves the content back to the staging path and restores the previous target. */
    public void rollBack() throws IOException {
        rename(target, staging);
        if (files.exists(replaced)) {
            rename(replaced, target);
        }
    }

    /** Deletes the previous target. A failure is logged only: the new target is published. */
    public void deleteReplaced() {
        delete(replaced);
    }

    /** Deletes the previous target when this run produced no replacement. */
    public void deleteTarget() {
        delete(target);
    }

    private void delete(Path old) {
        try {
            files.delete(old, true);
        } catch (IOException e) {
            LOG.warn(
                    "{}: replaced by this run, but could not be deleted: {}; it is not needed any more",
                    old,
                    e.getMessage());
        }
    }

    /** Deletes the staging path. */
    public void abandon() throws IOException {
        files.delete(staging, true);
    }

    private void rename(Path from, Path to) throws IOException {
        if (!files.rename(from, to)) {
            throw new IOException("%s: could not be renamed to %s".formatted(from, to));
        }
    }
}
