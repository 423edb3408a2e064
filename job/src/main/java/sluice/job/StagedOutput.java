package sluice.job;

import java.io.IOException;
import java.io.OutputStream;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place where a table is written before it is shown. All files go to a hidden directory beside the target and move there with
 * one rename when everything is complete, so that a reader sees the whole table or none of it, and an output that is to be replaced
 * stays whole until then.
 */
final class StagedOutput {
    private static final Logger LOG = LoggerFactory.getLogger(StagedOutput.class);

    private final FileSystem files;
    private final Path target;
    private final Path staging;
    private final Path replaced;
    private final OutputMode mode;

    private StagedOutput(FileSystem files, Path target, OutputMode mode) {
        String run = UUID.randomUUID().toString();
        this.files = files;
        this.target = target;
        this.mode = mode;
        // Names that begin with a dot are passed over by everything that lists tables.
        this.staging = new Path(target.getParent(), "." + target.getName() + ".staging-" + run);
        this.replaced = new Path(target.getParent(), "." + target.getName() + ".replaced-" + run);
    }

    /** @throws RefusedException where the target exists and may not be replaced, or can't be made */
    static StagedOutput at(String path, OutputMode mode, Configuration hadoop) {
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path target = files.makeQualified(new Path(path));
        if (target.getParent() == null) {
            throw new RefusedException("%s: is the root of its file system; check --output".formatted(path));
        }
        StagedOutput output = new StagedOutput(files, target, mode);
        try {
            output.requireFree(path);
            output.requireWritable();
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be made: %s; check --output".formatted(path, Failure.firstLine(e.getMessage())), e);
        }
        return output;
    }

    private void requireFree(String path) throws IOException {
        if (!files.exists(target)) {
            return;
        }
        if (!files.getFileStatus(target).isDirectory()) {
            throw new RefusedException("%s: is a file, expected a directory to make; check --output".formatted(path));
        }
        if (mode == OutputMode.ERROR && files.listStatus(target).length > 0) {
            throw new RefusedException(
                    "%s: exists already; choose another --output, or replace it with --mode overwrite".formatted(path));
        }
    }

    /** Makes and removes the staging directory: better to know now than after the first task. */
    private void requireWritable() throws IOException {
        if (!files.mkdirs(staging)) {
            throw new IOException("no directory could be made in " + staging.getParent());
        }
        files.delete(staging, true);
    }

    /** Where to write. */
    String path() {
        return staging.toString();
    }

    /** Where to write what goes beside the table. */
    String path(String name) {
        return new Path(staging, name).toString();
    }

    /** Where the table will be. */
    Path target() {
        return target;
    }

    /** Writes a small file beside the table's own, in a directory that readers of the table pass over. */
    void write(String name, byte[] content) throws IOException {
        try (OutputStream stream = files.create(new Path(staging, name), true)) {
            stream.write(content);
        }
    }

    /** Shows the table: from now on it is the output. */
    void publish() throws IOException {
        boolean existed = files.exists(target);
        if (existed && mode == OutputMode.ERROR && files.listStatus(target).length > 0) {
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

    /** The new table is in its place: what is left of the old one is no reason to call the run failed. */
    private void removeReplaced() {
        try {
            files.delete(replaced, true);
        } catch (IOException e) {
            LOG.warn(
                    "{}: the replaced output could not be removed: {}; it is not needed any more",
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
