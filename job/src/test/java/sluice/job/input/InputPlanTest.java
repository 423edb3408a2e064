package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.ModelFiles;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** Tables, models and vocabularies that do not fit together are refused before anything is written. */
class InputPlanTest {
    private static final String TOKEN_MODEL = TorchCase.named("vocab_2").modelPath();
    private static final String FEATURE_MODEL =
            TorchCase.named("float_l1_h17_in4").modelPath();

    @TempDir
    static Path files;

    @TempDir
    Path folder;

    /** One table with a column for each form, so that a case is a choice of columns. */
    @BeforeAll
    static void write() throws Exception {
        LocalSpark.session().sql("""
                        SELECT 1 AS id, array(0, 1) AS tokens, 'a b' AS text, array('a', 'b') AS words, \
                        array(0.5D, 1D) AS numbers, array(array(0.5D)) AS features, array(true) AS flags, \
                        map('a', 1) AS map, named_struct('x', 1) AS struct, 7 AS number, \
                        array(array(array(0.5D))) AS deep, array(0.5F) AS Softmax, 0 AS lstm_prediction""").coalesce(1).write().parquet(file("table"));
        ModelFiles.withoutEmbedding(path("headless.safetensors"), 4, 0);
        ModelFiles.withoutEmbedding(path("classifier.safetensors"), 4, 6);
        ModelFiles.withoutEmbedding(path("one-hot.safetensors"), 6, 6);
        ModelFiles.withoutEmbedding(path("number.safetensors"), 1, 6);
        ModelFiles.withMetadata(
                Path.of(TOKEN_MODEL), path("labelled.safetensors"), Map.of("vocabulary", "[\"a\", \"a\"]"));
        Disk.write(path("garbage.safetensors"), "this is not a model, it is a text");
        Disk.write(path("notes.parquet"), "this is not a table, it is a text");
        Disk.write(path("table.jsonl"), "{\"id\": 1, \"tokens\": [0, 1]}\n");
        Disk.write(path("broken.jsonl"), "{\"id\": 1, \n");
        Files.createDirectory(path("empty"));
        Disk.write(path("ab.txt"), "a\nb\n");
        Disk.write(path("abc.txt"), "a\nb\nc\n");
        Disk.write(path("aba.txt"), "a\nb\na\n");
        Disk.write(path("cut.json"), "[\"a\", \"b\"");
        Disk.write(path("turned.json"), "{\"0\": \"a\", \"b\": 1}");
        Disk.write(path("twice.json"), "{\"a\": 0, \"a\": 1}");
        Disk.write(path("same-id.json"), "{\"a\": 1, \"b\": 1}");
        Disk.write(path("no-id.json"), "{\"a\": null}");
        Disk.write(path("fraction.json"), "{\"a\": 0.5}");
        Disk.write(path("negative.json"), "{\"a\": -1}");
        Disk.write(path("mixed.json"), "[\"a\", 7]");
        Disk.write(path("trailing.json"), "[\"a\"] [\"b\"]");
        Disk.write(path("too-far.json"), "{\"a\": 2147483648}");
        Disk.write(path("far.json"), "{\"a\": 2147483647}");
    }

    private static Path path(String name) {
        return files.resolve(name);
    }

    private static String file(String name) {
        return path(name).toString();
    }

