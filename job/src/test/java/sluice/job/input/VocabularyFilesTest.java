package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/** Vocabularies in the files that people and libraries write, lower case, unknown words, and labels of classes. */
class VocabularyFilesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TOLERANCE = 1e-4;
    private static final Path SITUATION = resource("/situations/vocabulary-files");
    private static final Path LIBRARIES = resource("/vocabularies");

    /** Words of the situation's vocabulary, in the order of their ids. */
    private static final List<String> WORDS = lines(SITUATION.resolve("v_plain.txt"));

    @TempDir
    Path folder;

    private static Path resource(String name) {
        try {
            return Path.of(VocabularyFilesTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode json(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Run run(Object vocabulary, String output) {
        return new Run()
                .with("model.path", SITUATION.resolve("lm20.safetensors"))
                .with("input.path", SITUATION.resolve("words.jsonl"))
                .with("input.format", "json")
                .with("input.tokens", "text")
                .with("input.vocabulary", vocabulary)
                .with("input.unknown-word", "<unk>")
                .with("output.emit", "loglik")
                .with("output.path", folder.resolve(output));
    }

    private static void assertExpected(Dataset<Row> table) {
        JsonNode expected = json(SITUATION.resolve("expected.json"));
        List<Row> rows = table.select("text", "loglik.sum").collectAsList();
        assertThat(rows).isNotEmpty();
        for (Row row : rows) {
            assertThat(row.getDouble(1))
                    .as(row.getString(0))
                    .isCloseTo(expected.path(row.getString(0)).doubleValue(), within(TOLERANCE));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "v_plain.txt",
                "v_bom.txt",
                "v_bom.json",
                "v_id2tok.json",
                "v_torchtext.json",
                "v_hf.json",
                "v_tsv.txt",
                "v_fairseq.txt"
            })
    void giveTheScoresOfPyTorch(String name) {
        Run run = run(SITUATION.resolve(name), "out");
        assertExpected(run.table());
        assertThat(run.said().contains("taken as counts")).isEqualTo(name.equals("v_fairseq.txt"));
    }

    @Test
    void wordsWithWhiteSpaceAtTheirEndsAreRefused() {
        assertThatThrownBy(run(SITUATION.resolve("v_trail.txt"), "out")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "input.vocabulary: 20 of its 20 words have white space in them, such as 'the ', "
                                + "which a splitter at white space can't find in text: write one word on each line, or choose another input.splitter");
    }

    @Test
    void aFewWordsWithWhiteSpaceAreNoted() {
        List<String> words = new ArrayList<>(WORDS);
        words.set(17, "girl friend");
        Run run = run(Disk.write(folder.resolve("v.txt"), String.join("\n", words)), "out");
        run.score();
        assertThat(run.said()).contains("1 of its 20 words have white space in them, such as 'girl friend'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE"})
    void anotherEncodingIsRefused(String encoding) throws IOException {
        Path file = folder.resolve("v.txt");
        Files.write(file, ("\uFEFF" + String.join("\n", WORDS)).getBytes(encoding));
        assertThatThrownBy(run(file, "out")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(file + ": it is UTF-16 or UTF-32 by its byte order mark; save it as UTF-8");
    }

    @Test
    void latinIsRefused() throws IOException {
        Path file = folder.resolve("v.txt");
        Files.write(file, String.join("\n", "caf\u00e9", "the").getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(run(file, "out")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("it is not text in UTF-8");
    }

    /** What does not say which number is which must not become a score. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a\\t3\\nb\\t2\\nc\\t1     | may be ids or counts
            a\\t5\\nb\\t9\\nc\\t7     | neither ids from 0 or 1 on nor counts
            0\\t1\\n1\\t0            | two numbers, of which either may be the word
            5\\ta\\n9\\tb            | no ids from 0 or 1 on
            a 7\\nb 5\\nc 1         | 3 words with counts, but the model has 20 tokens: expected as many, or 16 in a dict.txt of fairseq
            {"itos": ["a", "b"], "stoi": {"a": 1, "b": 0}} | stoi gives the word 'a' the id 1, which itos doesn't
            """)
    void ambiguousFilesAreRefused(String content, String message) {
        Path file = Disk.write(
                folder.resolve("v.txt"), content.strip().replace("\\t", "\t").replace("\\n", "\n"));
        assertThatThrownBy(run(file, "out")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(message);
    }

    @Test
    void columnsMaySwapAndCountsMayRepeat() {
        StringBuilder swapped = new StringBuilder();
        StringBuilder counted = new StringBuilder();
        for (int id = 0; id < WORDS.size(); id++) {
            swapped.append(id).append('\t').append(WORDS.get(id)).append('\n');
            counted.append(WORDS.get(id)).append('\t').append(id < 3 ? 500 : 7).append('\n');
        }
        assertExpected(run(Disk.write(folder.resolve("swapped.tsv"), swapped.toString()), "swapped")
                .table());
        Run run = run(Disk.write(folder.resolve("counted.tsv"), counted.toString()), "counted");
        assertExpected(run.table());
        assertThat(run.said()).contains("taken as counts, and the order of the lines as ids from 0");
    }

    /** fairseq writes a dict.txt without its four special words, which have the first ids. */
    @Test
    void theDictionaryOfFairseqStartsAtFour() {
        List<String> words = WORDS.subList(0, 16);
        StringBuilder dictionary = new StringBuilder();
        for (int at = 0; at < words.size(); at++) {
            dictionary.append(words.get(at)).append(' ').append(100 - at).append('\n');
        }
        List<String> whole = new ArrayList<>(List.of("<s>", "<pad>", "</s>", "<unk>"));
        whole.addAll(words);
        Run run = run(Disk.write(folder.resolve("dict.txt"), dictionary.toString()), "out");
        List<Row> expected = run(Disk.write(folder.resolve("all.txt"), String.join("\n", whole)), "expected")
                .table()
                .select("loglik")
                .collectAsList();

        assertThat(run.table().select("loglik").collectAsList()).isEqualTo(expected);
        assertThat(run.said())
                .contains("taken as a dict.txt of fairseq: the ids 0 to 3 are <s>, <pad>, </s> and <unk>");
    }

    /** The libraries' own ids of the texts are the ids that are scored. */
    @ParameterizedTest
    @CsvSource({
        "wordlevel-tokenizer.json, hugging-face-ids.json, words",
        "wordlevel-vocab.json, hugging-face-ids.json, words",
        "keras-tokenizer.json, keras-ids.json, all",
        "keras-tokenizer-dumped.json, keras-ids.json, all",
        "keras-word-index.json, keras-ids.json, all",
        "keras-limited.json, keras-ids.json, limited",
    })
    void filesOfLibrariesGiveTheirIds(String vocabulary, String ids, String entry) {
        StringBuilder texts = new StringBuilder();
        StringBuilder tokens = new StringBuilder();
        for (Map.Entry<String, JsonNode> text :
                json(LIBRARIES.resolve(ids)).path(entry).properties()) {
            texts.append("{\"text\": \"").append(text.getKey()).append("\"}\n");
            tokens.append("{\"text\": ").append(text.getValue()).append("}\n");
        }
        Path words = Disk.write(folder.resolve("texts.json"), texts.toString());
        Path numbers = Disk.write(folder.resolve("ids.json"), tokens.toString());
        List<Row> expected = new Run()
                .with("model.path", SITUATION.resolve("lm20.safetensors"))
                .with("input.path", numbers)
                .with("input.format", "json")
                .with("input.tokens", "text")
                .with("output.emit", "loglik")
                .with("output.path", folder.resolve("expected"))
                .table()
                .select("loglik")
                .collectAsList();

        assertThat(run(LIBRARIES.resolve(vocabulary), "out")
                        .with("input.path", words)
                        .table()
                        .select("loglik")
                        .collectAsList())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"bpe-tokenizer.json, BPE", "unigram-tokenizer.json, Unigram"})
    void piecesOfWordsAreNoWordsOfTexts(String vocabulary, String kind) {
        Run run = run(LIBRARIES.resolve(vocabulary), "out")
                .with("model.path", TorchCase.named("uni_l1_h17").modelPath())
                .with("input.unknown-word", "");
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageMatching(".*(a %s tokenizer, whose entries are pieces of words|words, but the model has).*"
                        .formatted(kind));
    }

    @Test
    void upperCaseIsFoundInLowerCase() {
        Run run = run(SITUATION.resolve("v_plain.txt"), "upper")
                .with("input.path", SITUATION.resolve("upper.jsonl"))
                .with("input.lower-case", "true");
        List<Row> expected = run(SITUATION.resolve("v_plain.txt"), "out")
                .with("input.filter", "id < 2")
                .table()
                .select("id", "loglik")
                .orderBy("id")
                .collectAsList();

        assertThat(run.with("input.filter", "id < 2")
                        .table()
                        .select("id", "loglik")
                        .orderBy("id")
                        .collectAsList())
                .isEqualTo(expected);
        assertThat(run.said()).doesNotContain("warning");
    }

    @Test
    void manyUnknownWordsAreReported() throws IOException {
        Run run = run(SITUATION.resolve("v_plain.txt"), "out").with("input.path", SITUATION.resolve("upper.jsonl"));
        RunReport report = run.score();

        assertThat(report.measured().unknownFraction()).isEqualTo(1);
        assertThat(run.said())
                .contains("warning: 100.0 % of the words are not in the vocabulary")
                .contains("input.lower-case");
        JsonNode words = json(folder.resolve("out/_sluice/report.json")).path("words");
        assertThat(words.path("unknown").intValue())
                .isEqualTo(words.path("looked-up").intValue());
        assertThat(words.path("unknown-fraction").doubleValue()).isEqualTo(1);
    }

    @Test
    void labelsNameTheClasses() {
        List<String> labels = new ArrayList<>();
        for (int at = 0; at < 20; at++) {
            labels.add("label " + at);
        }
        Path file = Disk.write(folder.resolve("labels.txt"), String.join("\n", labels));
        for (String first : List.of("0", "1")) {
            List<Row> top = run(SITUATION.resolve("v_plain.txt"), "out" + first)
                    .with("output.labels", file)
                    .with("output.first-class", first)
                    .with("output.emit", "topk,prediction")
                    .table()
                    .selectExpr("topk[0].token", "topk[0].label", "prediction")
                    .collectAsList();
            for (Row row : top) {
                assertThat(row.getString(1)).isEqualTo("label " + row.getInt(2));
                assertThat(row.getInt(0)).isEqualTo(row.getInt(2) + Integer.parseInt(first));
            }
        }
    }

    @Test
    void anotherNumberOfLabelsIsRefused() {
        Path file = Disk.write(folder.resolve("labels.txt"), "yes\nno\n");
        assertThatThrownBy(run(SITUATION.resolve("v_plain.txt"), "out")
                        .with("output.labels", file)
                        .with("output.emit", "topk")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage("output.labels: " + file
                        + " has 2 labels, but the model has 20 classes: this may be the file of another model");
    }

    /** One list in the forms that programs write. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "[1, 2, 3]",
                "1 2 3",
                "1,2,3",
                "(1, 2, 3)",
                "{1,2,3}",
                "[1 2  3]",
                "[1.0, 2., 3]",
                "['1', \"2\", 3]",
                " [ 1 ,2,3, ] ",
                "[1\n 2 3]"
            })
    void listsAsTextAreIds(String text) {
        assertThat(ofTexts("list", List.of(text), "out", Map.of())).isEqualTo(ofIds());
    }

    private List<Row> ofIds() {
        return new Run()
                .with("model.path", SITUATION.resolve("lm20.safetensors"))
                .with("input.path", Disk.write(folder.resolve("ids.json"), "{\"tokens\": [1, 2, 3]}\n"))
                .with("input.format", "json")
                .with("output.emit", "loglik")
                .with("output.path", folder.resolve("ids"))
                .table()
                .select("loglik")
                .collectAsList();
    }

    private List<Row> ofTexts(String splitter, List<String> texts, String output, Map<String, Object> more) {
        Path input = folder.resolve(output + ".in");
        StructType schema = new StructType().add("tokens", DataTypes.StringType);
        List<Row> rows = texts.stream().map(RowFactory::create).toList();
        LocalSpark.session()
                .createDataFrame(rows, schema)
                .coalesce(1)
                .write()
                .option("header", "true")
                .option("escape", "\"")
                .option("ignoreLeadingWhiteSpace", "false")
                .option("ignoreTrailingWhiteSpace", "false")
                .csv(input.toString());
        Run run = new Run()
                .with("model.path", SITUATION.resolve("lm20.safetensors"))
                .with("input.path", input)
                .with("input.format", "csv")
                .with("input.options.multiLine", "true")
                .with("input.options.escape", "\"")
                .with("input.splitter", splitter)
                .with("output.emit", "loglik")
                .with("output.path", folder.resolve(output));
        more.forEach(run::with);
        return run.table().drop("tokens").collectAsList();
    }

    @Test
    void listsAsTextAreWords() {
        List<Row> words = ofTexts(
                "list",
                List.of("['cat', \"sat\", on]"),
                "out",
                Map.of("input.vocabulary", SITUATION.resolve("v_plain.txt")));
        assertThat(words).isEqualTo(ofIds());
    }

    @Test
    void rowsOfFeaturesAsTextAreFeatures() {
        TorchCase features = TorchCase.named("float_l1_h17_in4");
        Path json = Disk.write(folder.resolve("rows.json"), "{\"tokens\": [[1, 2, 3.5, -4], [0.5, 0, 0, 1e-3]]}\n");
        List<Row> expected = new Run()
                .with("model.path", features.modelPath())
                .with("input.path", json)
                .with("input.format", "json")
                .with("output.path", folder.resolve("expected"))
                .table()
                .select("softmax")
                .collectAsList();
        Map<String, Object> more = Map.of("model.path", features.modelPath(), "output.emit", "softmax");

        assertThat(ofTexts("list", List.of("[[1, 2, 3.5, -4], [0.5, 0, 0, 1e-3]]"), "json", more))
                .isEqualTo(expected);
        assertThat(ofTexts("list", List.of("[[1. 2. 3.5 -4.]\n [0.5 0. 0. 1e-3]]"), "numpy", more))
                .isEqualTo(expected);
        assertThat(ofTexts("list", List.of("(1, 2, 3.5, -4), (0.5, 0, 0, 0.001)"), "bare", more))
                .isEqualTo(expected);
    }

    /** Malformed lists are bad rows, each with its reason. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            [1, 2        | wrong-type   | no closing bracket
            [1, , 2]     | wrong-type   | no value before a comma
            [1, 2 3]     | wrong-type   | a value with white space and without quotes
            [1 2, 3]     | wrong-type   | values with and without commas between them
            [1, 2] x     | wrong-type   | a list in the list
            [[1], [2]]   | wrong-type   | a list in the list
            1, 2]        | wrong-type   | a bracket too much
            ['1, 2]      | wrong-type   | no closing quote
            [1, None]    | null-element | the element at step 1 is null
            [1, 1.5]     | unknown-word | '1.5' at step 1 is no token id
            """)
    void malformedListsAreBadRows(String text, String code, String words) {
        Row row = ofTexts(
                        "list",
                        List.of(text, "[1]"),
                        "out",
                        Map.of("bad-rows.rule", "null", "bad-rows.max-fraction", "1"))
                .get(0);
        Row reason = row.getStruct(row.size() - 1);
        assertThat(reason.getString(0)).isEqualTo(code);
        assertThat(reason.getString(1)).contains(words);
    }
}
