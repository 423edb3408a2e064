package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;

/** What each output mode does with an existing output directory. */
class OutputModesTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    static Path files;

    @TempDir
    Path folder;

    private Path output;

    @BeforeAll
    static void writeInput() {
        Tables.ofIds(TORCH.tokens())
                .coalesce(1)
                .write()
                .parquet(files.resolve("in").toString());
    }

    @BeforeEach
    void nameOutput() {
        output = folder.resolve("out");
    }

    private Run run() {
        return Run.of(TORCH, output).with("input.path", files.resolve("in"));
    }

    // error

    @Test
    void anExistingOutputIsLeftAlone() {
        run().score();
        Map<String, String> before = Disk.content(output);
        assertThatThrownBy(run()::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage("%s: exists already; choose another --output, or replace it with --mode overwrite", output);
        assertThat(Disk.content(output)).isEqualTo(before);
        assertThat(Disk.names(folder)).containsExactly("out");
    }

    @Test
    void anEmptyDirectoryCountsAsNoOutput() throws IOException {
        Files.createDirectory(output);
        assertThat(run().rows()).hasSameSizeAs(TORCH.tokens());
        assertThat(Disk.names(folder)).containsExactly("out");
    }

    @Test
    void parentDirectoriesAreCreated() {
        output = folder.resolve("a/b/out");
        assertThat(run().rows()).hasSameSizeAs(TORCH.tokens());
        assertThat(Disk.names(output.getParent())).containsExactly("out");
    }

    @ParameterizedTest
    @EnumSource
    void aFileAsOutputIsRefused(OutputMode mode) {
        Disk.write(output, "precious");
        assertThatThrownBy(run().with("output.mode", SettingValues.name(mode)).with("output.partition-by", "id")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage("%s: is a file, expected a directory or a new path; check --output", output);
        assertThat(output).hasContent("precious");
    }

    @Test
    void theRootOfAFileSystemAsOutputIsRefused() {
        assertThatThrownBy(run().with("output.path", "/")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage("/: is the root of its file system; check --output");
    }

    // overwrite

    @Test
    void overwriteReplacesTheWholeDirectory() throws IOException {
        run().with("output.format", "json").with("output.emit", "prediction").score();
        List<Row> rows = run().with("output.mode", "overwrite").rows();
        assertThat(rows.get(0).schema().fieldNames()).containsExactly("id", "tokens", "softmax");
        assertThat(Disk.names(output)).contains("_SUCCESS", "_sluice").noneMatch(name -> name.endsWith(".json"));
        assertThat(Disk.names(folder)).containsExactly("out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"of-the-user.txt", "tables/part-1", "_hidden", "day=1/notes.txt"})
    void overwriteDeletesNoFilesOfOthers(String file) throws IOException {
        run().with("output.partition-by", "id").score();
        Path theirs = output.resolve(file);
        Files.createDirectories(theirs.getParent());
        Disk.write(theirs, "not of this table");
        Map<String, String> before = Disk.content(output);
        assertThatThrownBy(run().with("output.mode", "overwrite")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: holds '%s', which no run wrote and which this run would delete; move it away, or choose another --output",
                        output, file);
        Run partitions = run().with("output.mode", "partitions").with("output.partition-by", "id");
        if (file.contains("=")) {
            assertThatThrownBy(partitions::score)
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("holds '%s', which no run wrote", file);
            assertThat(Disk.content(output)).isEqualTo(before);
        } else if (!file.startsWith("_")) {
            assertThat(theirs).hasContent("not of this table");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"overwrite", "append", "partitions"})
    void aDirectoryThatNoRunWroteIsNoOutput(String mode) {
        Tables.ofIds(TORCH.tokens()).write().partitionBy("id").parquet(output.toString());
        Map<String, String> before = Disk.content(output);
        assertThatThrownBy(run().with("output.mode", mode).with("output.partition-by", "id")::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("%s: holds '".formatted(output))
                .hasMessageEndingWith(
                        "' and no report of a run, expected an output of Sluice or an empty directory; choose another --output, or move the directory away");
        assertThat(Disk.content(output)).isEqualTo(before);
    }

    @Test
    void anOutputMayReplaceItsOwnInput() {
        Tables.ofIds(TORCH.tokens()).write().parquet(output.toString());
        List<Row> rows = run().with("input.path", output)
                .with("output.mode", "overwrite")
                .rows();
        assertThat(rows).hasSameSizeAs(TORCH.tokens());
        assertThat(rows.get(0).schema().fieldNames()).containsExactly("id", "tokens", "softmax");
    }

    @Test
    void overwriteWorksWithoutAnExistingOutput() {
        assertThat(run().with("output.mode", "overwrite").rows()).hasSameSizeAs(TORCH.tokens());
    }

    // Written files

    @Test
    void theReportIsInTheOutputAndReadersSkipIt() throws IOException {
        RunReport report = run().score();
        assertThat(output.resolve(RunReport.FILE)).hasBinaryContent(RunReport.withPublication(report.json(), 1));
        assertThat(new ObjectMapper().readTree(report.json()).path("output").asText())
                .isEqualTo(output.toString());
        assertThat(LocalSpark.session().read().parquet(output.toString()).count())
                .isEqualTo(TORCH.tokens().size());
    }

    @Test
    void parquetIsCompressedWithZstd() throws IOException {
        run().score();
        List<String> parts = Disk.names(output).stream()
                .filter(name -> name.endsWith(".parquet"))
                .toList();
        assertThat(parts).hasSize(1);
        HadoopInputFile file = HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(output.resolve(parts.get(0)).toUri()), new Configuration());
        try (ParquetFileReader reader = ParquetFileReader.open(file)) {
            assertThat(reader.getFooter().getBlocks())
                    .flatExtracting(BlockMetaData::getColumns)
                    .isNotEmpty()
                    .extracting(ColumnChunkMetaData::getCodec)
                    .containsOnly(CompressionCodecName.ZSTD);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TABLE")
    void twoRunsWriteEqualRows(OutputFormat format) {
        String name = SettingValues.name(format);
        Run first = run().with("output.format", name).with("output.emit", "softmax,loglik,state");
        List<Row> rows = first.rows();
        output = folder.resolve("again");
        assertThat(run().with("output.format", name)
                        .with("output.emit", "softmax,loglik,state")
                        .rows())
                .isEqualTo(rows);
    }

    // Failures

    private StagedOutput staged(String mode) {
        Settings settings = Settings.read(
                null,
                Map.of("model.path", "m", "input.path", "in", "output.path", output.toString(), "output.mode", mode));
        return StagedOutput.at(settings.output(), Optional.empty(), RunName.of("", Instant.EPOCH), new Configuration());
    }

    @Test
    void anOutputThatAnotherProcessCreatedDuringTheRunIsKept() throws IOException {
        StagedOutput staged = staged("error");
        staged.write("part", new byte[] {1});
        Files.createDirectory(output);
        Disk.write(output.resolve("part"), "theirs");
        assertThatThrownBy(() -> staged.publish(changed -> true))
                .isInstanceOf(IOException.class)
                .hasMessage("file:%s: was created by another process during this run", output);
        staged.abandon();
        assertThat(Disk.names(folder)).containsExactly("out");
        assertThat(output.resolve("part")).hasContent("theirs");
    }

    @Test
    void anOutputThatCannotBeReplacedIsKept() throws IOException {
        Files.createDirectory(output);
        Disk.write(output.resolve("part"), "old");
        StagedOutput staged = staged("overwrite");
        staged.write("part", new byte[] {1});
        // Somebody may delete hidden directories while the run is still writing.
        staged.abandon();
        assertThatThrownBy(() -> staged.publish(changed -> true)).isInstanceOf(IOException.class);
        assertThat(Disk.names(folder)).containsExactly("out");
        assertThat(output.resolve("part")).hasContent("old");
    }

    @ParameterizedTest
    @ValueSource(strings = {"part/report.json", "nowhere://host/report.json"})
    void theOutputIsKeptWhereTheReportsCopyCannotBeWritten(String copy) {
        Disk.write(folder.resolve("part"), "a file, no folder");
        String path = copy.contains(":") ? copy : folder.resolve(copy).toString();
        Run run = run().with("report.path", path);
        assertThat(run.rows()).hasSameSizeAs(TORCH.tokens());
        assertThat(run.said())
                .contains("warning: %s: the report's copy could not be written: ".formatted(path))
                .contains("; the report itself is %s/%s".formatted(output, RunReport.FILE));
    }

    /** A file as parent fails for every user; a directory without permissions would not fail for root. */
    @Test
    void anUnwritableOutputIsReportedInOneLine() {
        Path file = Disk.write(folder.resolve("file"), "");
        LocalSpark.session();
        Terminal terminal = Terminal.score(
                "--model", TORCH.modelPath(),
                "--input", files.resolve("in").toString(),
                "--output", file.resolve("out").toString());
        assertThat(terminal.errors())
                .containsExactly(
                        "sluice: error: %s/out: can't be written: Parent path is not a directory: file:%s; check --output"
                                .formatted(file, file));
        assertThat(terminal.code()).isEqualTo(ExitCode.REFUSED.code());
        assertThat(Disk.names(folder)).containsExactly("file");
    }
}
