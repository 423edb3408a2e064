package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.SchemeFiles;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.AfterCommit;
import sluice.job.message.Console;

/** When the rows are published, nothing makes the run fail: what can't be done then is a warning, and the exit code is 0. */
class AfterCommitTest {
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    java.nio.file.Path folder;

    private SparkSession spark;

    /** A file system whose client has a defect: it throws what is no {@link IOException}, for the paths that hold a text. */
    public static final class Defective extends SchemeFiles {
        private static volatile String deleted = "never";
        private static volatile String created = "never";

        @Override
        public URI getUri() {
            return URI.create("defective:///");
        }

        @Override
        public boolean delete(Path path, boolean recursive) throws IOException {
            if (path.toString().contains(deleted)) {
                throw new UnsupportedOperationException("no deletion of " + path.getName());
            }
            return super.delete(path, recursive);
        }

        @Override
        public FSDataOutputStream create(
                Path path,
                FsPermission permission,
                boolean overwrite,
                int buffer,
                short replication,
                long block,
                Progressable progress)
                throws IOException {
            fail(path);
            return super.create(path, permission, overwrite, buffer, replication, block, progress);
        }

        @Override
        public FSDataOutputStream create(
                Path path, boolean overwrite, int buffer, short replication, long block, Progressable progress)
                throws IOException {
            fail(path);
            return super.create(path, overwrite, buffer, replication, block, progress);
        }

        private static void fail(Path path) {
            if (path.toString().contains(created)) {
                throw new UnsupportedOperationException("no creation of " + path.getName());
            }
        }
    }

    @BeforeEach
    void register() {
        spark = LocalSpark.session();
        spark.sparkContext().hadoopConfiguration().set("fs.defective.impl", Defective.class.getName());
    }

    @AfterEach
    void repair() {
        Defective.deleted = "never";
        Defective.created = "never";
    }

    private String defective(String name) {
        return "defective://" + folder.resolve(name);
    }

    private Run run(String output) {
        return new Run()
                .with("model.path", TORCH.modelPath())
                .with("output.path", output)
                .withInput(Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {1}), 1, folder.resolve("in"));
    }

    private static void assertWarned(Run run, String... words) {
        assertThat(run.said().lines().filter(line -> line.startsWith("sluice: warning: ")))
                .as(run.said())
                .singleElement()
                .asString()
                .contains(words);
    }

    @Test
    void reportsOfOldRunsThatCannotBeRemoved() {
        run(defective("out"))
                .with("report.run", "a")
                .with("output.mode", "append")
                .score();
        Defective.deleted = "_sluice/runs/a.json";
        Run second = run(defective("out"))
                .with("report.run", "b")
                .with("output.mode", "append")
                .with("report.keep-runs", 1);
        assertThat(second.score().measured().rows()).isEqualTo(2);
        assertWarned(
                second, "the reports of old runs could not be removed: UnsupportedOperationException: no deletion");
    }

    @Test
    void aCopyOfTheReportThatCannotBeWritten() throws IOException {
        String directory = Files.createDirectory(folder.resolve("copies")).toString();
        for (String copy : List.of(directory, "nowhere://host/report.json")) {
            Run run = run(folder.resolve("out").toString())
                    .with("output.mode", "overwrite")
                    .with("report.path", copy);
            assertThat(run.score().measured().rows()).isEqualTo(2);
            assertWarned(run, copy + ": the report's copy could not be written: ");
        }
    }

    @Test
    void earlierBadRowsOfATableThatCannotBeRemoved() {
        spark.sql("DROP TABLE IF EXISTS after_commit");
        try {
            for (int time = 0; time < 2; time++) {
                Run run = run("after_commit")
                        .with("output.format", "table")
                        .with("output.mode", "partitions")
                        .with("output.partition-by", "id")
                        .with("bad-rows.rule", "quarantine")
                        .with("bad-rows.path", defective("bad"))
                        .with("bad-rows.max-fraction", "0.5")
                        .with("report.run", "a");
                if (time == 0) {
                    run.withInput(
                            Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {1}, new Integer[] {7}),
                            1,
                            folder.resolve("in with a bad row"));
                }
                assertThat(run.score().measured().rows()).isEqualTo(2);
                if (time == 1) {
                    assertWarned(run, "what the rows replaced could not be removed", "no deletion of part-");
                }
                Defective.deleted = "bad/run=a/part-";
            }
            assertThat(spark.read().table("after_commit").count()).isEqualTo(2);
        } finally {
            spark.sql("DROP TABLE IF EXISTS after_commit");
        }
    }

    /** The batches are published, one by one; the report of the run that scored them can't be. */
    @Test
    void theReportOfAnIncrementalRun() throws IOException {
        Files.createDirectories(folder.resolve("drops"));
        Tables.of(Tables.INTS, new Integer[] {0, 1}, new Integer[] {1})
                .coalesce(1)
                .write()
                .mode("append")
                .parquet(folder.resolve("drops").toString());
        Defective.created = "_sluice/runs/monday.json";
        Run run = new Run()
                .with("model.path", TORCH.modelPath())
                .with("input.path", folder.resolve("drops"))
                .with("input.checkpoint", folder.resolve("checkpoint"))
                .with("report.run", "monday")
                .with("output.path", defective("out"));
        assertThat(run.scoreNew()).isPresent();
        assertWarned(run, "the report of the run could not be written: UnsupportedOperationException: no creation");
        assertThat(spark.read().parquet(folder.resolve("out").toString()).count())
                .isEqualTo(2);
    }

    /** A table without a file has no schema to read. */
    @Test
    void rowsThatCannotBeShown() {
        run("unused");
        List<String> arguments = new ArrayList<>(List.of("--model", TORCH.modelPath(), "--show", "3"));
        arguments.addAll(Arrays.asList("--input", folder.resolve("in").toString()));
        arguments.addAll(Arrays.asList("--output", folder.resolve("out").toString()));
        arguments.addAll(Arrays.asList("--set", "input.filter=false", "--set", "output.partition-by=id"));
        Terminal terminal = Terminal.score(arguments.toArray(String[]::new));
        assertThat(terminal.code()).as("%s", terminal).isZero();
        assertThat(terminal.errors())
                .singleElement()
                .asString()
                .startsWith("sluice: warning: the rows could not be shown: ")
                .endsWith("; the outcome of the run stays the same");
        assertThat(folder.resolve("out/_sluice/report.json")).exists();
    }

    @Test
    void aStepThatFailsInAnyWayIsAWarning() {
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        AfterCommit after = new AfterCommit(new Console(writer, writer));
        after.attempt("Spark could not be stopped", () -> {
            throw new IllegalStateException("a listener\nfailed", new OutOfMemoryError("heap"));
        });
        after.attempt("the rows could not be shown", () -> {
            throw new IOException("no space");
        });
        assertThat(said.toString().lines())
                .containsExactly(
                        "sluice: warning: Spark could not be stopped: OutOfMemoryError: heap; the outcome of the run stays the same",
                        "sluice: warning: the rows could not be shown: IOException: no space; the outcome of the run stays the same");
    }
}
