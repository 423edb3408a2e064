package sluice.job.incremental;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.HumanText;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/**
 * Reads the logs that Spark writes into a checkpoint. A log is a directory of small text files; a file's name is a number and its first
 * line a version.
 *
 * <ul>
 *   <li>{@code offsets/N} is written before batch N starts. Its last line is the last step of the batch.
 *   <li>{@code sources/0/K} lists the files of step K. Every tenth file, {@code K.compact}, lists the files of all steps up to K.
 *   <li>{@code commits/N} is written after batch N.
 * </ul>
 */
final class CheckpointLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileSystem files;
    private final Path checkpoint;

    /**
     * A line of {@code sources/0}.
     *
     * @param path URI of an input file
     * @param step that the file belongs to
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Entry(
            @JsonProperty("path") String path,
            @JsonProperty("batchId") long step) {}

    private CheckpointLog(FileSystem files, Path checkpoint) {
        this.files = files;
        this.checkpoint = checkpoint;
    }

    /** The logs of the checkpoint that the settings name; it need not exist yet. */
    static CheckpointLog of(Settings settings, Configuration hadoop) {
        String path = settings.input().checkpoint().orElseThrow();
        return new CheckpointLog(Storage.of(path, "--incremental", hadoop), Storage.path(path, "--incremental"));
    }

    /** Whether any batch has started. */
    boolean hasBatches() throws IOException {
        return lastBatch().isPresent() || lastCommit().isPresent();
    }

    /** The last batch that has started; empty if none has. */
    OptionalLong lastBatch() throws IOException {
        return lastNumber("offsets");
    }

    /** The last batch that has been committed; empty if none has. */
    OptionalLong lastCommit() throws IOException {
        return lastNumber("commits");
    }

    /** The last complete file of a log; temporary files have other names. */
    private OptionalLong lastNumber(String log) throws IOException {
        return Storage.entries(files, new Path(checkpoint, log)).stream()
                .map(entry -> entry.getPath().getName())
                .filter(name -> name.matches("[0-9]{1,18}"))
                .mapToLong(Long::parseLong)
                .max();
    }

    /** The input files of a batch. */
    List<Path> files(long batch) throws IOException {
        long first = batch == 0 ? 0 : lastStep(batch - 1) + 1;
        long last = lastStep(batch);
        List<Path> paths = new ArrayList<>();
        for (long step = first; step <= last; step++) {
            for (Entry entry : entries(step)) {
                if (entry.step() == step) {
                    paths.add(new Path(URI.create(entry.path())));
                }
            }
        }
        return paths;
    }

    private long lastStep(long batch) throws IOException {
        List<String> lines = lines(new Path(checkpoint, "offsets/" + batch));
        JsonNode offset = parse(lines.get(lines.size() - 1), JsonNode.class);
        return offset.isNumber() ? offset.asLong() : offset.path("logOffset").asLong(-1);
    }

    private List<Entry> entries(long step) throws IOException {
        Path log = new Path(checkpoint, "sources/0/" + step);
        List<String> lines = lines(files.exists(log) ? log : log.suffix(".compact"));
        List<Entry> entries = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            entries.add(parse(line, Entry.class));
        }
        return entries;
    }

    private List<String> lines(Path log) throws IOException {
        try (InputStream stream = files.open(log)) {
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
            if (lines.size() < 2) {
                throw new IOException("%s: is no log of Spark: it has %s, expected a version and at least one more line"
                        .formatted(log, HumanText.count(lines.size(), "line")));
            }
            return lines;
        }
    }

    private static <T> T parse(String line, Class<T> type) throws IOException {
        try {
            return JSON.readValue(line, type);
        } catch (JsonProcessingException e) {
            throw new IOException("the checkpoint is not as Spark writes it: %s".formatted(e.getOriginalMessage()), e);
        }
    }
}
