package sluice.job.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Disk;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;
import sluice.job.settings.Settings;

/** The provenance of answers in file footers, in rows and in the report, and the settings hash. */
class ProvenanceTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TorchCase TORCH = TorchCase.named("vocab_2");

    @TempDir
    Path folder;

    private Run run;

    @BeforeEach
    void setUp() {
        run = Run.of(TORCH, folder.resolve("out")).withInput(Tables.ofIds(TORCH.tokens()), 1, folder.resolve("in"));
    }

    private JsonNode report() throws IOException {
        return JSON.readTree(folder.resolve("out").resolve(RunReport.FILE).toFile());
    }

    @Test
    void provenanceIsInParquetFooters() throws IOException {
        Dataset<Row> table = run.table();
        JsonNode report = report();

        StructType read = table.schema();
        StructType written = (StructType) StructType.fromJson(footer());
        for (StructType schema : List.of(read, written)) {
            Metadata metadata = schema.apply("softmax").metadata();
            assertThat(metadata.getString("sluice.model-sha256"))
                    .isEqualTo(TORCH.model().fingerprint())
                    .isEqualTo(report.path("model").path("sha256").asText());
            assertThat(metadata.getString("sluice.settings-sha256"))
                    .hasSize(64)
                    .isEqualTo(report.path("settings-sha256").asText());
            assertThat(metadata.getString("sluice.version"))
                    .isEqualTo(report.path("sluice").asText());
            assertThat(Instant.parse(metadata.getString("sluice.started")))
                    .isEqualTo(Instant.parse(report.path("started").asText())
                            .truncatedTo(java.time.temporal.ChronoUnit.MICROS));
            assertThat(schema.apply("tokens").metadata())
                    .as("a column of the input")
                    .isEqualTo(Metadata.empty());
        }
    }

    private String footer() throws IOException {
        Path part = folder.resolve("out")
                .resolve(Disk.names(folder.resolve("out")).stream()
                        .filter(name -> name.endsWith(".parquet"))
                        .findFirst()
                        .orElseThrow());
        HadoopInputFile file =
                HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(part.toUri()), new Configuration());
        try (ParquetFileReader reader = ParquetFileReader.open(file)) {
            return reader.getFooter()
                    .getFileMetaData()
                    .getKeyValueMetaData()
                    .get("org.apache.spark.sql.parquet.row.metadata");
        }
    }

    @Test
    void provenanceIsAColumnWhereTheSettingsAskForIt() throws IOException {
        List<Row> rows = run.with("output.provenance", "true")
                .with("output.prefix", "new_")
                .rows();
        JsonNode report = report();
        assertThat(rows).isNotEmpty().allSatisfy(row -> {
            Row provenance = row.getAs("new_provenance");
            assertThat(provenance.<String>getAs("model_sha256"))
                    .isEqualTo(TORCH.model().fingerprint());
            assertThat(provenance.<String>getAs("settings_sha256"))
                    .isEqualTo(report.path("settings-sha256").asText());
            assertThat(provenance.<String>getAs("version"))
                    .isEqualTo(report.path("sluice").asText());
            assertThat(provenance.<java.sql.Timestamp>getAs("started").toInstant())
                    .isBetween(
                            Instant.parse(report.path("started").asText()).minusMillis(1),
                            Instant.parse(report.path("started").asText()).plusMillis(1));
        });
        assertThat(report.path("columns")).extracting(JsonNode::asText).contains("new_provenance");
    }

    @Test
    void anInputColumnOfThatNameIsRefused() {
        run.withInput(Tables.ofIds(TORCH.tokens()).withColumnRenamed("id", "Provenance"), 1, folder.resolve("in"))
                .with("output.provenance", "true");
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("output.provenance: the input has a column 'provenance' already");
    }

    // The settings hash

    private static String hash(String... settings) {
        Map<String, String> overrides =
                new HashMap<>(Map.of("model.path", "m", "input.path", "in", "output.path", "o"));
        for (int at = 0; at < settings.length; at += 2) {
            overrides.put(settings[at], settings[at + 1]);
        }
        return Settings.read(null, overrides).sha256();
    }

    @Test
    void settingsThatMayChangeAnswersChangeTheHash() {
        Set<String> hashes = new HashSet<>(List.of(
                hash(),
                hash("output.emit", "loglik"),
                hash("output.emit", "loglik,softmax"),
                hash("output.at", "each"),
                hash("input.max-length", "7"),
                hash("input.filter", "day = 1"),
                hash("input.options.sep", ";"),
                hash("model.input", "one-hot"),
                hash("scoring.kernel", "reference"),
                hash("output.partition-by", "day"),
                hash("bad-rows.rule", "null")));
        assertThat(hashes).hasSize(11);
    }

    @Test
    void pathsDoNotChangeTheHash() {
        for (String key : List.of(
                "model.path",
                "input.path",
                "input.key",
                "output.path",
                "output.options.compression",
                "report.path",
                "report.run",
                "state.path")) {
            assertThat(hash(key, "elsewhere", "state.key", "user")).as(key).isEqualTo(hash("state.key", "user"));
        }
        assertThat(hash("output.mode", "overwrite", "bad-rows.max-fraction", "0.5", "scoring.batch-bytes", "1 MiB"))
                .isEqualTo(hash());
    }

    @Test
    void theSyntaxOfASettingDoesNotChangeTheHash() {
        Path file = Disk.write(
                folder.resolve("my.conf"),
                "model.path = m, input.path = in, output { path = o, emit = [loglik, rank], at = each }, input.max-length = 7");
        assertThat(Settings.read(file, Map.of()).sha256())
                .isEqualTo(hash("output.emit", "loglik, rank", "output.at", "each", "input.max-length", "7"));
    }
}
