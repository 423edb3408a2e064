package sluice.job.incremental;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The file of an output that links it to the checkpoint of its batches. Each batch rewrites the file when it is published.
 *
 * @param checkpoint path of the checkpoint
 * @param id of the checkpoint
 * @param batch number of the last batch
 * @param model SHA-256 of the model that scored the last batch
 * @param settings SHA-256 of the settings that the last batch was scored with
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record BatchProgress(
        @JsonProperty("checkpoint") String checkpoint,
        @JsonProperty("id") String id,
        @JsonProperty("batch") long batch,
        @JsonProperty("model") String model,
        @JsonProperty("settings-sha256") String settings) {
    /** Path of the file in an output. */
    static final String FILE = "_sluice/increments.json";

    /** The file of an output; empty if the output has none. */
    static Optional<BatchProgress> in(FileSystem files, Path output) throws IOException {
        Optional<byte[]> found = SmallFile.read(files, new Path(output, FILE));
        return found.isPresent() ? Optional.of(SmallFile.parse(found.get(), BatchProgress.class)) : Optional.empty();
    }

    byte[] json() {
        return SmallFile.json(this);
    }

    /**
     * Checks that the output and the checkpoint belong together, so that the rows of each file are in the output once.
     *
     * @param checkpoint the existing checkpoint; empty if there is none yet
     * @param log of the checkpoint
     * @return the output's file; empty if there is no output yet
     * @throws RefusedException if they do not belong together
     */
    static Optional<BatchProgress> requireTogether(
            Settings settings, Optional<Checkpoint> checkpoint, CheckpointLog log, Configuration hadoop)
            throws IOException {
        String path = settings.output().path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path output = Storage.qualified(path, "--output", hadoop);
        Optional<BatchProgress> found = in(files, output);
        if (found.isPresent()) {
            String owner = found.get().id();
            if (checkpoint.filter(mine -> mine.id().equals(owner)).isEmpty()) {
                throw new RefusedException(
                        "%s: its batches belong to the checkpoint %s; the checkpoint %s does not know their files and would add their rows again; set --incremental to the first one, or choose another --output"
                                .formatted(
                                        path,
                                        found.get().checkpoint(),
                                        settings.input().checkpoint().orElseThrow()));
            }
            found.get().requireSameTime(path, log);
            return found;
        }
        if (files.exists(output) && files.getFileStatus(output).isDirectory() && files.listStatus(output).length > 0) {
            throw new RefusedException(
                    "%s: was not written by runs with --incremental, so it is unknown which files its rows come from; choose another --output"
                            .formatted(path));
        }
        if (checkpoint.isPresent()) {
            requireUnused(checkpoint.get(), output, log);
        }
        return Optional.empty();
    }

    /**
     * With an output from an older backup than the checkpoint, rows of scored files are missing. With an older checkpoint, their rows would
     * be added again, unless only the last batch is unknown to it: the next batch has the same number and replaces that batch.
     */
    private void requireSameTime(String path, CheckpointLog log) throws IOException {
        long committed = log.lastCommit().orElse(-1);
        long begun = log.lastBatch().orElse(committed);
        if (committed > batch) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: its last batch is %d, but its checkpoint %s records batch %d as scored, so rows are missing; restore the output and the checkpoint from backups of the same time, or begin again with another --incremental and another --output",
                    path,
                    batch,
                    checkpoint,
                    committed));
        }
        if (batch > begun + 1) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: its last batch is %d, but its checkpoint %s knows %s, so rows would be added again; restore the output and the checkpoint from backups of the same time, or begin again with another --incremental and another --output",
                    path,
                    batch,
                    checkpoint,
                    begun < 0 ? "none" : "batches up to " + begun + " only"));
        }
    }

    /** Without an output, its checkpoint must not have scored files yet. */
    private static void requireUnused(Checkpoint checkpoint, Path output, CheckpointLog log) throws IOException {
        if (!checkpoint.output().equals(output.toString())) {
            throw new RefusedException(
                    "%s: is the checkpoint of the output %s, not of %s; check --output, or begin again with another --incremental"
                            .formatted(checkpoint.path(), checkpoint.output(), output));
        }
        if (log.lastCommit().isPresent()) {
            throw new RefusedException(
                    "%s: is missing, and the checkpoint %s records its files as scored; restore it, or begin again with another --incremental"
                            .formatted(output, checkpoint.path()));
        }
    }
}
