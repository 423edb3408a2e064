package sluice.job.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of settings agrees with {@code conf/scoring.conf}, and the settings hash keeps its values. */
class SettingKeyTest {
    private static final Path DEFAULTS = Path.of("..", "conf", "scoring.conf");
    private static final Map<String, String> REQUIRED =
            Map.of("model.path", "m.safetensors", "input.path", "in", "output.path", "out");

    /** A value for every key, but for those that exclude {@code state.path}. */
    private static final Map<String, String> WITH_STATES = Map.ofEntries(
            Map.entry("model.path", "other.safetensors"),
            Map.entry("model.format", "onnx"),
            Map.entry("model.input", "one-hot"),
            Map.entry("model.embedding", "words.weight"),
            Map.entry("model.output", "fc.weight"),
            Map.entry("model.lstm", "encoder.lstm."),
            Map.entry("model.ignore", "loss."),
            Map.entry("model.entry", "net"),
            Map.entry("model.readout", "final-states"),
            Map.entry("input.path", "elsewhere"),
            Map.entry("input.format", "json"),
            Map.entry("input.options.sep", ";"),
            Map.entry("input.filter", "day = 1"),
            Map.entry("input.columns", "user,day"),
            Map.entry("input.too-long", "keep-last"),
            Map.entry("input.tokens", "events"),
            Map.entry("input.key", "user"),
            Map.entry("input.vocabulary", "words.txt"),
            Map.entry("input.splitter", "character"),
            Map.entry("input.splitter-pattern", ","),
            Map.entry("input.unknown-word", "<unk>"),
            Map.entry("input.min-length", "2"),
            Map.entry("input.max-length", "7"),
            Map.entry("input.window", "none"),
            Map.entry("input.partial-windows", "skip"),
            Map.entry("input.window-pad", ""),
            Map.entry("input.window-padding", "pre"),
            Map.entry("state.path", "states"),
            Map.entry("state.key", "user"),
            Map.entry("state.keep", "3"),
            Map.entry("scoring.kernel", "reference"),
            Map.entry("scoring.batch-bytes", "1 KiB"),
            Map.entry("scoring.look-up-bytes", "2 KiB"),
            Map.entry("scoring.task-seconds", "7"),
            Map.entry("scoring.cluster-prefixes", "auto"),
            Map.entry("output.file-rows", "1000"),
            Map.entry("output.file-bytes", "1 MiB"),
            Map.entry("output.path", "beside"),
            Map.entry("output.format", "json"),
            Map.entry("output.mode", "overwrite"),
            Map.entry("output.options.txnAppId", "nightly"),
            Map.entry("output.at", "each"),
            Map.entry("output.emit", "hidden"),
            Map.entry("output.top-k", "3"),
            Map.entry("output.first-class", "1"),
            Map.entry("output.temperature", "2.5"),
            Map.entry("output.gates-layer", "1"),
            Map.entry("output.vectors", "binary"),
            Map.entry("output.prefix", "lstm_"),
            Map.entry("output.partition-by", "day"),
            Map.entry("output.table-provider", "delta"),
            Map.entry("output.provenance", "true"),
            Map.entry("bad-rows.path", "quarantine"),
            Map.entry("bad-rows.rule", "quarantine"),
            Map.entry("bad-rows.max-fraction", "0.25"),
            Map.entry("report.path", "report.json"),
            Map.entry("report.run", "2026-11-22"),
            Map.entry("report.keep-runs", "30"));

