package sluice.job.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;

/** From events of an HDFS log to alarms, as a recipe in {@code job/README.md} shows. Expected ranks and counts of flagged blocks are PyTorch's. */
@Tag("slow")
class EventAlarmsTest {
    private static final Path LOG = Path.of("src", "test", "resources", "hdfs");

    @TempDir
    Path folder;

    private static JsonNode expected(String model) throws IOException {
        return new ObjectMapper()
                .readTree(LOG.resolve("expected.json").toFile())
                .path(model);
    }

    private static void requireExpected(Dataset<Row> scored, JsonNode expected) {
        Dataset<Row> blocks = scored.selectExpr("int(substring(block, 5)) AS id", "key", "rank")
                .orderBy("id");
        List<Row> rows = blocks.collectAsList();
        assertThat(rows).hasSize(expected.path("full").size());
        for (int id = 0; id < rows.size(); id++) {
            List<Integer> ranks = new ArrayList<>();
            expected.path("full").get(id).forEach(rank -> ranks.add(rank.asInt()));
            assertThat(rows.get(id).getList(2)).as("block %d", id).isEqualTo(ranks);
        }
        for (int g = 1; g <= 20; g++) {
            JsonNode flagged = expected.path("flagged").get(g - 1);
            String alarm =
                    String.format(Locale.ROOT, "rank IS NULL OR size(key) <= 10 OR exists(rank, r -> r > %d)", g);
            assertThat(blocks.where(alarm).count())
                    .as("blocks that top-%d flags", g)
                    .isEqualTo(flagged.get(0).asLong() + flagged.get(1).asLong());
        }
    }

    @ParameterizedTest
    @CsvSource({"embedding, 1", "embedding, 7", "numbers, 3"})
    void theAlarmsAreThoseOfPyTorchInAnyPartitioning(String model, int files) throws IOException {
        Dataset<Row> events = LocalSpark.session()
                .read()
                .option("header", "true")
                .csv(LOG.resolve("events.csv").toString())
                .selectExpr("block", "timestamp(time) AS time", "bigint(line) AS line", "int(key) AS key");
        Dataset<Row> scored = new Run()
                .with("model.path", LOG.resolve(model + ".pt"))
                .withInput(events, files, folder.resolve("in"))
                .with("output.path", folder.resolve("out"))
                .with("input.tokens", "key")
                .with("input.group-by", "block")
                .with("input.order-by", "time,line")
                .with("input.window", "10")
                .with("output.at", "each")
                .with("output.emit", "rank")
                .table();
        requireExpected(scored, expected(model));
    }

    @Test
    void theCommandOfTheRecipe() throws IOException {
        LocalSpark.session();
        for (String model : List.of("numbers", "embedding")) {
            Path out = folder.resolve(model);
            Terminal done = Terminal.score(
                    "--config", LOG.resolve("alarms.conf").toString(),
                    "--model", LOG.resolve(model + ".pt").toString(),
                    "--input", LOG.resolve("events.csv").toString(),
                    "--output", out.toString());
            assertThat(done.code()).as("%s", done).isZero();
            requireExpected(LocalSpark.session().read().parquet(out.toString()), expected(model));
        }
    }
}