    private record Refusal(String name, Map<String, String> settings, String message) {
        static Refusal of(String name, String message, String... settings) {
            Map<String, String> map = new LinkedHashMap<>();
            for (int at = 0; at < settings.length; at += 2) {
                map.put(settings[at], settings[at + 1]);
            }
            return new Refusal(name, map, message);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final String COLUMNS =
            "id (int), tokens (array<int>), text (string), words (array<string>), numbers (array<double>), "
                    + "features (array<array<double>>), flags (array<boolean>), map (map<string,int>), struct (struct<x:int>), "
                    + "number (int), deep (array<array<array<double>>>), Softmax (array<float>), lstm_prediction (int)";
    private static final String FORMS = "expected array<int|bigint> of ids, array<string> of words, string of text, "
            + "array<float|double>, array<array<float|double>> or array<struct<numbers>> of features, vector or array<vector> of Spark's ML library";

    static Stream<Refusal> columns() {
        return Stream.of(
                Refusal.of(
                        "missing column",
                        "input.tokens: no column 'events' in the input, which has " + COLUMNS + "; pass --tokens",
                        "input.tokens",
                        "events"),
                Refusal.of(
                        "a map",
                        "input.tokens: column 'map' has type map<string,int>, " + FORMS,
                        "input.tokens",
                        "map"),
                Refusal.of(
                        "a struct",
                        "input.tokens: column 'struct' has type struct<x:int>, " + FORMS,
                        "input.tokens",
                        "struct"),
                Refusal.of(
                        "a single number",
                        "input.tokens: column 'number' has type int, " + FORMS,
                        "input.tokens",
                        "number"),
                Refusal.of(
                        "truth values",
                        "input.tokens: column 'flags' has type array<boolean>, " + FORMS,
                        "input.tokens",
                        "flags"),
                Refusal.of(
                        "three levels",
                        "input.tokens: column 'deep' has type array<array<array<double>>>, " + FORMS,
                        "input.tokens",
                        "deep"),
                Refusal.of(
                        "missing key column",
                        "input.key: no column 'user' in the input, which has " + COLUMNS,
                        "input.key",
                        "id,user"),
                Refusal.of(
                        "name clash, though Spark's names have no case",
                        "output.emit: the input has a column 'softmax' already; set output.prefix to rename the new one",
                        "output.emit",
                        "softmax"),
                Refusal.of(
                        "name clash with the prefix",
                        "output.emit: the input has a column 'lstm_prediction' already; set output.prefix to rename the new one",
                        "output.prefix",
                        "lstm_"));
    }

    static Stream<Refusal> forms() {
        return Stream.of(
                Refusal.of(
                        "features for tokens",
                        "input.tokens: column 'features' (array<array<double>>) holds rows of features, but the model reads tokens: "
                                + "expected ids, words or text",
                        "input.tokens",
                        "features"),
                Refusal.of(
                        "ids for features",
                        "model.input: the model has no embedding and reads 4 numbers a step; column 'tokens' (array<int>) holds token ids: "
                                + "set model.input to one-hot (tokens in [0, 4)), or pass a column of type array<array<float|double>> with 4 a step",
                        "model.path",
                        FEATURE_MODEL),
                Refusal.of(
                        "text for a number",
                        "input.tokens: column 'text' (string) holds text, but the model reads features: expected numbers",
                        "model.path",
                        file("number.safetensors"),
                        "input.tokens",
                        "text"),
                Refusal.of(
                        "features for one-hot",
                        "input.tokens: column 'features' (array<array<double>>) holds rows of features, but the model reads tokens: "
                                + "expected ids, words or text",
                        "model.path",
                        file("one-hot.safetensors"),
                        "model.input",
                        "one-hot",
                        "input.tokens",
                        "features"),
                Refusal.of(
                        "one-hot with an embedding",
                        "model.input = one-hot: the model has an embedding, so its input is tokens: model.input must be embedding",
                        "model.input",
                        "one-hot"),
                Refusal.of(
                        "embedding without one",
                        "model.input = embedding: the model has no embedding: model.input must be one-hot (tokens in [0, 4)) or features (4 a step)",
                        "model.path",
                        FEATURE_MODEL,
                        "model.input",
                        "embedding"));
    }

    static Stream<Refusal> vocabularies() {
        return Stream.of(
                Refusal.of(
                        "words without a vocabulary",
                        "input.tokens: column 'words' (array<string>) holds words, and there is no vocabulary: "
                                + "set input.vocabulary to a file of words, or pass a column of ids"),
                Refusal.of(
                        "text without a vocabulary",
                        "input.tokens: column 'text' (string) holds text, and there is no vocabulary: "
                                + "set input.vocabulary to a file of words, or pass a column of ids",
                        "input.tokens",
                        "text"),
                vocabulary(
                        "abc.txt",
                        "input.vocabulary: 3 words, but the model has 2 tokens: this may be the vocabulary of another model"),
                vocabulary("aba.txt", "%s: the word 'a' occurs twice, with ids 0 and 2"),
                vocabulary("none.txt", "%s: no such file; check input.vocabulary"),
                vocabulary(
                        "cut.json",
                        "%s: broken JSON in line 1: Unexpected end-of-input: expected close marker for Array; expected a list of words, or a map from word to id"),
                vocabulary(
                        "twice.json",
                        "%s: broken JSON in line 1: Duplicate field 'a'; expected a list of words, or a map from word to id"),
                vocabulary(
                        "trailing.json",
                        "%s: broken JSON in line 1: Trailing token; expected a list of words, or a map from word to id"),
                vocabulary("mixed.json", "%s: entry 1 of the list is 7, expected a word in quotes"),
                vocabulary("turned.json", "%s: the word '0' has the id \"a\", expected a whole number of 0 or more"),
                vocabulary("same-id.json", "%s: the words 'a' and 'b' have the same id 1"),
                vocabulary("no-id.json", "%s: the word 'a' has the id null, expected a whole number of 0 or more"),
                vocabulary("fraction.json", "%s: the word 'a' has the id 0.5, expected a whole number of 0 or more"),
                vocabulary("negative.json", "%s: the word 'a' has the id -1, expected a whole number of 0 or more"),
                vocabulary("far.json", "%s: the largest id is 2147483647, but there are only 1 words"),
                vocabulary(
                        "too-far.json", "%s: the word 'a' has the id 2147483648, expected a whole number of 0 or more"),
                Refusal.of(
                        "a model's own vocabulary",
                        "the vocabulary in the model's metadata: the word 'a' occurs twice, with ids 0 and 1",
                        "model.path",
                        file("labelled.safetensors")),
                Refusal.of(
                        "an unknown-word that is unknown",
                        "input.unknown-word = '<unk>' is not in the vocabulary",
                        "input.vocabulary",
                        file("ab.txt"),
                        "input.unknown-word",
                        "<unk>"));
    }

    private static Refusal vocabulary(String name, String message) {
        return Refusal.of(name, message.formatted(file(name)), "input.vocabulary", file(name));
    }

    static Stream<Refusal> models() {
        return Stream.of(
                Refusal.of(
                        "missing model",
                        file("none.safetensors") + ": no such file; check --model",
                        "model.path",
                        file("none.safetensors")),
                Refusal.of(
                        "a directory as a model",
                        file("table") + ": is a directory, expected a model file; check --model",
                        "model.path",
                        file("table")),
                Refusal.of(
                        "garbage",
                        file("garbage.safetensors")
                                + ": this looks like a text file, expected a safetensors file, a PyTorch checkpoint, an ONNX model or a "
                                + "Keras model; check the path; if it is right, get the model in one of these formats",
                        "model.path",
                        file("garbage.safetensors")),
                Refusal.of(
                        "no output layer",
                        file("headless.safetensors")
                                + ": the model has no output layer, so it has no loglik: use --emit hidden, cell, state or gates, "
                                + "or set model.output to its output layer",
                        "model.path",
                        file("headless.safetensors"),
                        "input.tokens",
                        "tokens",
                        "model.input",
                        "one-hot",
                        "output.emit",
                        "loglik"),
                Refusal.of(
                        "more than all classes",
                        TOKEN_MODEL + ": top-k of 3 from a model of 2 classes: expected at most 2",
                        "output.emit",
                        "topk",
                        "output.top-k",
                        "3"));
    }

    static Stream<Refusal> tables() {
        return Stream.of(
                Refusal.of(
                        "missing input",
                        "file:" + file("none") + ": no such file or directory; check --input",
                        "input.path",
                        file("none")),
                Refusal.of(
                        "one of two inputs is missing",
                        "file:" + file("none") + ": no such file or directory; check --input",
                        "input.path",
                        file("table") + "," + file("none")),
                Refusal.of(
                        "no Parquet",
                        file("notes.parquet") + ": not readable as parquet: Encountered error while reading file",
                        "input.path",
                        file("notes.parquet")),
                Refusal.of(
                        "an empty directory",
                        file("empty") + ": holds no Parquet files; check --input and --input-format",
                        "input.path",
                        file("empty")),
                Refusal.of(
                        "JSON that is not",
                        file("broken.jsonl")
                                + ": holds no lines that are JSON objects; check --input and --input-format",
                        "input.format",
                        "json",
                        "input.path",
                        file("broken.jsonl")),
                Refusal.of(
                        "Parquet as JSON",
                        file("table") + ": holds no lines that are JSON objects; check --input and --input-format",
                        "input.format",
                        "json",
                        "input.path",
                        file("table")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"columns", "forms", "models", "tables"})
    void whatDoesNotFitIsRefused(Refusal refusal) {
        requireRefused(refusal, "tokens");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("vocabularies")
    void wordsThatCannotBeLookedUpAreRefused(Refusal refusal) {
        requireRefused(refusal, "words");
    }

    /** Compares the whole message, or its beginning if it ends with the message of a library. */
    private void requireRefused(Refusal refusal, String tokens) {
        Run run = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", file("table"))
                .with("input.tokens", tokens)
                .with("output.emit", "prediction")
                .with("output.path", folder.resolve("out"));
        refusal.settings().forEach(run::with);
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).satisfies(e -> {
            assertThat(e).message().startsWith(refusal.message());
            assertThat(e.getMessage()).doesNotContain("\n");
        });
        assertThat(Disk.names(folder)).isEmpty();
    }

    @Test
    void aPrefixSolvesAClash() {
        List<Row> rows = new Run()
                .with("model.path", TOKEN_MODEL)
                .with("input.path", file("table"))
                .with("output.prefix", "lstm_")
                .with("output.emit", "softmax")
                .with("output.path", folder.resolve("out"))
                .rows();
        assertThat(rows.get(0).schema().fieldNames()).endsWith("lstm_prediction", "lstm_softmax");
        assertThat(rows.get(0).<Float>getList(rows.get(0).fieldIndex("lstm_softmax")))
                .hasSize(2);
    }
}
