package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.InputColumn;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.NamedInput;
import sluice.cell.weights.file.TensorNames;

/**
 * Files that PyTorch, ONNX exporters and Keras wrote, see {@code real-models/SOURCE.md}: each is scored as its framework scores it, or
 * rejected. {@code real-models/messages.txt} has all messages, so that a person can read them in one go.
 */
class RealModelsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TOLERANCE = 1e-5;
    private static final Path FOLDER = folder();
    private static final Path README = Path.of("README.md");
    private static final String BEGIN_OF_TABLE =
            "<!-- not checked: here, but by the test cell.weights.RealModelsTest -->";

    /** What was said of each run: the message of a rejection, or the notes. */
    private static final Map<String, String> SAID = new TreeMap<>();

    /** One way to score a file. */
    private record Run(Path folder, String model, JsonNode settings) {
        String name() {
            String label = settings.path("label").asText();
            return folder.getFileName() + (label.isEmpty() ? "" : "." + label);
        }

        String expected() {
            return settings.path("expect").asText();
        }

        @Override
        public String toString() {
            return name();
        }
    }

    private static Path folder() {
        try {
            return Path.of(RealModelsTest.class.getResource("/real-models").toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Run> runs() throws IOException {
        List<Run> runs = new ArrayList<>();
        try (Stream<Path> folders = Files.list(FOLDER)) {
            for (Path folder : folders.filter(folder -> Files.exists(folder.resolve("case.json")))
                    .sorted()
                    .toList()) {
                JsonNode about = JSON.readTree(folder.resolve("case.json").toFile());
                for (JsonNode settings : about.path("runs")) {
                    runs.add(new Run(folder, about.path("model").asText(), settings));
                }
            }
        }
        return runs;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("runs")
    void isScoredAsItsFrameworkDoesOrRejected(Run run) throws IOException {
        ModelFile file;
        double error;
        try {
            file = ModelReader.read(
                    run.folder().resolve(run.model()), names(run.settings().path("sets")));
            error = largestError(run, file.model());
        } catch (ModelException | IllegalArgumentException e) { // the second: an answer that the model can't give
            SAID.put(run.name(), e.getMessage());
            assertThat(run.expected()).as("%s", e.getMessage()).isIn("refuse", "any");
            return;
        }
        SAID.put(
                run.name(),
                "accepted"
                        + file.notes().stream()
                                .collect(Collectors.joining("\n    ", "\n    ", ""))
                                .stripTrailing());
        assertThat(run.expected()).as("accepted with an error of %.1e", error).isNotEqualTo("refuse");
        if (run.expected().equals("warn")) { // the file can't tell
            assertThat(file.notes()).isNotEmpty();
        } else if (!run.expected().equals("any") || error < 1) {
            assertThat(error).isLessThan(TOLERANCE);
        }
    }

    private static TensorNames names(JsonNode sets) {
        TensorNames names =
                TensorNames.automatic().withLstms(texts(sets, "model.lstm")).withIgnored(texts(sets, "model.ignore"));
        names = names.withInputs(
                texts(sets, "model.inputs").stream().map(NamedInput::parse).toList());
        if (sets.has("model.embedding")) {
            names = names.withEmbedding(sets.path("model.embedding").asText());
        }
        if (sets.has("model.entry")) {
            names = names.withEntry(sets.path("model.entry").asText());
        }
        return sets.has("model.output")
                ? names.withOutput(sets.path("model.output").asText())
                : names;
    }

    /** A setting that is a text or a list of texts. */
    private static List<String> texts(JsonNode sets, String key) {
        JsonNode value = sets.path(key);
        List<String> texts = new ArrayList<>();
        if (value.isTextual()) {
            texts.add(value.asText());
        }
        value.elements().forEachRemaining(text -> texts.add(text.asText()));
        return texts;
    }

    /** The largest difference of an answer to the framework's. */
    private static double largestError(Run run, LstmModel model) throws IOException {
        Steps steps = Steps.valueOf(run.settings().path("at").asText().toUpperCase(Locale.ROOT));
        OutputKind kind =
                OutputKind.valueOf(run.settings().path("emits").asText().toUpperCase(Locale.ROOT));
        JsonNode file = run.settings().path("expected"); // null if the framework has no answer of this form
        JsonNode expected = file.isTextual()
                ? JSON.readTree(run.folder().resolve(file.asText()).toFile())
                : JSON.createObjectNode();
        List<String> ids = new ArrayList<>();
        List<Sequence> sequences = new ArrayList<>();
        InputKind input = InputKind.EMBEDDING;
        for (String line : Files.readAllLines(
                run.folder().resolve(run.settings().path("inputs").asText()))) {
            JsonNode row = JSON.readTree(line);
            ids.add(row.path("id").asText());
            if (!model.parts().isEmpty()) {
                input = InputKind.PARTS;
                sequences.add(columns(row, model));
                continue;
            }
            JsonNode tokens = row.path("tokens");
            boolean readsOneNumber = model.embedding().isEmpty() && model.inputWidth() == 1;
            boolean hasTokens = tokens.path(0).isIntegralNumber() && !readsOneNumber;
            input = model.embedding().isPresent()
                    ? InputKind.EMBEDDING
                    : hasTokens ? InputKind.ONE_HOT : InputKind.FEATURES;
            sequences.add(
                    hasTokens ? Sequence.ofTokens(ints(tokens)) : Sequence.ofFeatures(tokens.size(), floats(tokens)));
        }
        List<ScoredSequence> scored = CompiledModel.compile(model, input, KernelChoice.AUTO)
                .scorer(new ScoreRequest(steps, List.of(kind), 1))
                .score(sequences);
        double largest = 0;
        for (int at = 0; at < ids.size(); at++) {
            float[][] answers = switch (kind) {
                case HIDDEN -> scored.get(at).hidden();
                case LOGITS -> scored.get(at).logits();
                default -> scored.get(at).softmax();
            };
            largest = file.isTextual() ? Math.max(largest, difference(answers, expected.path(ids.get(at)))) : largest;
        }
        return largest;
    }

    /** A column for each input of the model, by its name. */
    private static Sequence columns(JsonNode row, LstmModel model) {
        List<InputColumn> columns = new ArrayList<>();
        int length = 0;
        for (InputPart part : model.parts()) {
            JsonNode values = row.path(part.name());
            length = values.size();
            columns.add(
                    part.embedding().isPresent()
                            ? InputColumn.ofTokens(ints(values))
                            : InputColumn.ofNumbers(floats(values)));
        }
        return Sequence.ofColumns(length, columns);
    }

    private static double difference(float[][] answers, JsonNode expected) {
        JsonNode rows =
                expected.path(0).isArray() ? expected : JSON.createArrayNode().add(expected);
        double largest = rows.size() == answers.length ? 0 : Double.POSITIVE_INFINITY;
        for (int row = 0; row < Math.min(rows.size(), answers.length); row++) {
            if (rows.path(row).size() != answers[row].length) {
                return Double.POSITIVE_INFINITY;
            }
            for (int at = 0; at < answers[row].length; at++) {
                largest = Math.max(
                        largest,
                        Math.abs(answers[row][at] - rows.path(row).path(at).asDouble()));
            }
        }
        return largest;
    }

    private static int[] ints(JsonNode tokens) {
        int[] ids = new int[tokens.size()];
        for (int at = 0; at < ids.length; at++) {
            ids[at] = tokens.path(at).asInt();
        }
        return ids;
    }

    private static float[] floats(JsonNode steps) {
        int width = Math.max(1, steps.path(0).size());
        float[] values = new float[steps.size() * width];
        for (int at = 0; at < values.length; at++) {
            JsonNode step = steps.path(at / width);
            values[at] = (float) (step.isNumber() ? step : step.path(at % width)).asDouble();
        }
        return values;
    }

    /**
     * Compares with {@code messages.txt} and the table of {@code cell/README.md}. A run with {@code -Dsluice.test.write=true} writes both
     * into the sources.
     */
    @AfterAll
    static void theGoldenFilesAreUpToDate() throws IOException {
        if (SAID.size() < runs().size()) {
            return; // a part of the runs was selected, or one failed
        }
        requireMessages();
        requireTable();
    }

    private static void requireTable() throws IOException {
        String readme = Files.readString(README);
        int begin = readme.indexOf(BEGIN_OF_TABLE) + BEGIN_OF_TABLE.length();
        int end = readme.indexOf("\n\n", begin + 2);
        if (Boolean.getBoolean("sluice.test.write")) {
            Files.writeString(README, readme.substring(0, begin) + table() + readme.substring(end));
        } else {
            assertThat(readme.substring(begin, end)).isEqualTo(table());
        }
    }

    /** One row for each group of files, with the number of accepted and of rejected runs. */
    private static String table() throws IOException {
        Map<String, int[]> groups = new TreeMap<>();
        for (Run run : runs()) {
            boolean isAccepted = SAID.get(run.name()).startsWith("accepted");
            groups.computeIfAbsent(run.settings().path("group").asText(), group -> new int[2])[isAccepted ? 0 : 1]++;
        }
        StringBuilder table =
                new StringBuilder("\n| written by | the file has | accepted | rejected |\n|---|---|---|---|");
        groups.forEach((group, counts) -> {
            String[] parts = group.split(": ", 2);
            table.append("\n| %s | %s | %s | %s |".formatted(parts[0], parts[1], number(counts[0]), number(counts[1])));
        });
        return table.toString();
    }

    private static String number(int count) {
        return count == 0 ? "" : String.valueOf(count);
    }

    private static void requireMessages() throws IOException {
        String all = SAID.entrySet().stream()
                .map(said -> said.getKey() + ": " + said.getValue() + "\n")
                .collect(Collectors.joining("\n"))
                .replace(FOLDER.toString(), "real-models");
        if (Boolean.getBoolean("sluice.test.write")) {
            Files.writeString(Path.of("src/test/resources/real-models/messages.txt"), all);
        } else {
            assertThat(Optional.of(FOLDER.resolve("messages.txt"))
                            .filter(Files::exists)
                            .map(RealModelsTest::read))
                    .contains(all);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
