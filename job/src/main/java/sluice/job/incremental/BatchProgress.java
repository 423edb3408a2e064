package sluice.job.incremental;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * What an output tells of the checkpoint whose batches it holds; each batch writes it anew as it comes in.
 *
 * @param checkpoint the path of the one that tells which files were scored
 * @param id of that checkpoint
 * @param batch that came last
 * @param model that scored it, by its SHA-256
 * @param settings it was scored with, by their SHA-256
 */
record BatchProgress(String checkpoint, String id, long batch, String model, String settings) {
    /** Where it stands in an output. */
    static final String FILE = "_sluice/increments.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Nothing, where there are no such batches. */
    static Optional<BatchProgress> in(FileSystem files, Path output) throws IOException {
        Optional<byte[]> found = SmallFile.read(files, new Path(output, FILE));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        JsonNode tree = JSON.readTree(found.get());
        return Optional.of(new BatchProgress(
                tree.path("checkpoint").asText(),
                tree.path("id").asText(),
                tree.path("batch").asLong(),
                tree.path("model").asText(),
                tree.path("settings-sha256").asText()));
    }

    byte[] json() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("checkpoint", checkpoint);
        tree.put("id", id);
        tree.put("batch", batch);
        tree.put("model", model);
        tree.put("settings-sha256", settings);
        return SmallFile.json(tree);
    }

    /**
     * Holds an output and a checkpoint against each other: each file's rows are to be there once.
     *
     * @param checkpoint that is there, if one is
     * @param ledger of the place where it is, or would be
     * @return what the output tells
     * @throws RefusedException where they don't belong together
     */
    static Optional<BatchProgress> requireTogether(
            Settings settings, Optional<Checkpoint> checkpoint, CheckpointLog ledger, Configuration hadoop)
            throws IOException {
        String path = settings.output().path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path output = files.makeQualified(new Path(path));
        Optional<BatchProgress> there = in(files, output);
        if (there.isPresent()) {
            String owner = there.get().id();
            if (checkpoint.filter(mine -> mine.id().equals(owner)).isEmpty()) {
                throw new RefusedException(
                        "%s: its batches are of the checkpoint %s, and %s, which doesn't know them, would add their rows once more; take that one, or another --output"
                                .formatted(
                                        path,
                                        there.get().checkpoint(),
                                        settings.input().checkpoint().orElseThrow()));
            }
            return there;
        }
        if (files.exists(output) && files.getFileStatus(output).isDirectory() && files.listStatus(output).length > 0) {
            throw new RefusedException(
                    "%s: was not written by runs with --incremental, so that it can't be told which files are in it; choose another --output"
                            .formatted(path));
        }
        if (checkpoint.isPresent()) {
            requireMine(checkpoint.get(), output, ledger);
        }
        return Optional.empty();
    }

    /** There is no output yet. */
    private static void requireMine(Checkpoint checkpoint, Path output, CheckpointLog ledger) throws IOException {
        if (!checkpoint.output().equals(output.toString())) {
            throw new RefusedException(
                    "%s: is the checkpoint of the output %s, not of %s; check --output, or begin again with another --incremental"
                            .formatted(checkpoint.path(), checkpoint.output(), output));
        }
        if (ledger.hasCommits()) {
            throw new RefusedException(
                    "%s: is gone, and the checkpoint %s takes the files that were in it for scored; bring it back, or begin again with another --incremental"
                            .formatted(output, checkpoint.path()));
        }
    }
}
