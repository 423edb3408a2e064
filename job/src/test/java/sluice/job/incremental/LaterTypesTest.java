package sluice.job.incremental;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.message.ExitCode;
import sluice.job.message.Failure;
import sluice.job.settings.InputFormat;

/** New files may have other number types than the first files: their values are read with the first types, or the batch is rejected. */
class LaterTypesTest {
    private static final TorchCase TORCH = TorchCase.named("uni_l1_h17");

    @TempDir
    Path folder;

    private Run run(String format) {
        return Run.of(TORCH, folder.resolve("out"))
                .with("input.path", folder.resolve("in"))
                .with("input.format", format)
                .with("input.checkpoint", folder.resolve("checkpoint"))
                .with("output.emit", "hidden");
    }

    /** Adds a file with one row of these columns. */
    private void add(String format, String partition, String columns) {
        LocalSpark.session()
                .sql("SELECT " + columns)
                .coalesce(1)
                .write()
                .mode("append")
                .format(InputFormat.valueOf(format.toUpperCase(Locale.ROOT)).sparkName())
                .save(folder.resolve("in").resolve(partition).toString());
    }

    private List<Row> rows() {
        return LocalSpark.session()
                .read()
                .parquet(folder.resolve("out").toString())
                .orderBy("batch")
                .collectAsList();
    }

    @ParameterizedTest
    @CsvSource({
        "parquet, ''",
        "parquet, day=2026-11-22",
        "orc, ''",
        "orc, day=2026-11-22",
        "avro, ''",
        "avro, day=2026-11-22"
    })
    void widerNumbersThatFitAreReadAsTheFirstOnes(String format, String partition) {
        add(
                format,
                partition,
                "1 AS id, 0.5f AS price, CAST(7 AS decimal(5, 1)) AS sum, array(1, 2, 3) AS tokens, named_struct('a', 1S) AS info");
        run(format).scoreNew();
        add(
                format,
                partition,
                "2L AS id, 1.5d AS price, CAST(8 AS decimal(9, 2)) AS sum, array(1L, 2L, NULL, 3L) AS tokens, named_struct('a', 2) AS info");
        add(
                format,
                partition,
                "CAST(NULL AS bigint) AS id, CAST(NULL AS double) AS price, CAST(NULL AS decimal(9, 2)) AS sum, array(1L, 2L, 3L) AS tokens, named_struct('a', CAST(NULL AS int)) AS info");
        Run second = run(format).with("bad-rows.rule", "quarantine").with("bad-rows.max-fraction", "1");
        second.scoreNew();
        assertThat(second.said())
                .contains(
                        "note: batch 1: column 'id' has type bigint in new files; it is read as int, as in the files before")
                .contains("column 'price' has type double in new files; it is read as float")
                .contains("column 'tokens' has type array<bigint> in new files; it is read as array<int>")
                .contains("1 row can't be scored");
        List<Row> rows = rows();
        assertThat(rows).hasSize(2);
        assertThat(rows.get(1).<Object>getAs("hidden")).isEqualTo(rows.get(0).getAs("hidden"));
        assertThat(rows.get(0).schema().simpleString())
                .startsWith("struct<id:int,price:float,sum:decimal(5,1),tokens:array<int>,info:struct<a:%s>,"
                        .formatted(format.equals("avro") ? "int" : "smallint"));
        assertThat(rows.get(1).isNullAt(0)).isTrue();
        if (!partition.isEmpty()) {
            assertThat(rows.get(1).<Object>getAs("day")).hasToString("2026-11-22");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 AS id, array(1) AS tokens | 5000000000 AS id, array(1) AS tokens | column 'id' has type bigint in the new files, and int in the files before, which does not hold the value 5000000000",
                "1f AS id, array(1) AS tokens | 0.1d AS id, array(1) AS tokens | column 'id' has type double in the new files, and float in the files before, which does not hold the value 0.1",
                "1 AS id, array(1) AS tokens | 1 AS id, array(3000000000L) AS tokens | column 'tokens' has type array<bigint> in the new files, and array<int> in the files before, which does not hold the value [3000000000]"
            })
    void aValueThatDoesNotFitRejectsItsBatch(String first, String second, String message) {
        for (String format : List.of("parquet", "orc", "avro")) {
            folder = folder.resolve(format);
            add(format, "", first);
            run(format).scoreNew();
            add(format, "", second);
            Throwable failure = catchThrowable(() -> run(format).scoreNew());
            assertThat(Failure.code(failure)).as(format).isEqualTo(ExitCode.REFUSED);
            assertThat(Failure.sentence(failure)).startsWith(message).endsWith("with another --incremental");
            assertThat(rows()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"parquet", "orc", "avro"})
    void narrowerNumbersAreReadAsTheFirstOnes(String format) {
        add(format, "", "1L AS id, array(1L, 2L, 3L) AS tokens");
        run(format).scoreNew();
        add(format, "", "2S AS id, array(1, 2, 3) AS tokens");
        Run second = run(format);
        second.scoreNew();
        assertThat(second.said()).doesNotContain("note: batch");
        List<Row> rows = rows();
        assertThat(rows.get(1).getLong(0)).isEqualTo(2);
        assertThat(rows.get(1).<Object>getAs("hidden")).isEqualTo(rows.get(0).getAs("hidden"));
    }

    @Test
    void timesOfNanosecondsAreNotedInEachRun() throws IOException {
        Path file = Path.of("src", "test", "resources", "situations", "nanosecond-timestamps");
        Files.createDirectories(folder.resolve("in"));
        for (int night = 0; night < 2; night++) {
            Files.copy(file.resolve("events.parquet"), folder.resolve("in/night-" + night + ".parquet"));
            Run run = run("parquet").with("model.path", file.resolve("model.safetensors"));
            run.scoreNew();
            assertThat(run.said())
                    .containsOnlyOnce("note: batch " + night + ": column 'at' holds Parquet times of nanoseconds");
        }
        Dataset<Row> out =
                LocalSpark.session().read().parquet(folder.resolve("out").toString());
        assertThat(out.schema().apply("at").dataType().simpleString()).isEqualTo("bigint");
    }
}
