package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The door for SQL from afar: a Spark Connect client that has nothing of ours, and a server with our jar and a line for each model. */
@Tag("slow")
class ConnectIT {
    private static final String MODEL = Checkout.example("reber.safetensors").toString();

    @TempDir
    private Path directory;

    @Test
    void aClientWithNothingOfOursScoresByItsSqlAlone() throws IOException {
        Map<String, String> settings = Map.of(
                "spark.sql.catalog.sluice",
                "sluice.job.sql.SluiceCatalog",
                "spark.sql.catalog.sluice.model.reber",
                MODEL,
                "spark.sql.catalog.sluice.model.reber.input.splitter",
                "character",
                "spark.sql.warehouse.dir",
                directory.resolve("warehouse").toString());
        try (ConnectServer server = new ConnectServer(directory, settings)) {
            Launch.Ended ended = server.ask(
                    directory,
                    "CREATE TABLE strings USING parquet AS SELECT id, text FROM json.`%s`"
                            .formatted(Checkout.example("strings.jsonl")),
                    "CALL sluice.run('reber', 'strings', 'scores', emit => 'softmax,prediction,topk,loglik', tokens => 'text')",
                    """
                    SELECT count(*), count_if(softmax = s.softmax), count_if(prediction = s.prediction),
                      count_if(topk = t), count_if(loglik = l)
                    FROM (SELECT *, sluice.score('reber', text) AS s, sluice.topk('reber', text, 5) AS t,
                      sluice.loglik('reber', text) AS l FROM scores)
                    """,
                    "SET spark.sql.catalog.sluice.model.mine = " + MODEL,
                    "SET spark.sql.catalog.sluice.model.mine.output.emit = prediction",
                    "SELECT sluice.mine.score(array(0, 1))",
                    "SELECT value FROM (SELECT 1 AS value) WHERE sluice.mine.score(array(0, 1, 1)).prediction >= 0",
                    "SELECT sluice.score(text) FROM strings",
                    "SELECT sluice.loglik('reber', 'BQ')",
                    "CALL sluice.describe('rebber')");
            List<String> lines = ended.out().lines().toList();
            String all = ended.toString();
            assertThat(ended.exitCode()).as(all).isZero();
            assertThat(lines).as(all).hasSize(9);
            assertThat(lines.get(0)).as(all).startsWith("[1200,").contains(",scores,{");
            assertThat(lines.get(1)).as("the functions have the job's bits").isEqualTo("[1200,1200,1200,1200,1200]");
            assertThat(lines.get(4)).as(all).matches("\\[\\[[0-6]]]");
            assertThat(lines.get(5)).as(all).isEqualTo("[1]");
            assertThat(lines.get(6))
                    .as(all)
                    .startsWith("error: ")
                    .contains("expected sluice.score(model string, tokens[, candidates]), found (string)");
            assertThat(lines.get(7))
                    .as(all)
                    .startsWith("error: ")
                    .contains(
                            "sluice.loglik: model 'reber', argument tokens = BQ: word 'Q' at step 1 is not in the vocabulary");
            assertThat(lines.get(8)).as(all).startsWith("error: ").contains("no model 'rebber', did you mean 'reber'?");
        }
    }

    /** The Python client names a stage of a pipeline, and the server finds its class in our jar. */
    @Test
    void aClientScoresWithTheStageOfPipelines() throws IOException, URISyntaxException {
        String source = Path.of(
                        ConnectIT.class.getResource("/connect/ScoreStage.java").toURI())
                .toString();
        Map<String, String> settings = Map.of(
                "spark.sql.catalog.sluice",
                "sluice.job.sql.SluiceCatalog",
                "spark.sql.catalog.sluice.model.reber",
                MODEL);
        try (ConnectServer server = new ConnectServer(directory, settings)) {
            Launch.Ended function = server.ask(
                    directory, "SELECT array(0, 1, 1, 2) AS tokens, sluice.loglik('reber', array(0, 1, 1, 2))");
            Launch.Ended stage = server.run(directory, source, "SELECT array(0, 1, 1, 2) AS tokens", MODEL);
            assertThat(stage.exitCode()).as(stage.toString()).isZero();
            assertThat(stage.out()).as(stage.toString()).startsWith("[").isEqualTo(function.out());
            Launch.Ended refused = server.run(directory, source, "SELECT 1 AS id", MODEL);
            assertThat(refused.err())
                    .as(refused.toString())
                    .contains("input.tokens: no column 'tokens' in the input, which has id (int)");
        }
    }
}
