package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.ModelFiles;
import sluice.job.fixture.Terminal;

/** Models whose outputs mean something else than classes that are tokens, on the command line. */
class OutputMeaningTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TOLERANCE = 1e-6;

    @TempDir
    Path folder;

    private static Path situation(String name) {
        try {
            return Path.of(
                    OutputMeaningTest.class.getResource("/situations/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs on JSON lines; the output is JSON lines, too. */
    private Terminal score(Path model, Path input, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model", model.toString(),
                "--input", input.toString(),
                "--input-format", "json",
                "--output", folder.resolve("out").toString(),
                "--output-format", "json"));
        arguments.addAll(Arrays.asList(more));
        LocalSpark.session();
        return Terminal.score(arguments.toArray(String[]::new));
    }

    private List<JsonNode> rows(Terminal done) {
        assertThat(done.code()).as("%s", done).isZero();
        try (var files = Files.list(folder.resolve("out"))) {
            List<JsonNode> rows = new ArrayList<>();
            for (Path file : files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(JSON.readTree(line));
                }
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertRefused(Terminal terminal, String... words) {
        assertThat(terminal.code()).as("%s", terminal).isEqualTo(2);
        assertThat(terminal.errors())
                .filteredOn(line -> line.startsWith("sluice: error: "))
                .singleElement()
                .asString()
                .contains(words);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    private static void assertNumbers(JsonNode found, double... expected) {
        assertThat(found.size()).as("%s", found).isEqualTo(expected.length);
        for (int at = 0; at < expected.length; at++) {
            assertThat(found.path(at).asDouble())
                    .as("number %d of %s", at, found)
                    .isCloseTo(expected[at], within(TOLERANCE));
        }
    }

    /** The values are those of Keras and of ONNX Runtime. */
    @ParameterizedTest
    @CsvSource({"k_reg.keras, 0.02890747, -0.07587852", "reg_feat.onnx, -0.66505384, -0.99560374"})
    void aRegression(String name, double first, double second) {
        Path model = situation("one-output/" + name);
        List<JsonNode> rows =
                rows(score(model, situation("one-output/reg.jsonl"), "--tokens", "features", "--emit", "logits"));
        assertThat(rows).extracting(row -> row.path("id").asText()).containsExactly("a", "b");
        assertNumbers(rows.get(0).path("logits"), first);
        assertNumbers(rows.get(1).path("logits"), second);
        assertThat(Terminal.score("--describe", model.toString()).output())
                .anyMatch(line ->
                        line.startsWith("output      one number (--emit logits, or sigmoid for yes or no) over width "))
                .anyMatch(
                        line -> line.endsWith(
                                " ends in its output layer: --emit logits; for the probability --emit sigmoid (trained with binary cross-entropy)"));
    }

    @Test
    void severalTargets() {
        List<JsonNode> rows = rows(score(
                situation("one-output/k_lin3.keras"),
                situation("one-output/reg.jsonl"),
                "--tokens",
                "features",
                "--emit",
                "logits,sigmoid"));
        assertNumbers(rows.get(0).path("logits"), -0.06261056661605835, -0.20146729052066803, 0.590455949306488);
        assertNumbers(rows.get(1).path("logits"), -0.0750614, -0.23579693, 0.555674);
        for (JsonNode row : rows) {
            double[] sigmoid = new double[3];
            Arrays.setAll(
                    sigmoid,
                    at -> 1 / (1 + Math.exp(-row.path("logits").path(at).asDouble())));
            assertNumbers(row.path("sigmoid"), sigmoid);
        }
    }

    @Test
    void yesOrNo() {
        List<JsonNode> rows = rows(score(
                situation("one-output/one_out.pt"),
                situation("one-output/five.jsonl"),
                "--emit",
                "logits,sigmoid",
                "--set",
                "scoring.kernel=scalar"));
        assertNumbers(rows.get(0).path("logits"), -0.40334308742088576);
        assertNumbers(rows.get(0).path("sigmoid"), 0.4005093928680188);
    }

    @Test
    void yesOrNoAtEachStep() {
        JsonNode row = rows(score(
                        situation("one-output/one_out.pt"),
                        situation("one-output/five.jsonl"),
                        "--emit",
                        "sigmoid",
                        "--at",
                        "each"))
                .get(0);
        assertThat(row.path("sigmoid").size()).isEqualTo(5);
        assertNumbers(row.path("sigmoid").path(4), 0.4005093928680188);
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "prediction", "topk", "loglik", "logprob", "rank"})
    void oneOutputHasNoClasses(String kind) {
        assertRefused(
                score(
                        situation("one-output/one_out.pt"),
                        situation("one-output/five.jsonl"),
                        "--emit",
                        "logits," + kind,
                        "--at",
                        "each"),
                "one_out.pt: the model has one output, so its " + kind + " would be the same for every sequence: ",
                "set output.emit (--emit) to logits for the output itself, as of a regression, or to sigmoid");
    }

    @Test
    void theDryRunOfOneOutput() {
        Path model = situation("one-output/one_out.pt");
        Path input = situation("one-output/five.jsonl");
        assertRefused(score(model, input, "--dry-run"), "the model has one output, so its softmax");
        Terminal done = score(model, input, "--dry-run", "--emit", "logits", "--at", "each");
        assertThat(done.code()).as("%s", done).isZero();
        assertThat(done.output())
                .anyMatch(line -> line.startsWith("work ") && line.endsWith(" 24 an answer; each step is answered"));
    }

    /** Integers, which could be tokens, too: a model that reads one number per step has no one-hot tokens. */
    @Test
    void aSeriesOfIntegers() {
        Path model = ModelFiles.withoutEmbedding(folder.resolve("series.safetensors"), 1, 1);
        Path input = Disk.write(folder.resolve("series.jsonl"), "{\"id\": 1, \"tokens\": [3, 5, 8]}\n");
        assertThat(rows(score(model, input, "--emit", "logits"))
                        .get(0)
                        .path("logits")
                        .size())
                .isEqualTo(1);
    }

    private static final String ASSUMED =
            "sluice: note: %s: the model has 21 tokens and 20 classes; class k is taken as token k (output.first-class = 0)"
                    + "%s; if class 0 is another token, such as 1 where token 0 is padding, set output.first-class";

    /** Classes for tokens 1 to 20: the likelihoods are those of the softmax's class of each next token. */
    @Test
    void classesOfTheItemsFromOne() {
        String words = Disk.write(
                        folder.resolve("words.txt"), "<pad>\n" + "abcdefghijklmnopqrst".replaceAll("(.)", "$1\n"))
                .toString();
        Terminal done = score(
                situation("items-from-one/model.safetensors"),
                situation("items-from-one/five.jsonl"),
                "--at",
                "each",
                "--emit",
                "softmax,topk,loglik,logprob,rank",
                "--vocabulary",
                words,
                "--top-k",
                "20",
                "--set",
                "output.first-class=1");
        JsonNode row = rows(done).get(0);
        assertThat(done.output()).noneMatch(line -> line.contains("first-class"));
        double sum = 0;
        for (int step = 0; step + 1 < row.path("tokens").size(); step++) {
            int next = row.path("tokens").path(step + 1).asInt();
            JsonNode softmax = row.path("softmax").path(step);
            double probability = softmax.path(next - 1).asDouble();
            assertThat(Math.exp(row.path("logprob").path(step).asDouble())).isCloseTo(probability, within(TOLERANCE));
            sum += row.path("logprob").path(step).asDouble();
            JsonNode place =
                    row.path("topk").path(step).path(row.path("rank").path(step).asInt() - 1);
            assertThat(place.path("token").asInt()).isEqualTo(next);
            assertThat(place.path("probability").asDouble()).isCloseTo(probability, within(TOLERANCE));
            assertThat(place.path("label").asText()).isEqualTo(String.valueOf((char) ('a' + next - 1)));
        }
        assertThat(row.path("loglik").path("sum").asDouble()).isCloseTo(sum, within(5 * TOLERANCE));
    }

    @Test
    void classesThatAreTakenAsTokensWithANote() throws IOException {
        Terminal done = score(
                situation("items-from-one/model.safetensors"),
                situation("items-from-one/five.jsonl"),
                "--emit",
                "loglik,topk");
        assertThat(rows(done).get(0).path("loglik").path("tokens").asInt()).isEqualTo(4);
        assertThat(done.output()).contains(String.format(ASSUMED, "topk, loglik", ""));
        JsonNode report =
                JSON.readTree(folder.resolve("out/_sluice/report.json").toFile());
        assertThat(report.findValue("notes").toString()).contains("output.first-class = 0");
        Terminal dry = score(
                situation("items-from-one/model.safetensors"),
                situation("items-from-one/five.jsonl"),
                "--mode",
                "overwrite",
                "--emit",
                "loglik",
                "--dry-run");
        assertThat(dry.output()).anyMatch(line -> line.startsWith("note ") && line.contains("output.first-class = 0"));
    }

    @Test
    void aTokenWithoutAClassIsABadRow() {
        Path input = Disk.write(
                folder.resolve("in.jsonl"), "{\"id\": 1, \"tokens\": [0, 20]}\n{\"id\": 2, \"tokens\": [1, 0]}\n");
        List<JsonNode> rows = rows(score(
                situation("items-from-one/model.safetensors"),
                input,
                "--emit",
                "loglik",
                "--bad-rows",
                "null",
                "--set",
                "bad-rows.max-fraction=1",
                "--set",
                "output.first-class=1"));
        assertThat(rows.get(0).path("loglik").path("tokens").asInt()).isEqualTo(1);
        assertThat(rows.get(1).path("reason").path("code").asText()).isEqualTo("target-out-of-range");
        assertThat(rows.get(1).path("reason").path("text").asText())
                .contains("token 0 at step 1 is outside [1, 21), the model's classes");
    }

    @Test
    void aClassifierWithLabelsOfTokensGetsANote() {
        Path model = ModelFiles.classifier(folder.resolve("three"), 5, 3);
        Path input = Disk.write(folder.resolve("in.jsonl"), "{\"id\": 1, \"tokens\": [\"a\", \"e\"]}\n");
        String words =
                Disk.write(folder.resolve("words.txt"), "a\nb\nc\nd\ne\n").toString();
        Terminal done = score(model, input, "--emit", "softmax,topk", "--top-k", "1", "--vocabulary", words);
        assertThat(done.output())
                .anyMatch(line -> line.startsWith("sluice: note: topk: the model has 5 tokens and 3 classes; ")
                        && line.contains(", and topk has no labels; "));
        assertThat(rows(done).get(0).path("topk").path(0).has("label")).isFalse();
    }

    @Test
    void aLikelihoodOfAModelThatReadsBackward() {
        Terminal done = score(
                situation("bidirectional-loglik/model.safetensors"),
                situation("bidirectional-loglik/inputs.jsonl"),
                "--at",
                "each",
                "--emit",
                "softmax,loglik,rank");
        assertThat(rows(done)).hasSize(5);
        assertThat(done.output())
                .contains(
                        "sluice: note: loglik, rank: the model also reads backward, so it has seen the token whose probability it gives; this is not the likelihood of a language model");
        Terminal other = score(
                situation("bidirectional-loglik/model.safetensors"),
                situation("bidirectional-loglik/inputs.jsonl"),
                "--mode",
                "overwrite",
                "--emit",
                "softmax");
        assertThat(other.output()).noneMatch(line -> line.contains("reads backward"));
    }
}
