package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.sql.SluiceCatalog;

/**
 * Names in storage, JSON and messages are the same in a process with other digits (Egypt), another calendar (Thailand) and another upper
 * case of i (Turkey). The command line sets its own locale; SQL runs in a process of the user.
 */
@Tag("slow")
class LocaleTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final Locale BEFORE = Locale.getDefault();

    /** What differs from run to run, and the file names of Spark and Hadoop, which may have the digits of the locale. */
    private static final Pattern CHANCE = Pattern.compile(
            "part-[^/\"]*|[0-9a-f]{8}-[0-9a-f-]{27}|\\d{8}T\\d{6}Z-[0-9a-f]{8}|20\\d\\d-\\d\\d-\\d\\dT[0-9:.]+Z|[0-9.]+ m?s\\b");

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Map<String, String> expected;

    static Stream<Locale> locales() {
        return Stream.of("ar-EG", "th-TH-u-ca-buddhist-nu-thai", "tr-TR", "fa-IR", "hi-IN-u-nu-deva")
                .map(Locale::forLanguageTag);
    }

    @BeforeAll
    static void scoreInNoLocale() {
        spark = LocalSpark.restart(Map.of(
                "spark.sql.catalog.lstm",
                SluiceCatalog.class.getName(),
                "spark.sql.warehouse.dir",
                folder.resolve("warehouse").toString(),
                "spark.sql.catalog.lstm.model.next",
                TORCH.modelPath()));
        expected = observed(Locale.ROOT);
        assertThat(expected.keySet())
                .as("the runs leave what is compared")
                .contains(
                        "batches/batch=1/part",
                        "batches/_sluice/batches/1.json",
                        "batches/_sluice/increments.json",
                        "scores/_sluice/bad-rows/run=night 2/part",
                        "scores/_sluice/runs/night 2.json",
                        "states/version=2/_sluice/state.json");
    }

    @AfterEach
    void restore() {
        Locale.setDefault(BEFORE);
    }

    @AfterAll
    static void stop() {
        Locale.setDefault(BEFORE);
        spark.stop();
    }

    @ParameterizedTest
    @MethodSource("locales")
    void namesAndTextsAreTheSame(Locale locale) {
        Map<String, String> observed = observed(locale);
        assertThat(observed.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, text) -> assertThat(observed.get(name)).as(name).isEqualTo(text));
    }

    /** Checked when a message is built from parts, which the compiler's rule does not see. */
    @Test
    void everyFormatThatIsNoLiteralHasALocale() {
        Pattern unseen =
                Pattern.compile("(?:[^\"\\s)]|[^\"\\s]\\s*\\)|\\([^\";]*\\? \"[^;]*?\"\\))\\s*\\.formatted\\(");
        List<String> found = new ArrayList<>();
        for (String module : List.of("cell", "job")) {
            for (Path source : sources(Path.of("..", module, "src", "main", "java"))) {
                if (unseen.matcher(text(source)).find()) {
                    found.add(source.toString());
                }
            }
        }
        assertThat(found).as("use String.format(Locale.ROOT, ...)").isEmpty();
    }

    private static List<Path> sources(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names and small texts of all that these runs leave in a new directory, and what they say. */
    private static Map<String, String> observed(Locale locale) {
        Path place;
        try {
            place = Files.createTempDirectory(folder, "in");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> seen = new TreeMap<>();
        Locale.setDefault(locale);
        try {
            increments(place, seen);
            nights(place, seen);
            seen.put(
                    "status",
                    String.join(
                            "\n",
                            Terminal.score("--status", place.resolve("scores") + "", "--run", "night 2")
                                    .output()));
            seen.put(
                    "describe",
                    String.join(
                            "\n",
                            Terminal.score("--describe", TORCH.modelPath()).output()));
            seen.put(
                    "refused",
                    String.join(
                            "\n",
                            Terminal.score(
                                            "--model",
                                            "m",
                                            "--output",
                                            "o",
                                            "--input",
                                            "i",
                                            "--set",
                                            "input.min-length=-1234567")
                                    .errors()));
        } finally {
            Locale.setDefault(BEFORE);
        }
        seen.replaceAll((name, said) -> withoutChance(said.replace(place.toString(), "")));
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = place.relativize(file).toString();
                if (!name.startsWith("rows") && !name.endsWith(".crc")) {
                    seen.put(withoutChance(name), file.toString().endsWith(".json") ? content(file, place) : "");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return seen;
    }

    /** Two batches of new files, through SQL, with one that is repeated after its commit was lost. */
    private static void increments(Path place, Map<String, String> seen) {
        String call =
                "CALL lstm.run('next', '%s', '%s', run => 'all', input_format => 'parquet', output_format => 'parquet', settings => map('input.checkpoint', '%s', 'output.emit', 'softmax,prediction'))";
        for (int night = 0; night < 2; night++) {
            rows().write().mode("append").parquet(place.resolve("rows") + "");
            List<Row> report = spark.sql(call.formatted(
                            place.resolve("rows"), place.resolve("batches"), place.resolve("checkpoint")))
                    .select("rows", "bad_rows", "output")
                    .collectAsList();
            seen.put("increment " + night, report.toString());
        }
        String schema =
                spark.read().parquet(place.resolve("batches") + "").schema().json();
        seen.put("increments", schema); // with the shapes of vectors
        spark.sql(call.formatted(place.resolve("rows"), place.resolve("batches"), place.resolve("checkpoint")));
        seen.put(
                "rows",
                spark.read()
                                .parquet(place.resolve("batches") + "")
                                .groupBy("batch")
                                .count()
                                .orderBy("batch")
                                .collectAsList()
                        + "");
    }

    private static org.apache.spark.sql.Dataset<Row> rows() {
        return Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {1}, new Integer[] {1, 0, 1})
                .coalesce(1);
    }

    /** Two nights whose states are carried, with a bad row each. */
    private static void nights(Path place, Map<String, String> seen) {
        for (int night = 1; night <= 2; night++) {
            Run run = new Run()
                    .with("model.path", TORCH.modelPath())
                    .with("output.path", place.resolve("scores"))
                    .withInput(
                            Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {7}, new Integer[] {1}),
                            1,
                            place.resolve("rows of nights"))
                    .with("output.mode", "append")
                    .with("report.run", "night " + night)
                    .with("report.path", place.resolve("report.json"))
                    .with("bad-rows.rule", "quarantine")
                    .with("bad-rows.max-fraction", 0.5)
                    .with("state.path", place.resolve("states"))
                    .with("state.key", "id");
            run.score();
            seen.put(
                    "said " + night,
                    run.said()
                                    .lines()
                                    .filter(line -> !line.startsWith("  speed")
                                            && !line.startsWith("  tasks")
                                            && !line.startsWith("  memory"))
                                    .toList()
                            + "");
        }
    }

    private static JsonNode withoutMeasures(JsonNode tree) {
        if (tree instanceof ObjectNode report) {
            report.remove(List.of(
                    "application",
                    "seconds",
                    "seconds-of-all-tasks",
                    "tokens-per-second-per-core",
                    "peak-heap-bytes",
                    "files-sha256",
                    "settings-sha256",
                    "settings",
                    "task-layout"));
        }
        return tree;
    }

    private static String content(Path file, Path place) {
        try {
            JsonNode tree = withoutMeasures(JSON.readTree(file.toFile()));
            if (tree.path("texts") instanceof ObjectNode texts) { // a publication's record or journal holds small files
                for (Map.Entry<String, JsonNode> text : texts.properties()) {
                    if (text.getKey().endsWith(".json")) {
                        texts.set(
                                text.getKey(),
                                withoutMeasures(JSON.readTree(text.getValue().textValue())));
                    }
                }
            }
            // The bytes of a state file depend on the text of a time.
            return withoutChance(tree.toString().replace(place.toString(), "").replaceAll("(parquet\":)\\d+", "$1*"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String withoutChance(String text) {
        return CHANCE.matcher(text).replaceAll(found -> found.group().startsWith("part-") ? "part" : "*");
    }
}
