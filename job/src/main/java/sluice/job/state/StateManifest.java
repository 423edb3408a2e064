package sluice.job.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sluice.job.message.Version;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/**
 * What is told of a version of carried states, as JSON in it.
 *
 * @param previous the version that its run has started from, or 0: none
 * @param run what its run was called, or empty
 * @param started when that began
 * @param model SHA-256 of the model whose states these are
 * @param input what the model read at each step
 * @param settings SHA-256 of the run's settings, see {@link Settings#sha256}
 * @param key the types of the columns that tell whose state a row is, by their names, in order
 * @param keys how many there are in all parts
 * @param earlier the numbers of the versions whose rows it is read from beside its own, the oldest first
 * @param rows of its own
 * @param files these rows' files by their names, and their bytes
 */
record StateManifest(
        long previous,
        String run,
        String started,
        String model,
        String input,
        String settings,
        Map<String, String> key,
        long keys,
        List<Long> earlier,
        long rows,
        Map<String, Long> files) {
    private static final ObjectMapper JSON = new ObjectMapper();

    byte[] json() {
        Map<String, Object> manifest = new LinkedHashMap<>();
        manifest.put("sluice", Version.current());
        manifest.put("previous-version", previous);
        manifest.put("run", run);
        manifest.put("started", started);
        manifest.put("model", model);
        manifest.put("model-input", input);
        manifest.put("settings-sha256", settings);
        manifest.put("key", key);
        manifest.put("keys", keys);
        manifest.put("earlier-parts", earlier);
        manifest.put("rows", rows);
        manifest.put("files", files);
        return SmallFile.json(manifest);
    }

    /** @throws IOException where it is none */
    static StateManifest read(byte[] json) throws IOException {
        JsonNode tree = JSON.readTree(json);
        Map<String, String> key = new LinkedHashMap<>();
        tree.path("key")
                .fields()
                .forEachRemaining(
                        column -> key.put(column.getKey(), column.getValue().asText()));
        Map<String, Long> files = new LinkedHashMap<>();
        tree.path("files")
                .fields()
                .forEachRemaining(
                        file -> files.put(file.getKey(), file.getValue().asLong(-1)));
        List<Long> earlier = new ArrayList<>();
        tree.path("earlier-parts").forEach(part -> earlier.add(part.asLong(-1)));
        StateManifest manifest = new StateManifest(
                tree.path("previous-version").asLong(-1),
                tree.path("run").asText(),
                tree.path("started").asText(),
                tree.path("model").asText(),
                tree.path("model-input").asText(),
                tree.path("settings-sha256").asText(),
                key,
                tree.path("keys").asLong(-1),
                List.copyOf(earlier),
                tree.path("rows").asLong(-1),
                files);
        if (manifest.previous < 0
                || manifest.keys < 0
                || manifest.rows < 0
                || manifest.model.isEmpty()
                || key.isEmpty()) {
            throw new IOException("it says nothing of a version, a model, a key or how many of them there are");
        }
        return manifest;
    }
}
