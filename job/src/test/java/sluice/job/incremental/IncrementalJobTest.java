package sluice.job.incremental;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.Drops;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;
import sluice.job.settings.InputFormat;
import sluice.job.settings.SettingValues;

/** Incremental runs score each file once, to the same rows as one run over all files. */
class IncrementalJobTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path output;
    private Path checkpoint;
    private Drops drops;

    @BeforeEach
    void setPaths() {
        output = folder.resolve("out");
        checkpoint = folder.resolve("checkpoint");
        drops = new Drops(folder.resolve("in"), InputFormat.PARQUET);
    }

    private Run plain(Path place) {
        return Run.of(TORCH, place)
                .with("input.path", drops.folder())
                .with("output.emit", "softmax,loglik")
                .with("scoring.task-seconds", 0);
    }

    private Run run() {
        return plain(output).with("input.checkpoint", checkpoint);
    }

    private Dataset<Row> table() {
        return LocalSpark.session().read().parquet(output.toString());
    }

    private Map<String, String> content() {
        Map<String, String> content = new TreeMap<>(Disk.content(output));
        content.keySet().removeIf(file -> file.endsWith(".crc"));
        return content;
    }

    private JsonNode json(String file) throws IOException {
        return JSON.readTree(output.resolve(file).toFile());
    }

    private void assertAllRowsOnce(String... settings) {
        Path whole = folder.resolve("whole");
        Run all = plain(whole).with("output.mode", "overwrite");
        for (int at = 0; at < settings.length; at += 2) {
            all.with(settings[at], settings[at + 1]);
        }
        all.score();
        assertThat(Drops.rows(output)).isEqualTo(Drops.rows(whole));
    }

    // One run per night

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"TABLE", "AVRO"})
    void fiveNightsAreOneRun(InputFormat format) throws IOException {
        drops = new Drops(folder.resolve(format.sparkName()), format);
        String name = SettingValues.name(format);
        for (int night = 0; night < 5; night++) {
            drops.add(10 + night);
            drops.add(7);
            Run run = run().with("input.format", name).with("report.run", "night " + night);
            RunReport report = run.scoreNew().orElseThrow();
            assertThat(report.measured().rows()).isEqualTo(17 + night);
            assertThat(run.said())
                    .contains(String.format(Locale.ROOT, "batch %d: 2 files, %d sequences", night, 17 + night));
            assertThat(table().where("batch = " + night).count()).isEqualTo(17 + night);
        }
        assertThat(table().count()).isEqualTo(drops.rows());
        assertThat(table().columns()).endsWith("batch");
        assertAllRowsOnce("input.format", name);

        JsonNode last = json(RunReport.FILE);
        assertThat(last.path("rows").asLong()).isEqualTo(21);
        assertThat(last.path("files").asLong()).isEqualTo(2);
        assertThat(last.path("batches").toString()).isEqualTo("[4]");
        assertThat(last.path("columns").toString()).endsWith(",\"batch\"]");
        JsonNode third = json("_sluice/batches/2.json");
        assertThat(third.path("run").asText()).isEqualTo("night 2");
        assertThat(third.path("rows").asLong()).isEqualTo(19);
        assertThat(json("_sluice/runs/night 2.json").path("batches").toString()).isEqualTo("[2]");
        assertThat(Disk.names(folder)).doesNotContain(".out.staging").contains("out", "checkpoint");
    }

    /** Three nights, with copies of the output and of the checkpoint after the first; more files arrive. */
    private void scoreThreeNights() throws IOException {
        for (int night = 0; night < 3; night++) {
            drops.add(10 + night);
            run().scoreNew();
            if (night == 0) {
                Disk.copy(output, folder.resolve("output of monday"));
                Disk.copy(checkpoint, folder.resolve("checkpoint of monday"));
            }
        }
        drops.add(7);
    }

    private void restore(Path place, String backup) throws IOException {
        Files.move(place, folder.resolve("lost"));
        Disk.copy(folder.resolve(backup), place);
    }

    @Test
    void anOutputThatIsOlderThanItsCheckpointIsRefused() throws IOException {
        scoreThreeNights();
        restore(output, "output of monday");
        Map<String, String> before = content();
        assertThatThrownBy(run()::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: its last batch is 0, but its checkpoint %s records batch 2 as scored, so rows are missing; restore the output and the checkpoint from backups of the same time, or begin again with another --incremental and another --output",
                        output, checkpoint);
        assertThat(content()).isEqualTo(before);
    }

    @Test
    void aCheckpointThatIsOlderThanItsOutputIsRefused() throws IOException {
        scoreThreeNights();
        restore(checkpoint, "checkpoint of monday");
        Map<String, String> before = content();
        assertThatThrownBy(run()::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: its last batch is 2, but its checkpoint %s knows batches up to 0 only, so rows would be added again; restore the output and the checkpoint from backups of the same time, or begin again with another --incremental and another --output",
                        output, checkpoint);
        assertThat(content()).isEqualTo(before);
    }

    /** The next batch has the number of the unknown one, and its files too. */
    @Test
    void aCheckpointThatLacksTheLastBatchIsContinued() throws IOException {
        drops.add(10);
        run().scoreNew();
        Disk.copy(checkpoint, folder.resolve("checkpoint of monday"));
        drops.add(11);
        run().scoreNew();
        drops.add(7);
        restore(checkpoint, "checkpoint of monday");
        run().scoreNew();
        assertThat(table().count()).isEqualTo(drops.rows());
        assertAllRowsOnce();
    }

    @Test
    void bothRestoredFromTheSameTimeAreContinued() throws IOException {
        scoreThreeNights();
        restore(output, "output of monday");
        Files.move(checkpoint, folder.resolve("lost checkpoint"));
        Disk.copy(folder.resolve("checkpoint of monday"), checkpoint);
        run().scoreNew();
        assertThat(table().count()).isEqualTo(drops.rows());
        assertAllRowsOnce();
    }

    @Test
    void nothingNewChangesNothing() {
        Run none = run();
        assertThat(none.scoreNew()).isEmpty();
        assertThat(none.said()).contains("no new files: %s has no files yet".formatted(drops.folder()));
        assertThat(Disk.names(folder)).containsExactly("in");

        drops.add(5);
        run().scoreNew();
        Map<String, String> before = content();
        Run idle = run();
        assertThat(idle.scoreNew()).isEmpty();
        assertThat(idle.said()).contains("no new files in " + drops.folder());
        assertThat(content()).isEqualTo(before);
        assertThat(Disk.names(folder)).doesNotContain(".out");
    }

    /** {@code --status} finds a named run even if it had no new files. */
    @Test
    void aNamedRunWithoutNewFilesLeavesAReport() {
        drops.add(5);
        run().with("report.run", "monday").scoreNew();
        run().with("report.run", "tuesday").scoreNew();
        Terminal tuesday = Terminal.score("--status", output.toString(), "--run", "tuesday");
        assertThat(tuesday.code()).isZero();
        assertThat(tuesday.output())
                .anyMatch(line -> line.contains("'tuesday'") && line.endsWith(": 0 sequences, 0 tokens"));
        assertThat(Terminal.score("--status", output.toString(), "--run", "monday")
                        .output())
                .anyMatch(line -> line.endsWith("ended with 0: 5 sequences, 15 tokens"));
        assertThat(Terminal.score("--status", output.toString(), "--run", "friday")
                        .code())
                .isEqualTo(1);
    }

    /** Such a run writes no output, but it has ended well. */
    @Test
    void aNamedRunBeforeTheFirstFileSucceeds() {
        String[] options = {
            "--model", TORCH.modelPath(),
            "--input", drops.folder().toString(),
            "--output", output.toString(),
            "--incremental", checkpoint.toString(),
            "--run", "monday",
            "--report", folder.resolve("report.json").toString()
        };
        assertThat(terminal(options).code()).isZero();
        for (Path place : List.of(output, folder.resolve("report.json"))) {
            Terminal status = terminal("--status", place.toString(), "--run", "monday");
            assertThat(status.code()).as("%s", status).isZero();
        }
    }

    @Test
    void maxFilesPerTriggerLimitsABatch() throws IOException {
        for (int file = 0; file < 5; file++) {
            drops.add(6);
        }
        Run run = run().with("input.options.maxFilesPerTrigger", 2)
                .with("output.partition-by", "day")
                .with("scoring.task-seconds", 30);
        assertThat(run.scoreNew().orElseThrow().measured().rows()).isEqualTo(30);
        assertThat(Disk.names(output)).contains("batch=0", "batch=1", "batch=2").doesNotContain("batch=3");
        assertThat(Disk.names(output.resolve("batch=2"))).containsExactly("day=0", "day=1", "day=2");
        assertThat(json(RunReport.FILE).path("batches").toString()).isEqualTo("[0,1,2]");
        assertThat(json(RunReport.FILE).path("files").asInt()).isEqualTo(5);
        assertThat(json("_sluice/batches/2.json").path("files").asInt()).isEqualTo(1);
        assertAllRowsOnce("output.partition-by", "day");
    }

    @Test
    void filterColumnsAndPrefixAreThoseOfAFullRun() {
        String[] settings = {
            "input.filter", "id % 2 = 0", "input.columns", "id", "output.prefix", "lstm_", "output.provenance", "false"
        };
        for (int night = 0; night < 2; night++) {
            drops.add(9);
            Run run = run();
            for (int at = 0; at < settings.length; at += 2) {
                run.with(settings[at], settings[at + 1]);
            }
            run.scoreNew();
        }
        assertThat(table().columns()).containsExactly("id", "lstm_softmax", "lstm_loglik", "lstm_batch");
        Path whole = folder.resolve("whole");
        Run all = plain(whole);
        for (int at = 0; at < settings.length; at += 2) {
            all.with(settings[at], settings[at + 1]);
        }
        all.score();
        assertThat(Drops.rows(table().drop("lstm_batch"))).isEqualTo(Drops.rows(whole));
    }

    /** A file that was copied with an old modification time is new. */
    @Test
    void aLateFileWithAnOldTimeIsScored() throws IOException {
        drops.add(5);
        run().scoreNew();
        Path late = drops.add(5);
        Files.setLastModifiedTime(late, java.nio.file.attribute.FileTime.fromMillis(0));
        assertThat(run().scoreNew()).isPresent();
        assertAllRowsOnce();
    }

    @Test
    void aNewModelScoresTheLaterBatches() throws IOException {
        drops.add(5);
        run().scoreNew();
        drops.add(5);
        Run other = run().with("model.path", TorchCase.named("uni_l1_h3").modelPath());
        other.scoreNew();
        assertThat(other.said())
                .contains("note: batches up to 0 were scored with another model, of SHA-256 "
                        + TORCH.model().fingerprint());
        assertThat(json(RunReport.FILE).path("model-before").asText())
                .isEqualTo(TORCH.model().fingerprint());
        assertThat(table().count()).isEqualTo(10);
    }

    // Batches that Spark replays

    @Test
    void aBatchThatIsInTheOutputIsSkipped() throws IOException {
        drops.add(5);
        run().scoreNew();
        drops.add(5);
        run().scoreNew();
        Map<String, String> before = content();
        Files.delete(checkpoint.resolve("commits/1"));
        Files.deleteIfExists(checkpoint.resolve("commits/.1.crc"));
        Run again = run();
        assertThat(again.scoreNew()).isEmpty();
        assertThat(again.said()).contains("batch 1: is in %s already".formatted(output));
        assertThat(content()).isEqualTo(before);
        drops.add(5);
        assertThat(run().scoreNew()).isPresent();
        assertAllRowsOnce();
    }

    /** Happens only if a user deletes files of Spark's checkpoint. */
    @Test
    void aBatchOfOtherFilesReplacesItsWholePartition() throws IOException {
        drops.add(6);
        run().with("output.partition-by", "day").scoreNew();
        Files.delete(drops.folder().resolve("drop-000"));
        for (String log : List.of("commits/0", "offsets/0", "sources/0/0")) {
            Files.delete(checkpoint.resolve(log));
            Path file = checkpoint.resolve(log);
            Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
        }
        drops.add(LocalSpark.session().sql("SELECT 70L AS id, 1L AS day, array(0L) AS tokens"));
        assertThat(run().with("output.partition-by", "day").scoreNew()).isPresent();
        assertThat(table().select("id").collectAsList())
                .extracting(row -> row.getLong(0))
                .containsExactly(70L);
        assertThat(Disk.names(output.resolve("batch=0"))).containsExactly("day=1");
    }

    // Bad rows

    private void nightWithABadRow() {
        drops.add(20);
        run().scoreNew();
        drops.add(20);
        drops.add(LocalSpark.session().sql("SELECT 40L AS id, 1L AS day, array(7L) AS tokens"));
    }

    @Test
    void aBadRowFailsItsBatchAndTheNextRunRepeatsIt() throws IOException {
        nightWithABadRow();
        Map<String, String> before = content();
        for (int tries = 0; tries < 2; tries++) {
            Run failing = run();
            Throwable failure = catchThrowable(failing::scoreNew);
            assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
            assertThat(Failure.sentence(failure)).contains("id=40", "token 7 at step 0 is outside [0, 2)");
            assertThat(failing.said())
                    .contains("batch 1: is not in %s; the next run scores its files again".formatted(output));
            assertThat(content()).isEqualTo(before);
        }
        drops.add(3); // not in the failed batch
        Files.delete(drops.folder().resolve("drop-002"));
        assertThat(run().scoreNew().orElseThrow().measured().rows()).isEqualTo(23);
        assertThat(table().where("batch = 1").count()).isEqualTo(20);
        assertThat(table().where("batch = 2").count()).isEqualTo(3);
        assertAllRowsOnce();
    }

    /** The file is replaced under its name. */
    @Test
    void aRepairedFileIsScored() throws IOException {
        nightWithABadRow();
        assertThatThrownBy(run()::scoreNew).isNotNull();
        Path mended = drops.add(LocalSpark.session().sql("SELECT 40L AS id, 1L AS day, array(1L) AS tokens"));
        Files.move(mended, drops.folder().resolve("drop-002"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(run().scoreNew().orElseThrow().measured().rows()).isEqualTo(21);
        assertAllRowsOnce();
    }

    @Test
    void badRowsOfABatchAreQuarantined() throws IOException {
        nightWithABadRow();
        Run run = run().with("bad-rows.rule", "quarantine");
        assertThat(run.scoreNew().orElseThrow().measured().rows()).isEqualTo(20);
        assertThat(run.said()).contains("they are in %s/_sluice/bad-rows".formatted(output));
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(output.resolve("_sluice/bad-rows").toString())
                        .select("id", "batch", "reason.code")
                        .collectAsList())
                .extracting(Row::toString)
                .containsExactly("[40,1,token-out-of-range]");
        assertThat(json(RunReport.FILE).path("bad-rows").path("rows").asInt()).isEqualTo(1);
        assertThat(table().count()).isEqualTo(40);
    }

    @Test
    void badRowsOfABatchAreKeptWithNullAnswers() {
        for (int night = 0; night < 2; night++) {
            drops.add(20);
            if (night == 1) {
                drops.add(LocalSpark.session().sql("SELECT 40L AS id, 1L AS day, array(7L) AS tokens"));
            }
            run().with("bad-rows.rule", "null").scoreNew();
        }
        assertThat(table().where("reason IS NOT NULL").select("id", "batch").collectAsList())
                .extracting(Row::toString)
                .containsExactly("[40,1]");
        assertAllRowsOnce("bad-rows.rule", "null");
    }

    @Test
    void tooManyBadRowsFailTheirBatch() {
        nightWithABadRow();
        Map<String, String> before = content();
        Throwable failure = catchThrowable(
                run().with("bad-rows.rule", "quarantine").with("bad-rows.max-fraction", "0.01")::scoreNew);
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
        assertThat(Failure.sentence(failure)).contains("1 of 21 rows can't be scored");
        assertThat(content()).isEqualTo(before);
        assertThat(Disk.names(folder)).noneMatch(name -> name.contains("staging"));
    }

    /** A batch may have no scored rows. */
    @Test
    void aBatchOfBadRowsOnly() {
        drops.add(LocalSpark.session().sql("SELECT 40L AS id, 1L AS day, array(7L) AS tokens"));
        Run run = run().with("bad-rows.rule", "quarantine").with("bad-rows.max-fraction", "1");
        assertThat(run.scoreNew().orElseThrow().measured().rows()).isZero();
        drops.add(5);
        assertThat(run().scoreNew().orElseThrow().measured().rows()).isEqualTo(5);
        assertThat(table().count()).isEqualTo(5);
        assertThat(Disk.names(output)).contains("batch=1").doesNotContain("batch=0");
    }

    // Files that cannot be read, or have another schema

    @Test
    void aBrokenFileIsNamed() throws IOException {
        drops.add(5);
        run().scoreNew();
        Map<String, String> before = content();
        Path broken = drops.add("PAR1 this is no Parquet file PAR1");
        Throwable failure = catchThrowable(run()::scoreNew);
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.FAILED);
        assertThat(Failure.sentence(failure)).contains(broken + ": can't be read: ", "repair or remove the file");
        assertThat(content()).isEqualTo(before);
        Files.delete(broken);
        drops.add(5);
        assertThat(run().scoreNew()).isPresent();
        assertAllRowsOnce();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "id, tokens                                    | has no column 'day', which the files before it have; it has id, tokens;",
                "id, day, concat('t', id) AS tokens            | can't be read: ",
                "concat('r', id) AS id, day, tokens            | can't be read: ",
            })
    void aFileOfOtherColumnsIsNamed(String columns, String sentence) {
        drops.add(5);
        run().scoreNew();
        Map<String, String> before = content();
        Path other = drops.add(LocalSpark.session()
                .sql("SELECT %s FROM (SELECT 5L AS id, 1L AS day, array(0L) AS tokens)".formatted(columns)));
        assertThat(Failure.sentence(catchThrowable(run()::scoreNew))).contains(other.toString(), sentence);
        assertThat(content()).isEqualTo(before);
    }

    @Test
    void aNewColumnIsReported() {
        drops.add(5);
        run().scoreNew();
        drops.add(LocalSpark.session().sql("SELECT 5L AS id, 'x' AS user, 1L AS day, array(0L) AS tokens"));
        Run run = run();
        run.scoreNew();
        assertThat(run.said())
                .contains(
                        "note: files of batch 1 have a column 'user', which the first files do not have; it is not read");
        assertThat(table().count()).isEqualTo(6);
    }

    /** Later files are read with the types of the first ones. */
    @Test
    void jsonKeepsItsTypes() {
        drops = new Drops(folder.resolve("json"), InputFormat.JSON);
        drops.add("{\"id\":1,\"tokens\":[0,1]}");
        run().with("input.format", "json").scoreNew();
        drops.add("{\"id\":2,\"tokens\":[]}", "{\"id\":3}");
        run().with("input.format", "json")
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "1")
                .scoreNew();
        assertThat(table().count()).isEqualTo(2);
        drops.add("{\"id\":\"four\",\"tokens\":[1]}");
        Throwable failure = catchThrowable(run().with("input.format", "json")::scoreNew);
        assertThat(Failure.code(failure)).isEqualTo(ExitCode.BAD_ROWS);
        assertThat(Failure.sentence(failure))
                .isEqualTo(
                        "a line is no JSON object of these columns: {\"id\":\"four\",\"tokens\":[1]} (broken-record)");
    }

    @Test
    void csvOfAnotherHeaderIsNamed() {
        drops = new Drops(folder.resolve("csv"), InputFormat.CSV);
        drops.add("id,tokens", "1,0 1");
        run().with("input.format", "csv").scoreNew();
        Path other = drops.add("tokens,id", "0 1,2");
        Throwable failure = catchThrowable(run().with("input.format", "csv")::scoreNew);
        assertThat(Failure.sentence(failure)).contains(other.toString(), "CSV header does not conform to the schema");
        assertThat(table().count()).isEqualTo(1);
    }

    // Settings, checkpoint, input and output that do not fit together

    private void assertRefused(Run run, String... words) {
        Map<String, String> before = Files.exists(output) ? content() : Map.of();
        assertThatThrownBy(run::scoreNew).isInstanceOf(RefusedException.class).hasMessageContainingAll(words);
        assertThat(Files.exists(output) ? content() : Map.of()).isEqualTo(before);
    }

    @Test
    void aNewCheckpointWouldRepeatRows() {
        drops.add(5);
        run().scoreNew();
        assertRefused(
                run().with("input.checkpoint", folder.resolve("fresh")),
                output + ": its batches belong to the checkpoint " + checkpoint,
                "would add their rows again");
        assertThat(Disk.names(folder)).doesNotContain("fresh");
    }

    @Test
    void aCheckpointOfAnotherOutputIsRefused() {
        drops.add(5);
        run().scoreNew();
        assertRefused(
                run().with("output.path", folder.resolve("other")),
                checkpoint + ": is the checkpoint of the output file:" + output);
    }

    @Test
    void aMissingOutputIsRefused() throws IOException {
        drops.add(5);
        run().scoreNew();
        Files.move(output, folder.resolve("elsewhere"));
        assertRefused(run(), "out: is missing, and the checkpoint " + checkpoint);
        drops.add(5);
        // A moved output is accepted at its new path.
        run().with("output.path", folder.resolve("elsewhere")).scoreNew();
        output = folder.resolve("elsewhere");
        assertAllRowsOnce();
    }

    @Test
    void aCheckpointOfAnotherInputIsRefused() {
        drops.add(5);
        run().scoreNew();
        Drops other = new Drops(folder.resolve("other"), InputFormat.PARQUET);
        assertRefused(
                run().with("input.path", other.folder()),
                checkpoint + ": is the checkpoint of the files in file:" + drops.folder());
        assertRefused(run().with("input.format", "json"), "files of format parquet, not json");
    }

    @Test
    void anOutputOfAFullRunIsRefused() {
        drops.add(5);
        plain(output).score();
        assertRefused(run(), output + ": was not written by runs with --incremental");
    }

    @Test
    void otherColumnsThanBeforeAreRefused() {
        drops.add(5);
        run().scoreNew();
        drops.add(5);
        assertRefused(
                run().with("output.emit", "loglik"),
                "can't be added to: it has a column 'softmax' (array<float>), and this run's rows have none");
        assertRefused(
                run().with("output.partition-by", "day"),
                "it is partitioned by batch, and this run's rows by batch, day");
    }

    @Test
    void anInputColumnNamedBatchIsRefused() {
        drops.add(LocalSpark.session().sql("SELECT 5L AS batch, array(0L) AS tokens"));
        assertRefused(run(), "the input has a column 'batch' already; set output.prefix");
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "overwrite", "partitions"})
    void otherModesAreRefused(String mode) {
        drops.add(5);
        assertRefused(
                run().with("output.mode", mode).with("output.partition-by", "day"),
                "output.mode = %s: with --incremental (input.checkpoint) the rows of new files are added"
                        .formatted(mode));
    }

    @Test
    void anythingButADirectoryOfFilesIsRefused() {
        drops.add(5);
        assertRefused(run().with("input.format", "table"), "input.format = table: ");
        assertRefused(run().with("output.format", "table"), "output.format = table: ");
        assertRefused(run().with("input.path", "a,b"), "input.path: a, b are 2 paths, expected one");
        assertRefused(run().with("input.path", folder.resolve("missing")), "missing: no such file or directory");
    }

    @Test
    void aDirectoryThatIsNoCheckpointIsRefused() {
        drops.add(5);
        Disk.write(folder.resolve("note"), "");
        assertRefused(run().with("input.checkpoint", folder), "holds something other than a checkpoint");
        assertRefused(
                run().with("input.checkpoint", folder.resolve("note")),
                "note: holds something other than a checkpoint");
        assertRefused(
                run().with("input.checkpoint", drops.folder().resolve("_checkpoint")),
                "--incremental %s/_checkpoint: lies in --input %s; choose places apart from each other"
                        .formatted(drops.folder(), drops.folder()));
    }

    @Test
    void aDamagedCheckpointIsRefused() {
        drops.add(5);
        run().scoreNew();
        Disk.write(checkpoint.resolve("sluice.json"), "{\"id\": 1}");
        deleteChecksum(checkpoint.resolve("sluice.json"));
        assertRefused(run(), checkpoint + "/sluice.json: can't be read: ");
        Disk.write(checkpoint.resolve("sluice.json"), "null");
        assertRefused(run(), checkpoint + "/sluice.json: can't be read: expected a JSON object, found null");
    }

    private static void deleteChecksum(Path file) {
        assertThat(file.resolveSibling("." + file.getFileName() + ".crc")
                        .toFile()
                        .delete())
                .isTrue();
    }

    // The command line

    @Test
    void onTheCommandLine() {
        drops.add(5);
        String[] options = {
            "--model", TORCH.modelPath(),
            "--input", drops.folder().toString(),
            "--output", output.toString(),
            "--incremental", checkpoint.toString(),
            "--emit", "prediction"
        };
        Terminal first = terminal(with(options, "--show", "1"));
        assertThat(first.errors()).isEmpty();
        assertThat(first.code()).isZero();
        assertThat(first.output()).anyMatch(line -> line.contains("\"batch\":0"));
        Terminal idle = terminal(with(options, "--show", "1"));
        assertThat(idle.code()).isZero();
        assertThat(idle.output()).contains("sluice: no new files in " + drops.folder());
        Terminal dry = terminal(with(options, "--dry-run"));
        assertThat(dry.code()).isEqualTo(2);
        assertThat(dry.errors()).anyMatch(line -> line.contains("leave out --incremental"));
        assertThat(terminal(with(options, "--mode", "overwrite")).code()).isEqualTo(2);
        assertThat(terminal("--status", output.toString()).output())
                .anyMatch(line -> line.endsWith("ended with 0: 5 sequences, 15 tokens"));
        Disk.write(drops.folder().resolve("bad"), "no Parquet");
        Path copy = folder.resolve("report.json");
        assertThat(terminal(with(options, "--report", copy.toString())).code()).isEqualTo(1);
        assertThat(terminal("--status", copy.toString()).code()).isEqualTo(1);
    }

    /** Each command stops the Spark session that it uses. */
    private static Terminal terminal(String... arguments) {
        LocalSpark.session();
        return Terminal.score(arguments);
    }

    private static String[] with(String[] options, String... more) {
        return java.util.stream.Stream.of(options, more)
                .flatMap(java.util.Arrays::stream)
                .toArray(String[]::new);
    }
}