    /** The keys of the file; an empty object is the key of a map of the user's own options. */
    private static List<String> keys(String prefix, ConfigObject object) {
        List<String> keys = new ArrayList<>();
        for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
            String key = prefix + entry.getKey();
            if (entry.getValue() instanceof ConfigObject inner && !inner.isEmpty()) {
                keys.addAll(keys(key + ".", inner));
            } else {
                keys.add(key);
            }
        }
        return keys;
    }

    @Test
    void theTableHasTheKeysOfTheDefaults() {
        List<String> keys = keys("", ConfigFactory.parseFile(DEFAULTS.toFile()).root());
        assertThat(SettingKey.values()).extracting(SettingKey::key).containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void optionsAreUnique() {
        List<String> options = Arrays.stream(SettingKey.values())
                .flatMap(key -> key.option().stream())
                .toList();
        assertThat(options).hasSize(17).doesNotHaveDuplicates().allMatch(option -> option.startsWith("--"));
    }

    @ParameterizedTest
    @CsvSource({
        "output.mode,         OUTPUT_MODE",
        "input.options.sep,   INPUT_OPTIONS",
        "output.options.a.b,  OUTPUT_OPTIONS",
        "input.options,       ", // the map itself can't be set
        "output.mode.x,       ",
        "report,              ",
        "output,              "
    })
    void aKeyIsFoundByItsText(String text, SettingKey key) {
        assertThat(SettingKey.of(text)).isEqualTo(Optional.ofNullable(key));
    }

    // The hash. A run's report and provenance keep it, so its value for given settings must never change.

    private static String hash(Map<String, String> more) {
        Map<String, String> overrides = new HashMap<>(REQUIRED);
        overrides.putAll(more);
        return Settings.read(null, overrides).sha256();
    }

    @Test
    void theHashOfTheDefaults() {
        assertThat(hash(Map.of())).isEqualTo("19937da24ed738fc1e977edb9c0c0a57784b842261ddb00d6cf828491fbec251");
    }

    @Test
    void theHashOfOtherSettings() {
        Map<String, String> earlier = new HashMap<>(WITH_STATES);
        LATER.keySet().forEach(earlier::remove);
        assertThat(hash(earlier)).isEqualTo("013ed610fb4ae3b54904157d0c28c06bc9c64af794c1f94f3f1e6760b0a8f7ac");
    }

    /** Settings that are newer than the other hashes here, with their defaults. */
    private static final Map<String, String> LATER = Map.of(
            "model.ignore",
            "",
            "model.entry",
            "",
            "output.first-class",
            "0",
            "output.candidates",
            "",
            "output.exclude",
            "",
            "output.temperature",
            "1",
            "output.pool",
            "last");

    /** Values of those that exclude {@code output.at = each}. */
    private static final Map<String, String> AT_LAST =
            Map.of("output.candidates", "items", "output.exclude", "seen", "output.pool", "mean");

    @Test
    void laterSettingsCountIfTheyDifferFromTheirDefaults() {
        assertThat(hash(LATER)).isEqualTo(hash(Map.of()));
        for (String key : LATER.keySet()) {
            String value = AT_LAST.getOrDefault(key, WITH_STATES.get(key));
            assertThat(hash(Map.of(key, value))).as(key).isNotEqualTo(hash(Map.of()));
        }
    }

    /** Windows exclude states, and padding needs windows. */
    @Test
    void windowsCountIfTheyAreSet() {
        Map<String, String> none = Map.of(
                "input.window", "none",
                "input.partial-windows", "skip",
                "input.window-pad", "",
                "input.window-padding", "pre");
        assertThat(hash(none)).isEqualTo(hash(Map.of()));
        List<String> hashes = new ArrayList<>(List.of(hash(Map.of())));
        Map<String, String> windows = new HashMap<>();
        for (String setting : List.of(
                "input.window=10", "input.partial-windows=last", "input.window-pad=0", "input.window-padding=post")) {
            windows.put(setting.split("=")[0], setting.split("=")[1]);
            hashes.add(hash(windows));
        }
        assertThat(hashes).doesNotHaveDuplicates();
    }

    @Test
    void theHashOfThoseThatExcludeThem() {
        assertThat(hash(Map.of(
                        "input.state", "before",
                        "input.begin-token", "<s>",
                        "input.end-token", "</s>",
                        "input.checkpoint", "c")))
                .isEqualTo("a9c277e98aee070c728f3ed3c861d61bccf1ee329d1f3ccfc49a1348b2eb3a69");
    }
}
