package sluice.job.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Steps;
import sluice.cell.weights.ModelFormat;
import sluice.job.fixture.Disk;
import sluice.job.message.RefusedException;

class SettingsTest {
    private static final Path DEFAULTS = Path.of("..", "conf", "scoring.conf");
    private static final Map<String, String> REQUIRED =
            Map.of("model.path", "m.safetensors", "input.path", "in", "output.path", "out");

    /** A value for every key that is not its default. */
    private static final Map<String, String> OTHERS = Map.ofEntries(
            Map.entry("model.path", "other.safetensors"),
            Map.entry("model.format", "onnx"),
            Map.entry("model.input", "one-hot"),
            Map.entry("model.embedding", "words.weight"),
            Map.entry("model.output", "fc.weight"),
            Map.entry("model.lstm", "encoder.lstm."),
            Map.entry("model.ignore", "loss."),
            Map.entry("model.entry", "net"),
            Map.entry("model.inputs", "item=item_emb.weight,amount"),
            Map.entry("model.readout", "final-states"),
            Map.entry("input.path", "elsewhere"),
            Map.entry("input.format", "json"),
            Map.entry("input.filter", "day = 1"),
            Map.entry("input.columns", "user,day"),
            Map.entry("input.begin-token", "<s>"),
            Map.entry("input.end-token", "</s>"),
            Map.entry("input.too-long", "keep-last"),
            Map.entry("input.tokens", "events"),
            Map.entry("input.state", "before"),
            Map.entry("input.checkpoint", "checkpoint"),
            Map.entry("input.group-by", "user"),
            Map.entry("input.order-by", "time"),
            Map.entry("input.collect", "time"),
            Map.entry("input.pad", "0"),
            Map.entry("input.length", "steps"),
            Map.entry("input.key", "user"),
            Map.entry("input.vocabulary", "words.txt"),
            Map.entry("input.splitter", "character"),
            Map.entry("input.splitter-pattern", ","),
            Map.entry("input.unknown-word", "<unk>"),
            Map.entry("input.lower-case", "true"),
            Map.entry("input.min-length", "2"),
            Map.entry("input.max-length", "7"),
            Map.entry("input.window", "10"),
            Map.entry("input.partial-windows", "last"),
            Map.entry("input.window-pad", "0"),
            Map.entry("input.window-padding", "post"),
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
            Map.entry("output.at", "each"),
            Map.entry("output.emit", "hidden"),
            Map.entry("output.top-k", "3"),
            Map.entry("output.first-class", "1"),
            Map.entry("output.candidates", "items"),
            Map.entry("output.exclude", "seen"),
            Map.entry("output.temperature", "2.5"),
            Map.entry("output.pool", "mean"),
            Map.entry("output.labels", "labels.txt"),
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

    @TempDir
    Path folder;

    private static Settings read(Path file, Map<String, String> more) {
        Map<String, String> overrides = new HashMap<>(REQUIRED);
        overrides.putAll(more);
        return Settings.read(file, overrides);
    }

    private Path file(String text) {
        return Disk.write(folder.resolve("my.conf"), text);
    }

    /** Compares field by field, as patterns have no equality. */
    private static RecursiveComparisonConfiguration byFields() {
        return RecursiveComparisonConfiguration.builder()
                .withEqualsForType((a, b) -> a.pattern().equals(b.pattern()), Pattern.class)
                .withIgnoredFields("sha256", "file")
                .build();
    }

    @Test
    void theDefaults() {
        Settings settings = read(null, Map.of());
        assertThat(settings.model().path()).isEqualTo("m.safetensors");
        assertThat(settings.model().format()).isEqualTo(ModelFormat.AUTO);
        assertThat(settings.model().input()).isEmpty();
        assertThat(settings.model().readout()).isEmpty();
        assertThat(settings.model().names().embedding()).isEmpty();
        assertThat(settings.model().names().output()).isEmpty();
        assertThat(settings.model().names().lstm()).isEmpty();
        assertThat(settings.input().paths()).containsExactly("in");
        assertThat(settings.input().format()).isEqualTo(InputFormat.PARQUET);
        assertThat(settings.input().options()).isEmpty();
        assertThat(settings.input().filter()).isEmpty();
        assertThat(settings.input().columns()).isEmpty();
        assertThat(settings.input().tokens()).isEqualTo("tokens");
        assertThat(settings.input().key()).isEmpty();
        assertThat(settings.input().checkpoint()).isEmpty();
        assertThat(settings.input().vocabulary()).isEmpty();
        assertThat(settings.input().splitter().split(" a\tb  c ")).containsExactly("a", "b", "c");
        assertThat(settings.input().unknownWord()).isEmpty();
        assertThat(settings.input().beginToken()).isEmpty();
        assertThat(settings.input().endToken()).isEmpty();
        assertThat(settings.input().limits())
                .usingRecursiveComparison()
                .isEqualTo(new LengthLimits(0, 0, LengthLimits.TooLong.REFUSE));
        assertThat(settings.scoring())
                .isEqualTo(new Settings.Scoring(KernelChoice.AUTO, 64 << 20, 128 << 20, 30, ClusterPrefixes.NEVER));
        assertThat(settings.output().path()).isEqualTo("out");
        assertThat(settings.output().format()).isEqualTo(OutputFormat.PARQUET);
        assertThat(settings.output().mode()).isEqualTo(OutputMode.ERROR);
        assertThat(settings.output().request().at()).isEqualTo(Steps.LAST);
        assertThat(settings.output().request().kinds()).containsExactly(OutputKind.SOFTMAX);
        assertThat(settings.output().request().topK()).isEqualTo(5);
        assertThat(settings.output().request().firstClass()).isZero();
        assertThat(read(null, Map.of("output.first-class", "1"))
                        .output()
                        .request()
                        .firstClass())
                .isOne();
        assertThat(settings.output().vectors()).isEqualTo(VectorForm.ARRAY);
        assertThat(settings.output().prefix()).isEmpty();
        assertThat(settings.output().files()).isEqualTo(new Settings.FileSize(0, 0));
        assertThat(settings.output().partitionBy()).isEmpty();
        assertThat(settings.output().options()).isEmpty();
        assertThat(settings.output().tableProvider()).isEmpty();
        assertThat(settings.output().provenance()).isFalse();
        assertThat(settings.badRows()).isEqualTo(new Settings.BadRows(BadRowRule.FAIL, 0.1, Optional.empty()));
        assertThat(settings.report()).isEqualTo(new Settings.Report(Optional.empty(), "", 0));
    }

    /** Their keys are Spark's: any key is known, and may have dots. */
    @Test
    void optionsOfTheReaderAndTheWriter() {
        Path file = file("input.options { header = false, \"a.b\" = 1 }, output.options.txnVersion = 7");
        Settings settings = read(file, Map.of("input.options.sep", ";", "output.options.txnAppId", "nightly"));
        assertThat(settings.input().options()).isEqualTo(Map.of("header", "false", "a.b", "1", "sep", ";"));
        assertThat(settings.output().options()).isEqualTo(Map.of("txnAppId", "nightly", "txnVersion", "7"));
    }

    /** A filter with such a text would match nothing, without an error. */
    @Test
    void aTextThatCouldNotBeDecodedIsRefused() throws IOException {
        for (String lost : List.of("Z\uFFFDrich", "Z\uD83Drich")) {
            assertThatThrownBy(() -> read(null, Map.of("input.filter", lost)))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage(
                            "input.filter: 'Z\uFFFDrich' has characters that could not be decoded: expected text in the encoding of the "
                                    + "process's locale; set LC_ALL to a UTF-8 locale, for example C.UTF-8");
        }
        Path latin = Files.write(
                folder.resolve("latin.conf"), "input.columns = [Z\u00FCrich]".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> read(latin, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("input.columns: ");
        assertThat(read(null, Map.of("input.filter", "Z\u00FCrich \uD83D\uDE00"))
                        .input()
                        .filter())
                .contains("Z\u00FCrich \uD83D\uDE00");
    }

    /** HOCON reads the word as its null. */
    @Test
    void theRuleNamedNull() {
        assertThat(read(file("bad-rows.rule = null"), Map.of()).badRows().rule())
                .isEqualTo(BadRowRule.NULL);
        assertThat(read(null, Map.of("bad-rows.rule", "null")).badRows().rule()).isEqualTo(BadRowRule.NULL);
    }

    @Test
    void everyKeyOfTheDefaultsIsRead() {
        Config defaults = SettingValues.merge(null, Map.of());
        assertThat(defaults.entrySet().stream().map(Map.Entry::getKey))
                .as("the keys of this test")
                .containsExactlyInAnyOrderElementsOf(OTHERS.keySet());
        new TreeMap<>(OTHERS).forEach((key, other) -> {
            Map<String, String> base = switch (key) {
                case "input.splitter-pattern" -> Map.of("input.splitter", "regex"); // has no effect without
                case "input.group-by" -> Map.of("input.order-by", "time"); // refused without
                case "input.collect" -> Map.of("input.group-by", "user", "input.order-by", "time");
                case "state.path" -> Map.of("state.key", "user"); // refused without
                case "input.partial-windows", "input.window-padding" -> Map.of("input.window", "10");
                case "input.window-pad" -> Map.of("input.window", "10", "input.partial-windows", "each");
                default -> Map.of("output.top-k", "5");
            };
            Map<String, String> changed = new HashMap<>(base);
            changed.put(key, other);
            assertThat(read(null, changed))
                    .as("settings with %s = %s", key, other)
                    .usingRecursiveComparison(byFields())
                    .isNotEqualTo(read(null, base));
        });
    }

    @Test
    void theDefaultsAsAFileChangeNothing() {
        assertThat(read(DEFAULTS, Map.of()))
                .usingRecursiveComparison(byFields())
                .isEqualTo(read(null, Map.of()));
    }

    @Test
    void theCommandLineOverridesTheFileAndTheFileTheDefaults() {
        Path file = file("input { tokens = from-file, max-length = 9 }\nmodel.path = file.safetensors");
        Settings settings =
                Settings.read(file, Map.of("input.tokens", "from-command", "input.path", "in", "output.path", "out"));
        assertThat(settings.input().tokens()).isEqualTo("from-command");
        assertThat(settings.input().limits())
                .usingRecursiveComparison()
                .isEqualTo(new LengthLimits(0, 9, LengthLimits.TooLong.REFUSE));
        assertThat(settings.model().path()).isEqualTo("file.safetensors");
        assertThat(settings.output().request().topK()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "output.emit = [topk, loglik]",
                "output.emit = \"loglik, topk\"",
                "output { emit = loglik\",\"topk }",
                "output.emit = [\n  topk\n  loglik\n]"
            })
    void aListIsWrittenAsAListOrAsTextWithCommas(String text) {
        assertThat(read(file(text), Map.of()).output().request().kinds())
                .containsExactlyInAnyOrder(OutputKind.LOGLIK, OutputKind.TOPK);
    }

    @Test
    void listsOnTheCommandLineAreSplitAtCommas() {
        Settings settings = read(null, Map.of("input.path", "a, b,,c ", "output.emit", "topk,loglik"));
        assertThat(settings.input().paths()).containsExactly("a", "b", "c");
        assertThat(settings.output().request().kinds()).containsExactlyInAnyOrder(OutputKind.TOPK, OutputKind.LOGLIK);
    }

    @Test
    void aSingleNameIsAListOfOne() {
        assertThat(read(file("input.key = user"), Map.of()).input().key()).containsExactly("user");
    }

    @Test
    void aValueMayReferToAnother() {
        Settings settings = read(file("output.prefix = ${input.tokens}_\ninput.tokens = clicks"), Map.of());
        assertThat(settings.output().prefix()).isEqualTo("clicks_");
    }

    static final List<List<String>> WRONG = List.of(
            List.of(
                    "model.input",
                    "embeding",
                    "model.input = 'embeding': expected one of auto, embedding, one-hot, features, parts"),
            List.of(
                    "model.format",
                    "onx",
                    "model.format = 'onx': expected one of auto, safetensors, pytorch, onnx, keras"),
            List.of(
                    "input.format",
                    "excel",
                    "input.format = 'excel': expected one of parquet, orc, json, csv, avro, text, table"),
            List.of("input.too-long", "cut", "input.too-long = 'cut': expected one of refuse, keep-first, keep-last"),
            List.of("model.readout", "h_n", "model.readout = 'h_n': expected one of auto, last-step, final-states"),
            List.of(
                    "input.splitter",
                    "words",
                    "input.splitter = 'words': expected one of character, whitespace, regex, list"),
            List.of(
                    "input.splitter-pattern",
                    "(",
                    "input.splitter-pattern = '(' is not a regular expression: Unclosed group"),
            List.of("input.max-length", "-1", "input.max-length = -1: expected 0 to 2147483647"),
            List.of("input.max-length", "2147483648", "input.max-length = 2147483648: expected 0 to 2147483647"),
            List.of("input.max-length", "long", "input.max-length = \"long\": expected a whole number"),
            List.of("input.max-length", "3.5", "input.max-length = \"3.5\": expected a whole number"),
            List.of("scoring.kernel", "gpu", "scoring.kernel = 'gpu': expected one of auto, vector, scalar, reference"),
            List.of(
                    "scoring.batch-bytes",
                    "64 apples",
                    "scoring.batch-bytes = \"64 apples\": expected a size such as 64 MiB"),
            List.of("scoring.batch-bytes", "0", "scoring.batch-bytes = 0 bytes: expected at least 1"),
            List.of(
                    "scoring.batch-bytes",
                    "-1 KiB",
                    "scoring.batch-bytes = \"-1 KiB\": expected a size such as 64 MiB"),
            List.of("output.format", "xml", "output.format = 'xml': expected one of parquet, orc, json, avro, table"),
            List.of(
                    "output.mode",
                    "merge",
                    "output.mode = 'merge': expected one of error, overwrite, append, partitions"),
            List.of("output.provenance", "perhaps", "output.provenance = \"perhaps\": expected true or false"),
            List.of("output.at", "first", "output.at = 'first': expected one of last, each"),
            List.of(
                    "output.emit",
                    "softmax,logit",
                    "output.emit = 'logit': expected one of softmax, logits, sigmoid, prediction, topk, loglik, logprob, rank, hidden, cell, state, gates"),
            List.of(
                    "output.emit",
                    "",
                    "output.emit: nothing to emit: expected at least one of softmax, logits, sigmoid, prediction, topk, loglik, logprob, rank, hidden, cell, state, gates"),
            List.of(
                    "output.emit",
                    "rank",
                    "output.emit: rank is not available at last: choose any of softmax, logits, sigmoid, prediction, topk, loglik, hidden, cell, state, or set output.at = each, or set output.candidates for ranks of candidates"),
            List.of(
                    "output.gates-layer",
                    "bottom",
                    "output.gates-layer = \"bottom\": expected top, or a whole number from 0"),
            List.of("output.gates-layer", "-1", "output.gates-layer = -1: expected top, or a whole number from 0"),
            List.of("output.first-class", "-1", "output.first-class = -1: expected 0 to 2147483647"),
            List.of("output.vectors", "base64", "output.vectors = 'base64': expected one of array, binary"),
            List.of("output.top-k", "0", "output.top-k = 0: expected 1 to 2147483647"),
            List.of("output.top-k", "many", "output.top-k = \"many\": expected a whole number"),
            List.of("bad-rows.rule", "ignore", "bad-rows.rule = 'ignore': expected one of fail, quarantine, null"),
            List.of("bad-rows.max-fraction", "1.5", "bad-rows.max-fraction = 1.5: expected a number between 0 and 1"),
            List.of(
                    "bad-rows.max-fraction",
                    "few",
                    "bad-rows.max-fraction = \"few\": expected a number between 0 and 1"),
            List.of("model.path", "", "no model: pass --model or set model.path"),
            List.of("input.path", "", "no input: pass --input or set input.path"),
            List.of("output.path", "", "no output: pass --output or set output.path"));

    @ParameterizedTest
    @FieldSource("WRONG")
    void aWrongValueIsRefusedWithWhatIsExpected(List<String> wrong) {
        assertThatThrownBy(() -> read(null, Map.of(wrong.get(0), wrong.get(1))))
                .isInstanceOf(RefusedException.class)
                .hasMessage(wrong.get(2));
    }

    @Test
    void aStateIsEmittedAtTheLastStepOnly() {
        assertThatThrownBy(() -> read(null, Map.of("output.emit", "state", "output.at", "each")))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "output.emit: state is not available at each: choose any of softmax, logits, sigmoid, prediction, topk, "
                                + "loglik, logprob, rank, hidden, cell, gates, or set output.at = last");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "output.topk         | output.top-k",
                "input.token         | input.tokens",
                "batch-bytes         | scoring.batch-bytes",
                "bad-rows            | bad-rows.path",
                "input               | input.key",
                "modle.path          | model.path"
            })
    void anUnknownKeyIsRefusedWithASuggestion(String key, String nearest) {
        assertThatThrownBy(() -> read(null, Map.of(key, "1")))
                .isInstanceOf(RefusedException.class)
                .hasMessage("--set: unknown key '%s', did you mean '%s'?".formatted(key, nearest));
        Path file = file(key + " = 1");
        assertThatThrownBy(() -> read(file, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessage("%s: unknown key '%s', did you mean '%s'?".formatted(file, key, nearest));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.tokens = [a, b]             | input.tokens = [\"a\",\"b\"]: expected text",
                "input.max-length = [1]            | input.max-length = [1]: expected a whole number",
                "input.max-length = 3.5            | input.max-length = 3.5: expected a whole number",
                "input.max-length = 1e30           | input.max-length = 1.0E30: expected a whole number",
                "output.emit = [[softmax]]         | output.emit = [[\"softmax\"]]: expected a list of texts",
                "scoring.batch-bytes = {}          | scoring.batch-bytes = {}: expected a size such as 64 MiB",
                "input.tokens = null               | input.tokens = null: expected text",
                "input.path = null                 | input.path = null: expected a list of texts",
                "input.max-length = null           | input.max-length = null: expected a whole number"
            })
    void aValueOfAnotherTypeIsRefused(String line, String message) {
        Map<String, String> overrides = new HashMap<>(REQUIRED);
        overrides.remove("input.path");
        Path file = file("input.path = in\n" + line);
        assertThatThrownBy(() -> Settings.read(file, overrides))
                .isInstanceOf(RefusedException.class)
                .hasMessage(message);
    }

    @Test
    void aBrokenFileIsRefusedWithItsLine() {
        Path file = file("input {\n  tokens = a\n  max-length = = 7\n}\n");
        assertThatThrownBy(() -> read(file, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining("3")
                .hasMessageContaining("'='");
    }

    @Test
    void aMissingFileIsRefused() {
        Path file = folder.resolve("none.conf");
        assertThatThrownBy(() -> read(file, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessage("%s: no such settings file, or not readable: check --config", file);
    }

    @Test
    void aModelAloneNeedsNeitherATableNorAnOutput() {
        Path file = file("model { path = file.onnx, format = onnx }, output.emit = [nonsense], bad-rows.rule = ignore");
        Settings.ModelOnly settings = Settings.readModelOnly(
                file, Map.of("model.output", "fc.weight", "output.mode", "overwrite", "input.vocabulary", "words.txt"));
        assertThat(settings.model().path()).isEqualTo("file.onnx");
        assertThat(settings.model().format()).isEqualTo(ModelFormat.ONNX);
        assertThat(settings.model().names().output()).contains("fc.weight");
        assertThat(settings.mode()).isEqualTo(OutputMode.OVERWRITE);
        assertThat(settings.vocabulary()).contains("words.txt");
        assertThatThrownBy(() -> Settings.readModelOnly(null, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessage("no model: pass --model or set model.path");
        assertThatThrownBy(() -> Settings.readModelOnly(null, Map.of("modle.path", "1")))
                .isInstanceOf(RefusedException.class)
                .hasMessage("--set: unknown key 'modle.path', did you mean 'model.path'?");
    }

    @Test
    void anExplicitInputKindIsRead() {
        assertThat(read(null, Map.of("model.input", "features")).model().input())
                .isEqualTo(Optional.of(InputKind.FEATURES));
    }
}
