package sluice.job.state;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import sluice.job.message.Version;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;

/**
 * The manifest of a version of the carried states, stored in the version as JSON.
 *
 * @param previous the version that the run started from; 0 if there was none
 * @param run the name of the run that wrote the version; empty if it has none
 * @param started when that run started
 * @param model SHA-256 of the model that computed the states
 * @param input what the model read at each step
 * @param settings SHA-256 of the run's settings, see {@link Settings#sha256}
 * @param key types of the key columns by name, in the order of the key
 * @param keys the number of distinct keys in all segments
 * @param earlier the versions whose segments belong to this version in addition to its own, the oldest first
 * @param rows the number of rows in the version's own segment
 * @param files bytes of the version's own files by name
 */
@JsonIgnoreProperties(value = "sluice", allowGetters = true, ignoreUnknown = true)
@JsonPropertyOrder({
    "sluice",
    "previous-version",
    "run",
    "started",
    "model",
    "model-input",
    "settings-sha256",
    "key",
    "keys",
    "earlier-parts",
    "rows",
    "files"
})
record StateManifest(
        @JsonProperty(value = "previous-version", required = true)
        long previous,

        String run,
        String started,
        String model,

        @JsonProperty("model-input") String input,

        @JsonProperty("settings-sha256") String settings,

        Map<String, String> key,

        @JsonProperty(required = true) long keys,

        @JsonProperty("earlier-parts") List<Long> earlier,

        @JsonProperty(required = true) long rows,

        Map<String, Long> files) {
    StateManifest {
        run = orEmpty(run);
        started = orEmpty(started);
        model = orEmpty(model);
        input = orEmpty(input);
        settings = orEmpty(settings);
        key = key == null ? Map.of() : key;
        earlier = earlier == null ? List.of() : List.copyOf(earlier);
        files = files == null ? Map.of() : files;
    }

    private static String orEmpty(String text) {
        return Objects.requireNonNullElse(text, "");
    }

    /** The version of Sluice that writes the manifest. */
    @JsonProperty("sluice")
    String writer() {
        return Version.current();
    }

    byte[] json() {
        return SmallFile.json(this);
    }

    /** @throws IOException if this is not the manifest of a version */
    static StateManifest read(byte[] json) throws IOException {
        StateManifest manifest;
        try {
            manifest = SmallFile.parse(json, StateManifest.class);
        } catch (MismatchedInputException e) {
            throw incomplete(e);
        }
        if (manifest.previous < 0
                || manifest.keys < 0
                || manifest.rows < 0
                || manifest.model.isEmpty()
                || manifest.key.isEmpty()) {
            throw incomplete(null);
        }
        return manifest;
    }

    private static IOException incomplete(Exception cause) {
        return new IOException(
                "it lacks one of previous-version, model, key, keys and rows, or has a value of another type there",
                cause);
    }
}
