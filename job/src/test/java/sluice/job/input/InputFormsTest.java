package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.ModelFiles;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;

/** The same sequences in every form that a column may have give the same bits. */
class InputFormsTest {
    private static final TorchCase TORCH = TorchCase.named("many_short");
    private static final int TOKENS = 20; // of the model
    private static final List<OutputKind> ASKED = List.of(OutputKind.SOFTMAX, OutputKind.LOGLIK);
    private static final List<OutputKind> SOFTMAX = List.of(OutputKind.SOFTMAX);

    /** With an empty sequence. */
    private static final List<int[]> SEQUENCES = Stream.concat(
                    TORCH.tokens().stream().limit(15), Stream.of(new int[0]))
            .toList();

    private static final List<ScoredSequence> EXPECTED = engine(
            TORCH.model(),
            InputKind.EMBEDDING,
            ASKED,
            SEQUENCES.stream().map(Sequence::ofTokens).toList());

    @TempDir
    Path folder;

    private static List<ScoredSequence> engine(
            LstmModel model, InputKind kind, List<OutputKind> asked, List<Sequence> sequences) {
        return CompiledModel.compile(model, kind, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.LAST, asked, 3))
                .score(sequences);
    }

    private static void requireSame(List<Row> rows, List<ScoredSequence> expected, List<OutputKind> asked) {
        assertThat(rows).hasSameSizeAs(expected);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.<Number>getAs("id").intValue()), Steps.LAST, asked);
        }
    }

    private Run run(Path model, Dataset<Row> input) {
        return new Run()
                .with("model.path", model)
                .with("output.path", folder.resolve("out"))
                .withInput(input, 1, folder.resolve("in"));
    }

    private Run ofTokens(Dataset<Row> input) {
        return run(Path.of(TORCH.modelPath()), input).with("output.emit", "softmax,loglik");
    }

    // Ids

    @ParameterizedTest
    @ValueSource(strings = {"tinyint", "smallint", "int", "bigint"})
    void idsOfAnyWholeType(String type) {
        Dataset<Row> input = Tables.ofIds(SEQUENCES).selectExpr("id", "CAST(tokens AS array<%s>)".formatted(type));
        requireSame(ofTokens(input).rows(), EXPECTED, ASKED);
    }

    // Words

    private static String word(int id) {
        return "event-" + id;
    }

    /** Each token a character: some of one byte, some of two chars. */
    private static String character(int id) {
        return id % 3 == 0 ? Character.toString(0x1F600 + id) : Character.toString('a' + id);
    }

    private static List<String> words(IntFunction<String> word) {
        return IntStream.range(0, TOKENS).mapToObj(word).toList();
    }

    private static String jsonList(IntFunction<String> word) {
        return words(word).stream().map(w -> '"' + w + '"').collect(Collectors.joining(",\n  ", "[\n  ", "\n]\n"));
    }

    /** The entries are in reverse order: a map's ids do not depend on it. */
    private static String jsonMap(IntFunction<String> word) {
        List<Integer> ids = new ArrayList<>(IntStream.range(0, TOKENS).boxed().toList());
        Collections.reverse(ids);
        return ids.stream()
                .map(id -> String.format(Locale.ROOT, "\"%s\": %d", word.apply(id), id))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static Dataset<Row> lists(IntFunction<String> word) {
        return Tables.of(
                Tables.STRINGS,
                SEQUENCES.stream()
                        .map(ids -> Arrays.stream(ids).mapToObj(word).toArray(String[]::new))
                        .toArray());
    }

    private static Dataset<Row> texts(IntFunction<String> word, String between) {
        return Tables.of(
                DataTypes.StringType,
                SEQUENCES.stream()
                        .map(ids -> Arrays.stream(ids).mapToObj(word).collect(Collectors.joining(between)))
                        .toArray());
    }

    static Stream<Arguments> vocabularies() {
        String lines = String.join("\n", words(InputFormsTest::word));
        return Stream.of(
                Arguments.of("lines", lines + "\n"),
                Arguments.of("lines as other systems end them", lines.replace("\n", "\r\n")),
                Arguments.of("a JSON list", jsonList(InputFormsTest::word)),
                Arguments.of("a JSON map", jsonMap(InputFormsTest::word)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("vocabularies")
    void wordsOfAVocabularyFile(String name, String vocabulary) {
        Path file = Disk.write(folder.resolve("vocabulary"), vocabulary);
        Run run = ofTokens(lists(InputFormsTest::word)).with("input.vocabulary", file);
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("vocabularies")
    void wordsOfTheModelsOwnVocabulary(String name, String vocabulary) {
        Path model = ModelFiles.withMetadata(
                Path.of(TORCH.modelPath()), folder.resolve("own.safetensors"), Map.of("vocabulary", vocabulary));
        Run run = ofTokens(lists(InputFormsTest::word)).with("model.path", model);
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void theModelsOwnVocabularyMayBeOneLineOfCharacters() {
        Path model = ModelFiles.withMetadata(
                Path.of(TORCH.modelPath()),
                folder.resolve("own.safetensors"),
                Map.of("vocabulary", String.join("", words(InputFormsTest::character))));
        Run run = ofTokens(texts(InputFormsTest::character, ""))
                .with("model.path", model)
                .with("input.splitter", "character");
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void aVocabularyFileOverridesTheModelsOwn() {
        Path model = ModelFiles.withMetadata(
                Path.of(TORCH.modelPath()), folder.resolve("own.safetensors"), Map.of("vocabulary", "[\"x\", \"y\"]"));
        Path file = Disk.write(folder.resolve("words.json"), jsonList(InputFormsTest::word));
        Run run =
                ofTokens(lists(InputFormsTest::word)).with("model.path", model).with("input.vocabulary", file);
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void aVocabularysFirstWordMayBeginWithABracket() {
        IntFunction<String> word = id -> id == 0 ? "[PAD]" : id == 1 ? "{" : word(id);
        Path file = Disk.write(folder.resolve("vocab.txt"), String.join("\n", words(word)));
        requireSame(ofTokens(lists(word)).with("input.vocabulary", file).rows(), EXPECTED, ASKED);
    }

    @Test
    void textSplitAtWhiteSpace() {
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        Run run = ofTokens(texts(InputFormsTest::word, " \t ")).with("input.vocabulary", file);
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void textSplitAtAPattern() {
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        Run run = ofTokens(texts(InputFormsTest::word, ";;"))
                .with("input.vocabulary", file)
                .with("input.splitter", "regex")
                .with("input.splitter-pattern", ";");
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void textSplitIntoCharactersBeyondTheBasicPlane() {
        Path file = Disk.write(folder.resolve("characters.json"), jsonList(InputFormsTest::character));
        Run run = ofTokens(texts(InputFormsTest::character, ""))
                .with("input.vocabulary", file)
                .with("input.splitter", "character");
        requireSame(run.rows(), EXPECTED, ASKED);
    }

    @Test
    void anUnknownWordIsReplacedAsTheSettingsSay() {
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        Dataset<Row> input =
                Tables.of(Tables.STRINGS, new Object[] {new String[] {"event-3", "never seen", "event-5"}});
        Run run = ofTokens(input).with("input.vocabulary", file).with("input.unknown-word", "event-19");
        List<ScoredSequence> expected =
                engine(TORCH.model(), InputKind.EMBEDDING, ASKED, List.of(Sequence.ofTokens(3, 19, 5)));
        requireSame(run.rows(), expected, ASKED);
    }

    // Labels

    @Test
    void labelsComeFromTheVocabulary() {
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        List<Row> rows = ofTokens(Tables.ofIds(SEQUENCES))
                .with("input.vocabulary", file)
                .with("output.emit", "topk")
                .rows();
        for (Row row : rows) {
            List<Row> classes = row.getList(row.fieldIndex("topk"));
            assertThat(classes)
                    .hasSize(5)
                    .allSatisfy(
                            top -> assertThat(top.<String>getAs("label")).isEqualTo(word(top.<Integer>getAs("token"))));
        }
    }

    @Test
    void labelsAreNullWithoutAVocabulary() {
        Row row = ofTokens(Tables.ofIds(SEQUENCES))
                .with("output.emit", "topk")
                .rows()
                .get(0);
        List<Row> classes = row.getList(row.fieldIndex("topk"));
        assertThat(classes)
                .hasSize(5)
                .allSatisfy(top -> assertThat(top.<String>getAs("label")).isNull());
    }

    @Test
    void classesOtherThanTokensHaveNoLabels() {
        Path model = ModelFiles.classifier(folder.resolve("classifier.safetensors"), TOKENS, 3);
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        Row row = run(model, lists(InputFormsTest::word))
                .with("input.vocabulary", file)
                .with("output.emit", "topk")
                .with("output.top-k", 3)
                .rows()
                .get(0);
        List<Row> classes = row.getList(row.fieldIndex("topk"));
        assertThat(classes)
                .hasSize(3)
                .allSatisfy(top -> assertThat(top.<String>getAs("label")).isNull());
    }

    // Features

    private static final TorchCase REAL = TorchCase.named("float_l1_h17_in4");
    private static final int WIDTH = 4; // features per step

    /** Values that float32 holds exactly, in every type. */
    private static List<float[][]> features() {
        return List.of(
                new float[][] {{0.5f, -1.25f, 2, 0}, {0.75f, 0, -0.5f, 1}},
                new float[][] {{-3, 0.125f, 0, 1}},
                new float[0][]);
    }

    private static List<ScoredSequence> expectedOfFeatures() {
        List<Sequence> sequences = new ArrayList<>();
        for (float[][] rows : features()) {
            float[] flat = new float[rows.length * WIDTH];
            for (int step = 0; step < rows.length; step++) {
                System.arraycopy(rows[step], 0, flat, step * WIDTH, WIDTH);
            }
            sequences.add(Sequence.ofFeatures(rows.length, flat));
        }
        return engine(REAL.model(), InputKind.FEATURES, SOFTMAX, sequences);
    }

    private static Dataset<Row> featureTable() {
        return Tables.of(
                Tables.FLOAT_ROWS,
                features().stream()
                        .map(rows ->
                                Arrays.stream(rows).map(InputFormsTest::boxed).toArray(Float[][]::new))
                        .toArray());
    }

    private static Float[] boxed(float[] values) {
        Float[] boxed = new Float[values.length];
        Arrays.setAll(boxed, k -> values[k]);
        return boxed;
    }

    @ParameterizedTest
    @ValueSource(strings = {"float", "double", "decimal(12,4)"})
    void rowsOfFeatures(String type) {
        Dataset<Row> input = featureTable().selectExpr("id", "CAST(tokens AS array<array<%s>>)".formatted(type));
        requireSame(run(Path.of(REAL.modelPath()), input).rows(), expectedOfFeatures(), SOFTMAX);
    }

    // One number per step, as public DeepLog models read event ids

    @ParameterizedTest
    @ValueSource(strings = {"tinyint", "int", "bigint", "float", "double", "decimal(10,2)"})
    void plainNumbersForAModelThatReadsOnePerStep(String type) {
        Path model = ModelFiles.withoutEmbedding(folder.resolve("numbers.safetensors"), 1, TOKENS + 1);
        Dataset<Row> input = Tables.ofIds(SEQUENCES).selectExpr("id", "CAST(tokens AS array<%s>)".formatted(type));
        List<ScoredSequence> expected = engine(
                ModelFiles.read(model),
                InputKind.FEATURES,
                SOFTMAX,
                SEQUENCES.stream().map(Sequence::ofNumbers).toList());
        requireSame(run(model, input).rows(), expected, SOFTMAX);
    }

    @Test
    void rowsOfOneNumberAreTheSame() {
        Path model = ModelFiles.withoutEmbedding(folder.resolve("numbers.safetensors"), 1, TOKENS);
        Dataset<Row> input =
                Tables.ofIds(SEQUENCES).selectExpr("id", "transform(tokens, x -> array(CAST(x AS double))) AS tokens");
        List<ScoredSequence> expected = engine(
                ModelFiles.read(model),
                InputKind.FEATURES,
                SOFTMAX,
                SEQUENCES.stream().map(Sequence::ofNumbers).toList());
        requireSame(run(model, input).rows(), expected, SOFTMAX);
    }

    @Test
    void idsThatAreReadAsNumbersHaveLikelihoodsToo() {
        Path model = ModelFiles.withoutEmbedding(folder.resolve("numbers.safetensors"), 1, TOKENS);
        List<ScoredSequence> expected = engine(
                ModelFiles.read(model),
                InputKind.FEATURES,
                ASKED,
                SEQUENCES.stream().map(Sequence::ofNumbers).toList());
        Run run = run(model, Tables.ofIds(SEQUENCES)).with("output.emit", "softmax,loglik");
        requireSame(run.rows(), expected, ASKED);
    }

    // One-hot

    @ParameterizedTest
    @CsvSource({"20, auto", "20, one-hot", "7, one-hot"})
    void tokensOneHot(int classes, String kind) {
        Path model = ModelFiles.withoutEmbedding(folder.resolve("one-hot.safetensors"), TOKENS, classes);
        List<ScoredSequence> expected = engine(
                ModelFiles.read(model),
                InputKind.ONE_HOT,
                SOFTMAX,
                SEQUENCES.stream().map(Sequence::ofTokens).toList());
        Run run = run(model, Tables.ofIds(SEQUENCES)).with("model.input", kind);
        requireSame(run.rows(), expected, SOFTMAX);
    }

    // JSON

    private enum JsonForm {
        IDS(TORCH.modelPath(), "[3, 1, 4]"),
        WORDS(TORCH.modelPath(), "[\"event-3\", \"event-1\", \"event-4\"]"),
        TEXT(TORCH.modelPath(), "\"event-3 event-1 event-4\""),
        FEATURES(REAL.modelPath(), "[[0.5, 1, 0, 0], [2, 0.25, 0, 1]]"),
        WHOLE_FEATURES(REAL.modelPath(), "[[5, 1, 0, 0], [2, 25, 0, 1]]");

        private final String model;
        private final String value;

        JsonForm(String model, String value) {
            this.model = model;
            this.value = value;
        }

        private List<ScoredSequence> expected() {
            return switch (this) {
                case IDS, WORDS, TEXT ->
                    engine(TORCH.model(), InputKind.EMBEDDING, SOFTMAX, List.of(Sequence.ofTokens(3, 1, 4)));
                case FEATURES -> ofFeatures(0.5f, 1, 0, 0, 2, 0.25f, 0, 1);
                case WHOLE_FEATURES -> ofFeatures(5, 1, 0, 0, 2, 25, 0, 1);
            };
        }

        private static List<ScoredSequence> ofFeatures(float... features) {
            return engine(REAL.model(), InputKind.FEATURES, SOFTMAX, List.of(Sequence.ofFeatures(2, features)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void jsonHoldsTheSame(JsonForm form) {
        Path input = Disk.write(folder.resolve("in.json"), "{\"id\": 0, \"tokens\": %s}\n".formatted(form.value));
        Path file = Disk.write(folder.resolve("words.txt"), String.join("\n", words(InputFormsTest::word)));
        List<Row> rows = new Run()
                .with("model.path", form.model)
                .with("input.path", input)
                .with("input.format", "json")
                .with("input.vocabulary", file)
                .with("output.path", folder.resolve("out"))
                .rows();
        requireSame(rows, form.expected(), SOFTMAX);
    }

    @Test
    void theColumnMayHaveAnyName() {
        Dataset<Row> input = Tables.ofIds(SEQUENCES).withColumnRenamed("tokens", "my events");
        requireSame(ofTokens(input).with("input.tokens", "my events").rows(), EXPECTED, ASKED);
    }
}
