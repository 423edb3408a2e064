package sluice.job;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file or directory that is made beside its place, under a hidden name, and moved there with one rename when it is complete. What it
 * replaces stays whole until then.
 */
final class StagedPlace {
    private static final Logger LOG = LoggerFactory.getLogger(StagedPlace.class);

    private final FileSystem files;
    private final Path target;
    private final Path staging;
    private final Path replaced;

    StagedPlace(FileSystem files, Path target) {
        String run = UUID.randomUUID().toString();
        this.files = files;
        this.target = target;
        // Names that begin with a dot are passed over by everything that lists tables.
        this.staging = new Path(target.getParent(), "." + target.getName() + ".staging-" + run);
        this.replaced = new Path(target.getParent(), "." + target.getName() + ".replaced-" + run);
    }

    /** Where to write. */
    Path staging() {
        return staging;
    }

    /** Where it will be. */
    Path target() {
        return target;
    }

    /**
     * Moves it to its place.
     *
     * @param replaces whether something may be there
     * @throws IOException where it can't be moved; then what was there is there again
     */
    void publish(boolean replaces) throws IOException {
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
        if (existed) {
            removeReplaced();
        }
    }

    /** The new one is in its place: what is left of the old one is no reason to call the run failed. */
    private void removeReplaced() {
        try {
            files.delete(replaced, true);
        } catch (IOException e) {
            LOG.warn(
                    "{}: what was replaced could not be removed: {}; it is not needed any more",
                    replaced,
                    e.getMessage());
        }
    }

    /** Leaves nothing behind. */
    void abandon() throws IOException {
        files.delete(staging, true);
    }

    private void rename(Path from, Path to) throws IOException {
        if (!files.rename(from, to)) {
            throw new IOException("%s: could not be renamed to %s".formatted(from, to));
        }
    }
}
