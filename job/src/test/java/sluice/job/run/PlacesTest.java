package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** The places of a run are compared with each other before anything starts, and nothing that is not of runs is deleted. */
class PlacesTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    /** Option or setting in messages, by key. */
    private static final Map<String, String> OPTIONS = Map.of(
            "model.path", "--model",
            "input.path", "--input",
            "input.vocabulary", "--vocabulary",
            "input.checkpoint", "--incremental",
            "output.path", "--output",
            "report.path", "--report",
            "state.path", "state.path",
            "bad-rows.path", "bad-rows.path");

    @TempDir
    Path folder;

    @BeforeEach
    void writeFiles() throws IOException {
        Tables.ofIds(TORCH.tokens()).write().parquet(folder.resolve("in").toString());
        Files.createDirectories(folder.resolve("models"));
        Files.copy(Path.of(TORCH.modelPath()), folder.resolve("models/model"));
        Files.createDirectories(folder.resolve("words"));
        Disk.write(folder.resolve("words/list"), "zero\none\n");
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("in"));
    }

    private Run run() {
        return new Run()
                .with("model.path", folder.resolve("models/model"))
                .with("input.path", folder.resolve("in"))
                .with("output.path", folder.resolve("out"))
                .with("output.mode", "overwrite");
    }

    private Map<String, String> files() {
        return Disk.content(folder);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // written       | its path         | relation | other           | its path
                "output.path      | .                | holds    | model.path       | models/model",
                "output.path      | models           | holds    | model.path       | models/model",
                "output.path      | models/model/..  | holds    | model.path       | models/model",
                "output.path      | in/scores        | lies in  | input.path       | in",
                "output.path      | link/            | holds    | input.path       | in/*",
                "output.path      | link/scores      | lies in  | input.path       | in",
                "output.path      | in/day=1         | is also  | input.path       | in/day=*",
                "output.path      | in               | holds    | input.path       | in/*/a",
                "output.path      | words            | holds    | input.vocabulary | words/list",
                "bad-rows.path    | in               | is also  | input.path       | in",
                "bad-rows.path    | link             | is also  | input.path       | in",
                "bad-rows.path    | models           | holds    | model.path       | models/model",
                "bad-rows.path    | out/bad          | lies in  | output.path      | out",
                "bad-rows.path    | states/bad       | lies in  | state.path       | states",
                "state.path       | in/states        | lies in  | input.path       | in",
                "state.path       | out              | is also  | output.path      | out",
                "report.path      | models/model     | is also  | model.path       | models/model",
                "report.path      | words/list       | is also  | input.vocabulary | words/list",
                "report.path      | in/report.json   | lies in  | input.path       | in",
                "report.path      | in/report.json   | is also  | input.path       | in/*.json",
                "report.path      | out/report.json  | lies in  | output.path      | out",
                "report.path      | states/report    | lies in  | state.path       | states",
                "report.path      | bad/report.json  | lies in  | bad-rows.path    | bad",
            })
    void aPlaceThatIsInTheWayIsRefused(String written, String path, String relation, String other, String otherPath) {
        Map<String, String> before = files();
        Run run = run().with(other, folder + "/" + otherPath).with(written, folder + "/" + path);
        if (written.equals("state.path") || other.equals("state.path")) {
            run.with("state.key", "id");
        }
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "%s %s: %s %s %s; ",
                        OPTIONS.get(written),
                        folder + "/" + path,
                        relation,
                        OPTIONS.get(other),
                        folder + "/" + otherPath);
        assertThat(files()).isEqualTo(before);
    }

    /** Patterns of the input that can't match the other place. */
    @ParameterizedTest
    @CsvSource({"in/*.parquet, in/scores", "in/part-*, in/scores", "in/[op]art*, scores"})
    void aPlaceBesideThePatternIsAllowed(String input, String output) {
        run().with("input.path", folder + "/" + input)
                .with("output.path", folder + "/" + output)
                .score();
        assertThat(folder.resolve(output).resolve("_SUCCESS")).exists();
    }

    @Test
    void aSettingsFileIsNotOverwritten() {
        Path config = Disk.write(folder.resolve("run.conf"), "output.mode = overwrite\n");
        LocalSpark.session();
        Terminal terminal = Terminal.score(
                "--config", config.toString(),
                "--model", folder.resolve("models/model").toString(),
                "--input", folder.resolve("in").toString(),
                "--output", folder.resolve("out").toString(),
                "--report", folder.resolve("models/../run.conf").toString());
        assertThat(terminal.errors())
                .first()
                .asString()
                .startsWith("sluice: error: --report %s/models/../run.conf: is also --config file:%s; "
                        .formatted(folder, config));
        assertThat(terminal.code()).isEqualTo(2);
        assertThat(config).hasContent("output.mode = overwrite\n");
    }

    /** Every way into a run makes the comparison. */
    @Test
    void allWaysIntoARunCompare() {
        Path output = folder.resolve("models");
        String message = "--output %s: holds --model %s/model; ".formatted(output, output);
        Map<String, String> before = files();
        assertThatThrownBy(run().with("output.path", output)
                        .with("output.mode", "append")
                        .with("input.checkpoint", folder.resolve("checkpoint"))::scoreNew)
                .hasMessageStartingWith(message);
        SparkSession spark = LocalSpark.session();
        spark.conf().set("spark.sql.catalog.places", SluiceCatalog.class.getName());
        assertThatThrownBy(() -> spark.sql(
                        "CALL places.run('%s', '%s', '%s', input_format => 'parquet', output_format => 'parquet', mode => 'overwrite')"
                                .formatted(output.resolve("model"), folder.resolve("in"), output)))
                .hasMessageStartingWith(
                        "output " + message.substring("--output ".length()).replace("--", ""));
        Terminal dry = Terminal.score(
                "--dry-run",
                "--mode",
                "overwrite",
                "--model",
                output.resolve("model").toString(),
                "--input",
                folder.resolve("in").toString(),
                "--output",
                output.toString());
        assertThat(dry.errors()).first().asString().startsWith("sluice: error: " + message);
        assertThat(dry.code()).isEqualTo(2);
        assertThat(files()).isEqualTo(before);
    }

    // The output is the input

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "input.filter     | id < 3",
                "input.columns    | tokens",
                "input.options.pathGlobFilter | *.parquet",
                "bad-rows.rule    | quarantine",
                "output.mode      | append",
                "output.mode      | partitions",
            })
    void anInputIsNotReplacedByLess(String key, String value) {
        Map<String, String> before = files();
        assertThatThrownBy(run().with("output.path", folder.resolve("in"))
                        .with("output.partition-by", "id")
                        .with(key, value)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "--output %s/in: is also --input %s/in; only --mode overwrite may replace the input, in a run that keeps all its rows and columns (no input.filter, input.columns, input.options or input.group-by, and bad-rows.rule = fail); choose another --output",
                        folder, folder);
        assertThat(files()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"models/x.parquet", "_delta_log/0.json"})
    void anInputWithOtherFilesIsNotReplaced(String stranger) throws IOException {
        Path theirs = folder.resolve("in").resolve(stranger);
        Files.createDirectories(theirs.getParent());
        Disk.write(theirs, "not read");
        assertThatThrownBy(run().with("output.path", folder.resolve("in"))::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("in: holds '%s', which no run wrote", stranger);
        assertThat(theirs).hasContent("not read");
    }

    @Test
    void aTableThatReadsTheOutputIsNotReplaced() {
        LocalSpark.session()
                .read()
                .parquet(folder.resolve("in").toString())
                .where("id < 3")
                .createOrReplaceTempView("few");
        Map<String, String> before = files();
        assertThatThrownBy(run().with("input.format", "table")
                        .with("input.path", "few")
                        .with("output.path", folder.resolve("in"))::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("in: is also --input file:%s/in; only --mode overwrite", folder);
        assertThat(files()).isEqualTo(before);
    }

    // Bad rows

    private Run quarantine(String output, String mode) {
        Tables.of(Tables.INTS, Tables.boxed(0), Tables.boxed(7))
                .write()
                .mode("overwrite")
                .parquet(folder.resolve("bad-in").toString());
        return run().with("input.path", folder.resolve("bad-in"))
                .with("output.path", folder.resolve(output))
                .with("output.mode", mode)
                .with("bad-rows.rule", "quarantine")
                .with("bad-rows.max-fraction", "0.5")
                .with("bad-rows.path", folder.resolve("bad"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"overwrite", "append"})
    void badRowsOfTwoOutputsDoNotMix(String mode) {
        for (int time = 0; time < 2; time++) {
            quarantine("out", mode).score();
        }
        Map<String, String> before = Disk.content(folder.resolve("bad"));
        assertThatThrownBy(quarantine("other", mode)::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s/bad: holds the bad rows of the output file://%s/out, not of file://%s/other; choose another bad-rows.path",
                        folder, folder, folder);
        assertThat(Disk.content(folder.resolve("bad"))).isEqualTo(before);
        assertThat(folder.resolve("other")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"overwrite", "append", "partitions"})
    void aDirectoryOfOthersIsNotReplacedByBadRows(String mode) throws IOException {
        Files.createDirectories(folder.resolve("bad"));
        Disk.write(folder.resolve("bad/precious"), "theirs");
        assertThatThrownBy(quarantine("out", mode).with("output.partition-by", "id")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s/bad: holds 'precious', but no bad rows of the output %s/out (no _sluice-bad-rows.json); choose another bad-rows.path, or move the directory away",
                        folder, folder);
        assertThat(folder.resolve("bad/precious")).hasContent("theirs");
        Files.delete(folder.resolve("bad/precious"));
        quarantine("out", mode).with("output.partition-by", "id").score();
        Disk.write(folder.resolve("bad/precious"), "theirs");
        assertThatThrownBy(quarantine("out", mode).with("output.partition-by", "id")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("bad: holds 'precious', which no run wrote");
        assertThat(folder.resolve("bad/precious")).hasContent("theirs");
    }

    /** The first versions of Sluice wrote no mark. The output's reports name the directory. */
    @ParameterizedTest
    @ValueSource(strings = {"overwrite", "append"})
    void badRowsWithoutAMarkAreKnownByTheReport(String mode) throws IOException {
        quarantine("out", mode).score();
        Files.delete(folder.resolve("bad/_sluice-bad-rows.json"));
        Files.deleteIfExists(folder.resolve("bad/._sluice-bad-rows.json.crc"));
        quarantine("out", mode).score();
        assertThat(folder.resolve("bad/_sluice-bad-rows.json")).exists();
        List<String> runs = Disk.names(folder.resolve("bad")).stream()
                .filter(name -> name.startsWith("run="))
                .toList();
        assertThat(runs).hasSize(mode.equals("append") ? 2 : 0);
    }

    /** The marks that released versions wrote into outputs are the reports themselves. */
    @ParameterizedTest
    @ValueSource(strings = {"_sluice/report.json", "_sluice/runs/monday.json"})
    void anOutputIsKnownByAnyReport(String report) throws IOException {
        run().with("report.run", "monday").score();
        Map<String, String> kept = new HashMap<>(Map.of(report, ""));
        for (String file : List.of("_sluice/report.json", "_sluice/runs/monday.json")) {
            if (!kept.containsKey(file)) {
                Files.delete(folder.resolve("out").resolve(file));
            }
        }
        if (!report.contains("runs")) {
            Files.deleteIfExists(folder.resolve("out/_sluice/runs/.monday.json.crc"));
            Files.delete(folder.resolve("out/_sluice/runs"));
        }
        assertThat(run().score().measured().rows()).isEqualTo(TORCH.tokens().size());
    }
}
