package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.job.fixture.Answers;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.report.RunReport;
import sluice.job.settings.SettingValues;

/** The whole job in local mode, on real files: every output column has the bits of the engine's answers. */
class ScoringJobTest {
    @TempDir
    Path folder;

    private static List<OutputKind> toldAt(Steps at) {
        return Arrays.stream(OutputKind.values())
                .filter(emission -> emission.availableAt(at))
                .toList();
    }

    private static String names(List<OutputKind> emissions) {
        return emissions.stream().map(SettingValues::name).collect(Collectors.joining(","));
    }

    static Stream<Arguments> casesAndSteps() {
        return Stream.of("uni_l2_h17", "bi_l2_h17", "proj_l1_h17_p5")
                .flatMap(name -> Arrays.stream(Steps.values()).map(at -> Arguments.of(name, at)));
    }

    @ParameterizedTest
    @MethodSource("casesAndSteps")
    void everyColumnHoldsTheEnginesBits(String name, Steps at) {
        TorchCase torch = TorchCase.named(name);
        List<OutputKind> all = toldAt(at);
        List<ScoredSequence> expected = engine(torch, at, all);
        List<Row> rows = Run.of(torch, folder.resolve("out"))
                .withInput(Tables.ofIds(torch.tokens()), 1, folder.resolve("in"))
                .with("output.at", SettingValues.name(at))
                .with("output.emit", names(all))
                .with("output.top-k", 3)
                .rows();
        assertThat(rows).hasSameSizeAs(expected);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), at, all);
        }
    }

    private static List<ScoredSequence> engine(TorchCase torch, Steps at, List<OutputKind> emissions) {
        return CompiledModel.compile(torch.model(), InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(new ScoreRequest(at, emissions, 3))
                .score(torch.sequences());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 17})
    void theSameBitsInAnyPartitioning(int files) {
        TorchCase torch = TorchCase.named("many_short");
        List<OutputKind> emissions = List.of(OutputKind.SOFTMAX, OutputKind.LOGLIK, OutputKind.STATE);
        List<ScoredSequence> expected = engine(torch, Steps.LAST, emissions);
        List<Row> rows = Run.of(torch, folder.resolve("out"))
                .withInput(Tables.ofIds(torch.tokens()), files, folder.resolve("in"))
                .with("output.emit", names(emissions))
                .rows();
        assertThat(rows).hasSameSizeAs(expected);
        assertThat(LocalSpark.session()
                        .read()
                        .parquet(folder.resolve("in").toString())
                        .rdd()
                        .getNumPartitions())
                .isEqualTo(files);
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.LAST, emissions);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2_000, 1_000_000})
    void theSameBitsAndTheInputsOrderInAnyBatch(int batchBytes) {
        TorchCase torch = TorchCase.named("many_short");
        List<OutputKind> emissions = List.of(OutputKind.SOFTMAX, OutputKind.RANK, OutputKind.LOGPROB);
        List<ScoredSequence> expected = engine(torch, Steps.EACH, emissions);
        List<Row> rows = Run.of(torch, folder.resolve("out"))
                .withInput(Tables.ofIds(torch.tokens()), 1, folder.resolve("in"))
                .with("output.at", "each")
                .with("output.emit", names(emissions))
                .with("scoring.batch-bytes", batchBytes)
                .rows();
        List<Row> input = LocalSpark.session()
                .read()
                .parquet(folder.resolve("in").toString())
                .collectAsList();
        assertThat(rows.stream().map(row -> row.getInt(0)).toList())
                .isEqualTo(input.stream().map(row -> row.getInt(0)).toList());
        for (Row row : rows) {
            Answers.requireSame(row, expected.get(row.getInt(0)), Steps.EACH, emissions);
        }
    }

    @Test
    void otherColumnsAreKeptAsTheyAre() {
        TorchCase torch = TorchCase.named("vocab_2");
        Dataset<Row> input = LocalSpark.session()
                .sql(
                        "SELECT 7L AS key, 'a b' AS name, array(0, 1, 1) AS tokens, DATE'2026-01-02' AS day, "
                                + "TIMESTAMP'2026-01-02 03:04:05' AS at, 1.50BD AS price, map('k', 2) AS tags, "
                                + "named_struct('x', 1, 'y', array('z')) AS inner, CAST(NULL AS string) AS nothing, X'01FF' AS raw");
        Dataset<Row> scored = Run.of(torch, folder.resolve("out"))
                .withInput(input, 1, folder.resolve("in"))
                .with("output.emit", "prediction")
                .table();
        assertThat(scored.columns())
                .containsExactly(
                        "key", "name", "tokens", "day", "at", "price", "tags", "inner", "nothing", "raw", "prediction");
        assertThat(scored.drop("prediction").first()).isEqualTo(input.first());
        assertThat(scored.selectExpr("day", "price", "inner.y[0]", "tags['k']", "hex(raw)")
                        .first()
                        .toString())
                .isEqualTo("[2026-01-02,1.50,z,2,01FF]");
    }

    @Test
    void jsonOutputAndTheReport() throws Exception {
        TorchCase torch = TorchCase.named("names_wlm_encoder_rnn");
        Path output = folder.resolve("out");
        Path copy = folder.resolve("report.json");
        Run run = Run.of(torch, output)
                .with("input.path", torch.inputPath())
                .with("input.format", "json")
                .with("output.format", "json")
                .with("output.emit", "loglik,topk")
                .with("report.path", copy);
        List<Row> rows = run.rows();
        assertThat(rows).hasSize(torch.tokens().size());
        assertThat(rows.get(0).<Row>getAs("loglik").schema().fieldNames()).contains("sum", "tokens");
        JsonNode report =
                new ObjectMapper().readTree(output.resolve(RunReport.FILE).toFile());
        assertThat(report.path("rows").asInt()).isEqualTo(torch.tokens().size());
        assertThat(report.path("tokens").asInt())
                .isEqualTo(torch.tokens().stream().mapToInt(ids -> ids.length).sum());
        assertThat(report.path("model").path("sha256").asText())
                .isEqualTo(torch.model().fingerprint());
        assertThat(report.path("engine-builds").asInt()).isEqualTo(1);
        assertThat(report.path("exit-code").asInt()).isZero();
        JsonNode copied = new ObjectMapper().readTree(copy.toFile());
        assertThat(((ObjectNode) report).without("publication").toString()).isEqualTo(copied.toString());
        assertThat(run.said()).contains("scored 3 sequences", "wrote " + output);
    }

    @Test
    void theReferenceKernelAgrees() {
        TorchCase torch = TorchCase.named("uni_l1_h3");
        List<Row> rows = Run.of(torch, folder.resolve("out"))
                .with("input.path", torch.inputPath())
                .with("input.format", "json")
                .with("scoring.kernel", "reference")
                .rows();
        List<ScoredSequence> engine = engine(torch, Steps.LAST, List.of(OutputKind.SOFTMAX));
        for (int at = 0; at < rows.size(); at++) {
            List<Float> softmax = rows.get(at).getList(rows.get(at).fieldIndex("softmax"));
            for (int k = 0; k < softmax.size(); k++) {
                assertThat((double) softmax.get(k)).isCloseTo(engine.get(at).softmax()[0][k], offset(1e-6));
            }
        }
    }

    @Test
    void anEmptyTableIsScoredToAnEmptyTable() {
        TorchCase torch = TorchCase.named("vocab_2");
        Dataset<Row> scored = Run.of(torch, folder.resolve("out"))
                .withInput(Tables.of(Tables.INTS), 1, folder.resolve("in"))
                .table();
        assertThat(scored.columns()).containsExactly("id", "tokens", "softmax");
        assertThat(scored.count()).isZero();
    }
}
