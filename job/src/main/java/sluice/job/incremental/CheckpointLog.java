package sluice.job.incremental;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.HumanText;
import sluice.job.storage.Storage;

/**
 * What Spark has written down in a checkpoint, which is only read here. Three logs, of small text files whose names are numbers and whose
 * first line is a version: {@code offsets/N}, before batch N is begun, tells in its last line how far it goes; {@code sources/0/K} lists the
 * files of step K, every tenth of them, {@code K.compact}, all files until then; {@code commits/N} says that batch N is done.
 */
final class CheckpointLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileSystem files;
    private final Path checkpoint;

    CheckpointLog(FileSystem files, Path checkpoint) {
        this.files = files;
        this.checkpoint = checkpoint;
    }

    /** Whether any batch was begun, or is done. */
    boolean hasBatches() throws IOException {
        return hasNumbers("offsets") || hasCommits();
    }

    /** Whether any batch is done. */
    boolean hasCommits() throws IOException {
        return hasNumbers("commits");
    }

    /** Drafts have other names. */
    private boolean hasNumbers(String log) throws IOException {
        return Storage.entries(files, new Path(checkpoint, log)).stream()
                .anyMatch(entry -> entry.getPath().getName().matches("\\d+"));
    }

    private String offset(long batch) throws IOException {
        List<String> lines = lines(new Path(checkpoint, "offsets/" + batch));
        return lines.get(lines.size() - 1);
    }

    /** The files of a batch. */
    List<Path> files(long batch) throws IOException {
        long from = batch == 0 ? 0 : step(batch - 1) + 1;
        List<Path> paths = new ArrayList<>();
        for (long step = from; step <= step(batch); step++) {
            for (JsonNode entry : entries(step)) {
                if (entry.path("batchId").asLong() == step) {
                    paths.add(new Path(URI.create(entry.path("path").asText())));
                }
            }
        }
        return paths;
    }

    private long step(long batch) throws IOException {
        JsonNode offset = tree(offset(batch));
        return offset.isNumber() ? offset.asLong() : offset.path("logOffset").asLong(-1);
    }

    private List<JsonNode> entries(long step) throws IOException {
        Path log = new Path(checkpoint, "sources/0/" + step);
        List<String> lines = lines(files.exists(log) ? log : log.suffix(".compact"));
        List<JsonNode> entries = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            entries.add(tree(line));
        }
        return entries;
    }

    private List<String> lines(Path log) throws IOException {
        try (InputStream stream = files.open(log)) {
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
            if (lines.size() < 2) {
                throw new IOException("%s: is not as Spark writes it: it has %s, expected a version and what follows"
                        .formatted(log, HumanText.count(lines.size(), "line")));
            }
            return lines;
        }
    }

    private static JsonNode tree(String line) throws IOException {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IOException("the checkpoint is not as Spark writes it: %s".formatted(e.getOriginalMessage()), e);
        }
    }
}
