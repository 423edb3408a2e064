package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Terminal;

/**
 * A tenth of the files that PyTorch, ONNX exporters and Keras wrote, on the command line: scored as their framework scores them, or
 * rejected with the same sentence as by the reader. The tests of the cell read all of them.
 */
class RealModelsJobTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FILES = Path.of("../cell/src/test/resources/real-models");
    private static final double TOLERANCE = 1e-5;

    @TempDir
    Path folder;

    /** @param said what the reader says of the file: a message, or notes after {@code accepted} */
    private record Run(String name, Path files, String model, JsonNode settings, String said) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static List<Run> aTenth() throws IOException {
        Map<String, String> said = Arrays.stream(
                        Files.readString(FILES.resolve("messages.txt")).split("\n\n"))
                .collect(Collectors.toMap(
                        text -> text.substring(0, text.indexOf(": ")),
                        text -> text.substring(text.indexOf(": ") + 2).strip()));
        List<Run> runs = new ArrayList<>();
        try (Stream<Path> folders = Files.list(FILES)) {
            for (Path files : folders.filter(files -> Files.exists(files.resolve("case.json")))
                    .sorted()
                    .toList()) {
                JsonNode about = JSON.readTree(files.resolve("case.json").toFile());
                for (JsonNode settings : about.path("runs")) {
                    String label = settings.path("label").asText();
                    String name = files.getFileName() + (label.isEmpty() ? "" : "." + label);
                    runs.add(new Run(name, files, about.path("model").asText(), settings, said.get(name)));
                }
            }
        }
        assertThat(runs).hasSameSizeAs(said.keySet());
        List<Run> tenth = new ArrayList<>();
        for (int at = 0; at < runs.size(); at += 10) {
            tenth.add(runs.get(at));
        }
        return tenth;
    }

    private Terminal score(Run run) {
        String inputs = run.settings().path("inputs").asText("none.jsonl");
        List<String> arguments = new ArrayList<>(List.of(
                "--model", run.files().resolve(run.model()).toString(),
                "--input", run.files().resolve(inputs).toString(),
                "--input-format", "json",
                "--output", folder.resolve("out").toString(),
                "--output-format", "json",
                "--at", run.settings().path("at").asText(),
                "--emit", run.settings().path("emits").asText()));
        run.settings().path("sets").properties().forEach(set -> {
            arguments.add("--set");
            List<String> values = new ArrayList<>();
            set.getValue().elements().forEachRemaining(value -> values.add(value.asText()));
            arguments.add(
                    set.getKey() + "=" + (values.isEmpty() ? set.getValue().asText() : String.join(",", values)));
        });
        LocalSpark.session();
        return Terminal.score(arguments.toArray(String[]::new));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("aTenth")
    void isScoredAsItsFrameworkDoesOrRejected(Run run) throws IOException {
        Terminal done = score(run);
        if (run.said().startsWith("accepted")) {
            assertThat(done.code()).as("%s", done).isZero();
            assertAnswers(run);
        } else {
            assertThat(done.code()).as("%s", done).isEqualTo(2);
            assertThat(done.errors())
                    .filteredOn(line -> line.startsWith("sluice: error: "))
                    .singleElement()
                    .asString()
                    .endsWith(run.said().replace("real-models/", FILES + "/"));
            assertThat(folder.resolve("out")).doesNotExist();
        }
    }

    private void assertAnswers(Run run) throws IOException {
        JsonNode file = run.settings().path("expected");
        if (!file.isTextual() || run.settings().path("expect").asText().equals("warn")) {
            return; // the framework has no answer of this form, or the file can't tell what it computes
        }
        JsonNode expected = JSON.readTree(run.files().resolve(file.asText()).toFile());
        Map<String, JsonNode> found = new TreeMap<>();
        try (Stream<Path> parts = Files.list(folder.resolve("out"))) {
            for (Path part :
                    parts.filter(part -> part.toString().endsWith(".json")).toList()) {
                for (String line : Files.readAllLines(part)) {
                    JsonNode row = JSON.readTree(line);
                    found.put(
                            row.path("id").asText(),
                            row.path(run.settings().path("emits").asText()));
                }
            }
        }
        List<String> ids = new ArrayList<>();
        expected.fieldNames().forEachRemaining(ids::add);
        assertThat(found.keySet()).containsExactlyInAnyOrderElementsOf(ids);
        found.forEach((id, answer) -> assertClose(answer, expected.path(id), id));
    }

    private static void assertClose(JsonNode found, JsonNode expected, String where) {
        if (expected.isArray()) {
            assertThat(found).as(where).hasSameSizeAs(expected);
            for (int at = 0; at < expected.size(); at++) {
                assertClose(found.path(at), expected.path(at), where + ", " + at);
            }
        } else {
            assertThat(found.asDouble()).as(where).isCloseTo(expected.asDouble(), within(TOLERANCE));
        }
    }
}
