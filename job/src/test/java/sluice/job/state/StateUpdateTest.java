package sluice.job.state;

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
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.States;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/** States that are carried from run to run: what updates them, what leaves them unchanged, and what is refused. */
class StateUpdateTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    Path folder;

    private Path states;

    @BeforeEach
    void nameStates() {
        states = folder.resolve("states");
    }

    /** Writes rows of a key and its tokens: {@code "ann: 0 1"}; {@code "-"} is null. */
    private Path input(String name, String... rows) {
        String sql = List.of(rows).stream()
                .map(row -> row.split(": ?", -1))
                .map(row -> "(%s, %s)"
                        .formatted(row[0].equals("-") ? "CAST(NULL AS string)" : "'" + row[0] + "'", array(row[1])))
                .collect(Collectors.joining(", ", "SELECT * FROM VALUES ", " AS t(who, tokens)"));
        Path path = folder.resolve(name);
        LocalSpark.session().sql(sql).coalesce(1).write().mode("overwrite").parquet(path.toString());
        return path;
    }

    private static String array(String tokens) {
        return tokens.equals("-")
                ? "CAST(NULL AS array<int>)"
                : "CAST(array(%s) AS array<int>)".formatted(tokens.strip().replace(" ", ", "));
    }

    private Run run(String name, Path input, String output, String mode) {
        return Run.of(TORCH, folder.resolve(output))
                .with("input.path", input)
                .with("output.mode", mode)
                .with("output.emit", "prediction")
                .with("report.run", name)
                .with("state.path", states)
                .with("state.key", "who");
    }

    private void assertStates(String... histories) {
        Map<Object, List<Integer>> expected = List.of(histories).stream()
                .map(row -> row.split(": ", -1))
                .collect(Collectors.toMap(row -> (Object) row[0], row -> state(row[1])));
        assertThat(States.newest(states, "who")).isEqualTo(expected);
    }

    private static List<Integer> state(String tokens) {
        int[] ids =
                List.of(tokens.split(" ")).stream().mapToInt(Integer::parseInt).toArray();
        return States.bits(CompiledModel.compile(TORCH.model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(Steps.LAST, List.of(OutputKind.STATE), 1))
                .score(List.of(Sequence.ofTokens(ids)))
                .get(0)
                .state());
    }

    private static Optional<RunReport.States> report(Run run) {
        return run.score().states();
    }

    // Consecutive runs

    @Test
    void keysContinueStayOrBegin() throws IOException {
        Run first = run("monday", input("in1", "ann: 0 1", "bob: 1"), "out", "append");
        assertThat(report(first)).contains(new RunReport.States(states.toString(), 0, 1, "version=1", 0, 2, 2, 0, 2));
        assertThat(first.said())
                .contains("0 of 2 keys continue from their states in %s, which has no version to start from"
                        .formatted(states));

        Run second = run("tuesday", input("in2", "ann: 1 1", "cid: 0"), "out", "append");
        assertThat(report(second)).contains(new RunReport.States(states.toString(), 1, 2, "version=2", 1, 1, 3, 2, 3));
        assertThat(second.said())
                .contains(
                        "1 of 2 keys continue from their states in %s/version=1 of the run 'monday'".formatted(states))
                .contains("  states    1 key continued, 1 new; %s/version=2 has 3".formatted(states));
        assertStates("ann: 0 1 1 1", "bob: 1", "cid: 0");

        JsonNode json = new ObjectMapper()
                .readTree(folder.resolve("out").resolve(RunReport.FILE).toFile())
                .path("state");
        assertThat(json.toString())
                .isEqualTo(
                        "{\"path\":\"%s\",\"version-before\":1,\"version-after\":2,\"keys-continued\":1,\"keys-new\":1,\"keys\":3,\"rows-read\":2,\"rows-written\":3}"
                                .formatted(states));
        JsonNode manifest = new ObjectMapper().readTree(States.manifest(states, 2));
        assertThat(manifest.path("previous-version").asLong()).isEqualTo(1);
        assertThat(manifest.path("run").asText()).isEqualTo("tuesday");
        assertThat(manifest.path("model").asText()).isEqualTo(TORCH.model().fingerprint());
        assertThat(manifest.path("key").toString()).isEqualTo("{\"who\":\"string\"}");
        assertThat(Disk.names(folder)).containsExactly("in1", "in2", "out", "states");
        assertThat(Disk.names(states)).containsExactly("version=1", "version=2");
    }

    @Test
    void theMetadataDescribesTheBytes() {
        run("", input("in1", "ann: 0 1"), "out", "error").score();
        int units = TORCH.model().directions().get(0).hiddenWidth();
        var schema = LocalSpark.session()
                .read()
                .parquet(states.resolve("version=1").toString())
                .schema();
        assertThat(schema.fieldNames()).containsExactly("who", "h", "c", "seen");
        assertThat(schema.apply("h").metadata().getString("sluice.type")).isEqualTo("float32le");
        assertThat(schema.apply("c").metadata().getString("sluice.shape"))
                .isEqualTo(String.format(Locale.ROOT, "(1, %d)", units));
    }

    /** A run writes its own keys, and merges them with segments that are not larger. */
    @Test
    void aRunWritesTheKeysThatChanged() throws IOException {
        run("1", input("in1", "ann: 0", "bob: 0", "cid: 0", "dan: 0", "eve: 0"), "out1", "error")
                .score();
        List<List<Long>> parts = List.of(List.of(1L, 2L), List.of(1L, 3L), List.of(1L, 3L, 4L), List.of(1L, 5L));
        List<Integer> written = List.of(1, 2, 1, 3);
        List<String> keys = List.of("ann", "bob", "ann", "fay");
        for (int night = 2; night <= 5; night++) {
            Run run = run("n" + night, input("in" + night, keys.get(night - 2) + ": 1"), "out" + night, "error");
            assertThat(report(run).orElseThrow().written()).isEqualTo((long) written.get(night - 2));
            assertThat(States.segments(states, night)).isEqualTo(parts.get(night - 2));
            if (night == 4) {
                assertStates("ann: 0 1 1", "bob: 0 1", "cid: 0", "dan: 0", "eve: 0");
            }
        }
        assertStates("ann: 0 1 1", "bob: 0 1", "cid: 0", "dan: 0", "eve: 0", "fay: 1");
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(states.resolve("version=5").toString())
                        .schema()
                        .apply("c")
                        .metadata()
                        .getString("sluice.type"))
                .isEqualTo("float32le");

        // A version needs the versions of its segments.
        Files.move(states.resolve("version=5"), folder.resolve("away"));
        Path part = aFileOf("version=3");
        long bytes = Files.size(part);
        Files.delete(part);
        assertRefused(
                run("again", folder.resolve("in5"), "again", "error"),
                String.format(
                        Locale.ROOT,
                        "%s/version=3: is damaged: its file %s is gone, expected %,d bytes; restore it from a backup: version 4 needs it",
                        states,
                        part.getFileName(),
                        bytes));
    }

    @Test
    void badRowsAndEmptySequencesLeaveStatesUnchanged() {
        run("1", input("in1", "ann: 0 1", "bob: 1", "cid: 1 1", "dan: "), "out", "append")
                .score();
        assertStates("ann: 0 1", "bob: 1", "cid: 1 1");
        for (String rule : List.of("quarantine", "null")) {
            Run second = run(rule, input("in2", "ann: 7", "bob: -", "-: 0", "-: 1", "cid: ", "eve: 9"), rule, "error")
                    .with("bad-rows.rule", rule)
                    .with("bad-rows.max-fraction", 1);
            RunReport report = second.score();
            assertThat(report.badRows().value()).containsOnlyKeys("null-key", "null-sequence", "token-out-of-range");
            assertThat(report.badRows().value().get("null-key").rows()).isEqualTo(2);
            assertThat(report.states().orElseThrow().begun()).isZero();
            assertStates("ann: 0 1", "bob: 1", "cid: 1 1");
        }
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("quarantine/_sluice/bad-rows").toString())
                        .columns())
                .containsExactly("who", "tokens", "reason");
    }

    @Test
    void aRunWithoutRowsChangesNoState() {
        run("1", input("in1", "ann: 0 1"), "out1", "error").score();
        Run empty = run("2", input("in2", "ann: 0"), "out2", "error").with("input.filter", "false");
        assertThat(report(empty)).contains(new RunReport.States(states.toString(), 1, 2, "version=2", 0, 0, 1, 1, 0));
        assertStates("ann: 0 1");
    }

    @Test
    void keysOfTextFormatsAndSeveralColumns() {
        Disk.write(
                folder.resolve("1.json"),
                "{\"a\": 1, \"b\": \"x\", \"tokens\": [0]}\n{\"a\": 1, \"b\": \"y\", \"tokens\": [1]}\n");
        Disk.write(folder.resolve("2.json"), "{\"a\": 1, \"b\": \"x\", \"tokens\": [1]}\nnot json\n");
        for (int night = 1; night <= 2; night++) {
            run("n" + night, folder.resolve(night + ".json"), "out" + night, "error")
                    .with("input.format", "json")
                    .with("state.key", "a,b")
                    .with("bad-rows.rule", "quarantine")
                    .with("bad-rows.max-fraction", 1)
                    .score();
        }
        assertThat(States.newest(states, "b")).isEqualTo(Map.of("x", state("0 1"), "y", state("1")));
    }

    @Test
    void aDryRunReportsHowManyKeysHaveAState() {
        run("1", input("in1", "ann: 0 1", "bob: 1"), "out1", "error").score();
        input("in2", "ann: 1", "cid: 1", "dan: 0");
        LocalSpark.session();
        Terminal dry = Terminal.score(
                "--model",
                TORCH.modelPath(),
                "--input",
                folder.resolve("in2").toString(),
                "--output",
                folder.resolve("out2").toString(),
                "--set",
                "state.path=" + states,
                "--set",
                "state.key=who",
                "--dry-run");
        assertThat(dry.errors()).isEmpty();
        assertThat(dry.output())
                .contains("states      1 of 3 keys continue from their states in %s/version=1 of the run '1'"
                        .formatted(states));
        assertThat(States.versions(states)).containsExactly(1L);
    }

    // Repeated runs

    @Test
    void appendedOnceIsCarriedOnce() {
        Path input = input("in1", "ann: 0 1");
        run("monday", input, "out", "append").score();
        assertThat(run("monday", input, "out", "append").scoreOnce()).isEmpty();
        assertThat(States.versions(states)).containsExactly(1L);
    }

    @ParameterizedTest
    @CsvSource({"overwrite, out", "partitions, out", "append, elsewhere", "error, elsewhere"})
    void aRepeatedRunStartsWhereItHadStarted(String mode, String output) {
        run("sunday", input("in0", "ann: 1"), "out0", "error").score();
        for (int time = 0; time < 3; time++) {
            Run run = run("monday", input("in1", "ann: 0 1", "bob: 1"), time == 0 ? "out" : output + time, mode)
                    .with("output.partition-by", "who");
            if (mode.equals("overwrite") || mode.equals("partitions")) {
                run.with("output.path", folder.resolve("out"));
            }
            assertThat(report(run))
                    .contains(new RunReport.States(
                            states.toString(), 1, 2 + time, "version=" + (2 + time), 1, 1, 2, 1, 2));
            assertStates("ann: 1 0 1", "bob: 1");
        }
        // The next run starts from the last repetition.
        run("tuesday", input("in2", "ann: 0"), "out2", "error").score();
        assertStates("ann: 1 0 1 0", "bob: 1");
    }

    @Test
    void theVeryFirstRunMayBeRepeatedToo() {
        for (int time = 0; time < 3; time++) {
            run("monday", input("in1", "ann: 0 1"), "out", "overwrite")
                    .with("state.keep", 2)
                    .score();
            assertStates("ann: 0 1");
        }
        assertThat(States.versions(states)).containsExactly(2L, 3L);
    }

    @Test
    void aRunWithoutANameIsANewRun() {
        for (int time = 0; time < 2; time++) {
            run("", input("in1", "ann: 0 1"), "out", "overwrite").score();
        }
        assertStates("ann: 0 1 0 1");
    }

    @Test
    void aRunThatLaterVersionsDependOnIsRefused() {
        for (String day : List.of("monday", "tuesday", "wednesday")) {
            run(day, input("in1", "ann: 0 1"), day, "error").score();
        }
        assertRefused(
                run("monday", input("in1", "ann: 0 1"), "monday", "overwrite"),
                "%s: the run 'monday' already made version 1, and version 3 was made since: move version 1 and all later ones away and repeat those runs too, or choose another --run"
                        .formatted(states));
    }

    @Test
    void movingVersionsAwayRestoresAnOlderOne() throws IOException {
        for (String day : List.of("monday", "tuesday")) {
            run(day, input("in1", "ann: 0 1"), day, "error").score();
        }
        Files.move(states.resolve("version=2"), folder.resolve("away"));
        run("tuesday", input("in2", "ann: 1"), "again", "error").score();
        assertStates("ann: 0 1 1");
        assertThat(States.versions(states)).containsExactly(1L, 2L);
    }

    // Failed runs

    @Test
    void aRunThatFailsLeavesTheStatesAlone() {
        run("1", input("in1", "ann: 0 1"), "out", "append").score();
        Map<String, String> before = Disk.content(states);
        Run bad = run("2", input("in2", "ann: 1", "bob: 7"), "out", "append");
        assertThat(Failure.sentence(catchThrowable(bad::score))).contains("row who=bob: column 'tokens': token 7");
        Run tooMany =
                run("3", input("in3", "ann: 1", "bob: 7"), "out", "append").with("bad-rows.rule", "quarantine");
        assertThat(Failure.code(catchThrowable(tooMany::score))).isEqualTo(ExitCode.BAD_ROWS);
        assertThat(Disk.content(states)).isEqualTo(before);
        assertThat(Disk.names(folder)).containsExactly("in1", "in2", "in3", "out", "states");
    }

    @Test
    void aFirstRunThatFailsLeavesNothing() {
        Run bad = run("1", input("in1", "-: 1"), "out", "error");
        assertThat(Failure.sentence(catchThrowable(bad::score)))
                .isEqualTo(
                        "row who=null: column 'who' of state.key is null, so the row has no key to carry a state for (null-key)");
        assertThat(Disk.names(folder)).containsExactly("in1");
    }

    /** Another run publishes the version that this run is about to publish. */
    @Test
    void ofTwoConcurrentRunsOnePublishes() throws IOException {
        run("1", input("in1", "ann: 0 1"), "out1", "error").score();
        StateStore store = StateStore.at(
                states.toString(), LocalSpark.session().sparkContext().hadoopConfiguration());
        StagedStates mine = StagedStates.at(store, 2, "mine");
        run("2", input("in2", "ann: 1"), "out2", "error").score();
        assertThatThrownBy(() -> mine.announce(1, store.path()))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "%s: another run made version 2 while this one was scoring; repeat this run, and do not run two at the same time",
                        states);
    }

    // Refused

    private void assertRefused(Run run, String message) {
        List<String> before = Disk.names(folder);
        assertThatThrownBy(run::score).isInstanceOf(RefusedException.class).hasMessage(message);
        assertThat(Disk.names(folder)).isEqualTo(before);
    }

    @Test
    void severalRowsOfAKey() {
        Path input = input("in1", "ann: 0", "bob: 1", "bob: 0", "ann: 1", "bob: 1 1", "-: 1", "-: 1");
        assertRefused(
                run("1", input, "out", "error"),
                "state.key: who=bob has 3 rows in the input, expected one for each key: bring the new tokens of a key together in one sequence, in their order");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.state       | before   | input.state and state.path are both set, but a row has one initial state: leave one of them empty",
                "input.checkpoint  | seen     | input.checkpoint (--incremental) and state.path are both set: a batch may have several rows of a key, but a run continues from one row per key; merge the rows of a key, and score them without input.checkpoint",
                "state.key         | ''       | state.path is set without state.key: set state.key to the columns that identify a sequence",
                "state.keep        | 1        | state.keep = 1: expected 2 to 2147483647",
                "state.key         | user     | state.key: no column 'user' in the input, which has who (string), tokens (array<int>); set it to columns of the input",
                "state.key         | who,who  | state.key = who,who: names a column twice",
                "state.key         | tokens   | state.key: column 'tokens' has type array<int>, expected string, tinyint, smallint, int or bigint"
            })
    void settingsThatDontGoTogether(String key, String value, String message) {
        Path input = input("in1", "ann: 0");
        assertRefused(run("1", input, "out", "error").with(key, value), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"input.begin-token", "input.end-token"})
    void boundaryTokensAreRefused(String key) {
        assertThatThrownBy(run("1", input("in1", "ann: 0"), "out", "error").with(key, "0")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("state.path: a run reads a part of a key's history, not its begin and end");
    }

    @Test
    void aTableOfACatalogIsRefused() {
        assertThatThrownBy(run("1", input("in1", "ann: 0"), "scores", "error")
                        .with("output.format", "table")
                        .with("output.path", "scores_with_states")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("state.path: states can't be committed together with a catalog's table");
    }

    @Test
    void aBidirectionalModelIsRefused() {
        Run run = run("1", input("in1", "ann: 0"), "out", "error")
                .with("model.path", TorchCase.named("bi_l2_h17").modelPath());
        assertRefused(
                run,
                "state.path: the model is bidirectional, so it can't continue from the state of an earlier part of a sequence: "
                        + "score whole sequences and leave state.path empty");
    }

    @Test
    void statesOfAnotherModel() {
        run("1", input("in1", "ann: 0"), "out", "error").score();
        TorchCase other = TorchCase.named("many_short");
        assertRefused(
                run("2", input("in2", "ann: 0"), "out2", "error").with("model.path", other.modelPath()),
                "%s: holds states of the model with SHA-256 %s, and this model has %s: choose another state.path, where all keys start without a state"
                        .formatted(
                                states,
                                TORCH.model().fingerprint(),
                                other.model().fingerprint()));
    }

    @Test
    void keysOfAnotherType() {
        run("1", input("in1", "ann: 0"), "out", "error").score();
        Dataset<Row> rows = LocalSpark.session().sql("SELECT 7L AS who, CAST(array(0) AS array<int>) AS tokens");
        assertRefused(
                run("2", folder.resolve("in2"), "out2", "error").withInput(rows, 1, folder.resolve("in2")),
                "%s: its keys are who (string), and this run's are who (bigint): change state.key or the input's types, or choose another state.path"
                        .formatted(states));
    }

    @Test
    void aDirectoryThatHoldsSomethingElse() {
        Path input = input("in1", "ann: 0");
        assertRefused(
                run("1", input, "out", "error").with("state.path", folder.resolve("out/states")),
                "state.path %s: lies in --output %s; choose places apart from each other"
                        .formatted(folder.resolve("out/states"), folder.resolve("out")));
        assertRefused(
                run("1", input, "out", "error").with("state.path", input),
                "state.path %s: is also --input %s; choose places apart from each other".formatted(input, input));
        Path other = input("in2", "ann: 0");
        assertThatThrownBy(run("1", input, "out", "error").with("state.path", other)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("', expected only version=1, version=2, ... of carried states; check state.path");
        Path file = Disk.write(folder.resolve("file"), "");
        assertRefused(
                run("1", input, "out", "error").with("state.path", file),
                "%s: not a directory, and can't be created as one; check state.path".formatted(file));
    }

    private Path aFileOf(String version) {
        return states.resolve(version)
                .resolve(Disk.names(states.resolve(version)).stream()
                        .filter(name -> name.startsWith("part-"))
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void aDamagedNewestVersionIsRefused() throws IOException {
        run("1", input("in1", "ann: 0"), "out1", "error").score();
        run("2", input("in2", "ann: 0"), "out2", "error").score();
        Run next = run("3", input("in3", "ann: 0"), "out3", "error");
        String remedy =
                "; restore it from a backup, or move the version away to continue from the version before it, without the changes since";

        Path part = aFileOf("version=2");
        byte[] content = Files.readAllBytes(part);
        Files.write(part, new byte[7]);
        assertRefused(
                next,
                String.format(
                        Locale.ROOT,
                        "%s/version=2: is damaged: its file %s has 7 bytes, expected %,d bytes%s",
                        states,
                        part.getFileName(),
                        content.length,
                        remedy));
        Files.delete(part);
        assertRefused(
                next,
                String.format(
                        Locale.ROOT,
                        "%s/version=2: is damaged: its file %s is gone, expected %,d bytes%s",
                        states,
                        part.getFileName(),
                        content.length,
                        remedy));
        Files.write(part, content);
        Disk.write(states.resolve("version=2/part-x.parquet"), "x");
        assertRefused(
                next,
                "%s/version=2: is damaged: it holds [part-x.parquet], which its manifest does not list%s"
                        .formatted(states, remedy));
        Files.delete(states.resolve("version=2/part-x.parquet"));

        Path manifest = states.resolve("version=2").resolve(StateVersion.MANIFEST);
        String json = Files.readString(manifest);
        Files.delete(manifest.resolveSibling(".state.json.crc"));
        Disk.write(manifest, "{\"model\": 1}");
        assertThatThrownBy(next::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(
                        "is damaged: its _sluice/state.json is not readable: it lacks one of previous-version, model, key, keys and rows");
        Files.delete(manifest);
        assertRefused(next, "%s/version=2: is damaged: it has no _sluice/state.json%s".formatted(states, remedy));
        Disk.write(manifest, json);
        next.score();
        assertStates("ann: 0 0 0");
    }

    /** A state of the wrong length is found when its row is read. */
    @Test
    void aStateOfTheWrongLengthFailsTheRun() throws IOException {
        run("1", input("in1", "ann: 0"), "out1", "error").score();
        Path part = aFileOf("version=1");
        LocalSpark.session()
                .read()
                .parquet(part.toString())
                .selectExpr("who", "substring(h, 1, 4) AS h", "c", "seen")
                .coalesce(1)
                .write()
                .parquet(folder.resolve("short").toString());
        Path shorter = folder.resolve("short")
                .resolve(Disk.names(folder.resolve("short")).stream()
                        .filter(name -> name.startsWith("part-"))
                        .findFirst()
                        .orElseThrow());
        Files.deleteIfExists(part.resolveSibling("." + part.getFileName() + ".crc"));
        long before = Files.size(part);
        Files.write(part, Files.readAllBytes(shorter));
        Path manifest = states.resolve("version=1").resolve(StateVersion.MANIFEST);
        Files.deleteIfExists(manifest.resolveSibling(".state.json.crc"));
        Disk.write(
                manifest,
                Files.readString(manifest)
                        .replace(
                                String.format(Locale.ROOT, "\" : %d", before),
                                String.format(Locale.ROOT, "\" : %d", Files.size(part))));
        assertThat(Failure.sentence(catchThrowable(run("2", input("in2", "ann: 0"), "out2", "error")::score)))
                .isEqualTo(String.format(
                        Locale.ROOT,
                        "row who=ann: state in file:%s/version=1: its h has 4 bytes, expected %d for this model: the state version is damaged (wrong-state)",
                        states,
                        Float.BYTES * TORCH.model().directions().get(0).outputWidth()));
        assertThat(States.versions(states)).containsExactly(1L);
    }
}
