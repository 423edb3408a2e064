package sluice.job.storage;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file or directory that is made beside its place, under a hidden name, and moved there with one rename when it is complete. What it
 * replaces stays whole until then.
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

    /** @param id what the names of both hidden places end with */
    public StagingDirectory(FileSystem files, Path target, String id) {
        this.files = files;
        this.target = target;
        // Names that begin with a dot are passed over by everything that lists tables.
        this.staging = new Path(target.getParent(), stagingPrefix(target) + id);
        this.replaced = new Path(target.getParent(), "." + target.getName() + ".replaced-" + id);
    }

    /** What the names of all staging places of a target begin with. */
    static String stagingPrefix(Path target) {
        return "." + target.getName() + ".staging-";
    }

    /** Whether a run is dead can't be known from what it has left. */
    public static void nameLeftovers(FileSystem files, Path target) throws IOException {
        List<Path> left = Publication.named(files, target, stagingPrefix(target), "");
        if (!left.isEmpty()) {
            LOG.warn(
                    "{}: beside it is what other runs have begun to write, {}: remove those that belong to no run that still goes on",
                    target,
                    left.stream().map(Path::getName).toList());
        }
    }

    /** The file system that all of it lies on. */
    public FileSystem files() {
        return files;
    }

    /** Where to write. */
    public Path staging() {
        return staging;
    }

    /** Where it will be. */
    public Path target() {
        return target;
    }

    /** Where what was there before waits for its end. */
    Path replaced() {
        return replaced;
    }

    /**
     * Moves it to its place.
     *
     * @param replaces whether something may be there
     * @throws IOException where it can't be moved; then what was there is there again
     */
    public void publish(boolean replaces) throws IOException {
        show(replaces);
        settle();
    }

    /** Moves it to its place, and keeps what was there until it is settled or taken back. */
    public void show(boolean replaces) throws IOException {
        boolean existed = files.exists(target);
        if (existed && !replaces) {
            throw new IOException("%s: was made by somebody else while this run was writing".formatted(target));
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

    /** What was shown is hidden again, and what it replaced is in its place. */
    public void takeBack() throws IOException {
        rename(target, staging);
        if (files.exists(replaced)) {
            rename(replaced, target);
        }
    }

    /** The new one is in its place: what is left of the old one is no reason to call the run failed. */
    public void settle() {
        remove(replaced);
    }

    /** There is no new one, and the old one is none any more. */
    public void removeTarget() {
        remove(target);
    }

    private void remove(Path old) {
        try {
            files.delete(old, true);
        } catch (IOException e) {
            LOG.warn("{}: what was replaced could not be removed: {}; it is not needed any more", old, e.getMessage());
        }
    }

    /** Leaves nothing behind. */
    public void abandon() throws IOException {
        files.delete(staging, true);
    }

    private void rename(Path from, Path to) throws IOException {
        if (!files.rename(from, to)) {
            throw new IOException("%s: could not be renamed to %s".formatted(from, to));
        }
    }
}
