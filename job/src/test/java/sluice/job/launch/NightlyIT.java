package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the files of {@code submit/schedule} start, as they stand: only their environment says where things are. */
@Tag("launch")
@Tag("slow")
class NightlyIT {
    private static final int ROWS = 40;
    private static final LocalDate YESTERDAY = LocalDate.now().minusDays(1);

    @TempDir
    private Path directory;

    private Path night;
    private Map<String, String> environment;

    @BeforeEach
    void eventsOfTwoDays() throws IOException {
        night = Files.createDirectory(directory.resolve("the night"));
        environment = Map.of("SLUICE_HOME", Checkout.root().toString(), "NIGHT", night.toString());
        Files.copy(Checkout.example("reber.safetensors"), night.resolve("model.safetensors"));
        List<String> lines = Files.readAllLines(Checkout.example("strings.jsonl"));
        write(YESTERDAY, lines.subList(0, ROWS));
        write(YESTERDAY.minusDays(1), lines.subList(ROWS, 3 * ROWS));
    }

    private void write(LocalDate day, List<String> lines) throws IOException {
        Path partition = Files.createDirectories(night.resolve("events/day=" + day));
        Files.write(partition.resolve("events.jsonl"), lines);
    }

    private Launch.Ended cron() throws IOException {
        String command = Crontab.read(Checkout.schedule("cron")).jobs().get(0).command();
        return Launch.start(directory, List.of("/bin/sh", "-c", command), environment)
                .end();
    }

    private Launch.Ended airflow(LocalDate day) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString()));
        command.addAll(Launch.smallDriver());
        command.addAll(new AirflowDag(Checkout.schedule("airflow_dag.py"), environment).arguments(day.toString()));
        return Launch.start(directory, command, environment).end();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper()
                .readTree(night.resolve("scores/_sluice/report.json").toFile());
    }

    /** All that is in the scores, with its bytes. */
    private Map<String, String> scores() throws IOException {
        Map<String, String> files = new TreeMap<>();
        Path scores = night.resolve("scores");
        try (Stream<Path> all = Files.walk(scores)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(scores.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return files;
    }

    private void assertScored(LocalDate day) throws IOException {
        assertThat(report().path("run").textValue()).isEqualTo(day.toString());
        assertThat(report().path("rows").intValue()).isEqualTo(ROWS);
        assertThat(scores().keySet().stream().filter(file -> file.endsWith(".parquet")))
                .as("the rows of that day once, and of no other")
                .singleElement()
                .asString()
                .startsWith("day=" + day + "/part-");
    }

    @Test
    void cronScoresYesterdayAndTellsOfAFailure() throws IOException {
        Launch.Ended scored = cron();
        assertThat(scored.exitCode()).as(scored.toString()).isZero();
        assertThat(scored.out()).as("cron has nothing to mail").isEmpty();
        assertThat(scored.err()).isEmpty();
        assertScored(YESTERDAY);

        Map<String, String> before = scores();
        List<String> lines = new ArrayList<>(List.of("{\"id\":\"bad\",\"text\":\"BTQ\"}"));
        lines.addAll(Files.readAllLines(Checkout.example("strings.jsonl")).subList(0, ROWS));
        write(YESTERDAY, lines);
        Launch.Ended failed = cron();
        assertThat(failed.out())
                .startsWith("exit code 3")
                .contains("sluice: error: 1 of 41 rows can't be scored, more than bad-rows.max-fraction = 0.01 allows");
        assertThat(scores()).isEqualTo(before);
        Launch.local(directory, "--status", night.resolve("report.json").toString(), "--run", YESTERDAY.toString())
                .end()
                .assertFailed(3, "1 of 41 rows can't be scored");
    }

    @Test
    void airflowsArgumentsScoreADayOnceHoweverOften() throws IOException {
        airflow(YESTERDAY).assertScored();
        assertScored(YESTERDAY);
        airflow(YESTERDAY).assertScored();
        assertScored(YESTERDAY);
    }
}
