package sluice.job;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The place where a table is written before it is shown. All files go to a hidden directory beside the target and move there with
 * one rename when everything is complete, so that a reader sees the whole table or none of it, and an output that is to be replaced
 * stays whole until then.
 */
final class StagedOutput {
    private final FileSystem files;
    private final StagedPlace place;
    private final OutputMode mode;

    private StagedOutput(FileSystem files, Path target, OutputMode mode) {
        this.files = files;
        this.place = new StagedPlace(files, target);
        this.mode = mode;
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
        if (!files.exists(place.target())) {
            return;
        }
        if (!files.getFileStatus(place.target()).isDirectory()) {
            throw new RefusedException("%s: is a file, expected a directory to make; check --output".formatted(path));
        }
        if (mode == OutputMode.ERROR && !isEmpty()) {
            throw new RefusedException(
                    "%s: exists already; choose another --output, or replace it with --mode overwrite".formatted(path));
        }
    }

    /** Makes and removes the staging directory: better to know now than after the first task. */
    private void requireWritable() throws IOException {
        if (!files.mkdirs(place.staging())) {
            throw new IOException(
                    "no directory could be made in " + place.staging().getParent());
        }
        files.delete(place.staging(), true);
    }

    /** Where to write. */
    String path() {
        return place.staging().toString();
    }

    /** Where to write what goes beside the table. */
    String path(String name) {
        return new Path(place.staging(), name).toString();
    }

    /** Where the table will be. */
    Path target() {
        return place.target();
    }

    /** Writes a small file beside the table's own, in a directory that readers of the table pass over. */
    void write(String name, byte[] content) throws IOException {
        try (OutputStream stream = files.create(new Path(place.staging(), name), true)) {
            stream.write(content);
        }
    }

    /** Shows the table: from now on it is the output. */
    void publish() throws IOException {
        place.publish(mode == OutputMode.OVERWRITE || isEmpty());
    }

    private boolean isEmpty() throws IOException {
        return !files.exists(place.target()) || files.listStatus(place.target()).length == 0;
    }

    /** Leaves nothing behind. */
    void abandon() throws IOException {
        place.abandon();
    }
}
