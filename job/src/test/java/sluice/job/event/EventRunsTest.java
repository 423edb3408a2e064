package sluice.job.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** Tables of events in each way to run a job, with words and texts, and in formats whose columns are texts. */
class EventRunsTest {
    private static final TorchCase TORCH = TorchCase.named("uni_l1_h17");

    @TempDir
    Path folder;

    /** 200 events of 20 accounts. */
    private static Dataset<Row> events() {
        return LocalSpark.session()
                .range(200)
                .selectExpr(
                        "concat('a', id % 20) AS account",
                        "id * 13 % 200 AS at", "int(id * id % 29) AS item", "concat('w', id * id % 29) AS word");
    }

    private static Map<String, List<Object>> answers(Dataset<Row> table) {
        Map<String, List<Object>> answers = new TreeMap<>();
        for (Row row : table.select("account", "hidden", "loglik").collectAsList()) {
            answers.put(row.getString(0), List.of(row.get(1), row.get(2)));
        }
        return answers;
    }

    private Run run(String output) {
        return Run.of(TORCH, folder.resolve(output))
                .with("input.tokens", "item")
                .with("output.emit", "hidden,loglik");
    }

    private Run grouped(String output) {
        return run(output).with("input.group-by", "account").with("input.order-by", "at");
    }

    /** The answers for the sequences as Spark's own functions collect them. */
    private Map<String, List<Object>> expected() {
        Map<String, List<Object>> answers = answers(run("expected")
                .withInput(
                        events().groupBy("account")
                                .agg(
                                        functions.expr(
                                                "transform(array_sort(collect_list(struct(at, item))), event -> event.item) AS item")),
                        1,
                        folder.resolve("in-expected"))
                .table());
        assertThat(answers).hasSize(20);
        return answers;
    }

    @Test
    void theProcedureAndFunctions() throws IOException {
        Map<String, List<Object>> expected = expected();
        SparkSession session = LocalSpark.session().newSession();
        String model = "spark.sql.catalog.sluice.model.items";
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set(model, TORCH.modelPath());
        session.conf().set(model + ".output.emit", "hidden,loglik");
        session.conf().set(model + ".input.group-by", "account");
        session.conf().set(model + ".input.order-by", "at");
        events().write().parquet(folder.resolve("in").toString());
        session.read().parquet(folder.resolve("in").toString()).createOrReplaceTempView("events");
        Row report = session.sql(
                        "CALL sluice.run(model => 'items', input => 'events', tokens => 'item', output => '%s', output_format => 'parquet')"
                                .formatted(folder.resolve("called")))
                .first();
        assertThat(report.<Long>getAs("rows")).isEqualTo(20);
        JsonNode json = new ObjectMapper().readTree(report.<String>getAs("report"));
        assertThat(json.path("events").path("rows").asInt()).isEqualTo(200);
        assertThat(json.path("events").path("keys").asInt()).isEqualTo(20);
        assertThat(answers(session.read().parquet(folder.resolve("called").toString())))
                .isEqualTo(expected);
        // A function scores the array that it is given; the settings of tables do not apply.
        assertThat(
                        answers(
                                session.sql(
                                        "SELECT account, answer.hidden, answer.loglik FROM (SELECT account, sluice.items.score(transform(array_sort(collect_list(struct(at, item))), e -> e.item)) AS answer FROM events GROUP BY account)")))
                .isEqualTo(expected);
    }

    @Test
    void aDryRunGroupsAndWritesNothing() {
        events().write().parquet(folder.resolve("in").toString());
        String[] command = {
            "--model",
            TORCH.modelPath(),
            "--input",
            folder.resolve("in").toString(),
            "--tokens",
            "item",
            "--output",
            folder.resolve("out").toString(),
            "--set",
            "input.group-by=account",
            "--set",
            "input.order-by=at",
            "--set",
            "state.path=" + folder.resolve("states"),
            "--emit",
            "hidden",
            "--dry-run"
        };
        Terminal dry = Terminal.score(command);
        assertThat(dry.code()).as("%s", dry).isZero();
        assertThat(dry.output())
                .anyMatch(line -> line.matches("events +200 events of 20 keys"))
                .anyMatch(line -> line.matches("rows +20"))
                .anyMatch(line -> line.matches("tokens +200"));
        assertThat(folder.resolve("out")).doesNotExist();
        assertThat(folder.resolve("states")).doesNotExist();
    }

    @Test
    void newFilesAloneAreRefused() {
        events().write().parquet(folder.resolve("in").toString());
        Run run = grouped("out")
                .with("input.path", folder.resolve("in"))
                .with("input.checkpoint", folder.resolve("checkpoint"));
        assertThatThrownBy(run::scoreNew)
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "input.checkpoint (--incremental) and input.group-by are both set: the events of a key may be in files of several batches");
        assertThat(folder.resolve("checkpoint")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"csv, item", "csv, word", "json, item", "json, word", "orc, word", "parquet, word"})
    void wordsAndTextsInEachFormatAndTheirAudit(String format, String tokens) {
        Map<String, List<Object>> expected = expected();
        events().repartition(3)
                .write()
                .format(format)
                .option("header", "true")
                .save(folder.resolve("in").toString());
        List<String> words = new ArrayList<>();
        for (int id = 0; id < TORCH.model().tokens(); id++) {
            words.add("w" + id);
        }
        Run run = grouped("out")
                .with("input.path", folder.resolve("in"))
                .with("input.format", format)
                .with("input.tokens", tokens);
        if (tokens.equals("word")) {
            run.with("input.vocabulary", Disk.write(folder.resolve("words.txt"), String.join("\n", words)));
        }
        assertThat(answers(run.table())).isEqualTo(expected);
        Terminal audit = Terminal.score(
                "--audit", folder.resolve("out").toString(), "--model", TORCH.modelPath(), "--fraction", "1");
        assertThat(audit.code()).as("%s", audit).isZero();
        assertThat(audit.output()).anyMatch(line -> line.contains("20 of 20 rows have the same bits"));
    }

    /** A model that reads one number a step takes numbers in text, and ranks whole ones. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "csv  | 4;9;17     | none",
                "csv  | 4.0;9;17.0 | none",
                "csv  | 4;9.5;17   | wrong-input: features have no next token: loglik, logprob and rank need tokens",
                "json | 4;9;17     | none",
                "json | 4.0;9;17   | none"
            })
    void wholeNumbersInTextHaveRanks(String format, String values, String reason) {
        List<String> lines = new ArrayList<>(format.equals("csv") ? List.of("account,at,item") : List.of());
        for (String value : values.split(";")) {
            lines.add(
                    format.equals("csv")
                            ? "a," + lines.size() + "," + value
                            : "{\"account\": \"a\", \"at\": %s, \"item\": %s}".formatted(lines.size(), value));
        }
        Path model = Path.of("src", "test", "resources", "hdfs", "numbers.pt");
        Run run = grouped("out")
                .with("model.path", model)
                .with("input.path", Disk.write(folder.resolve("in"), String.join("\n", lines) + "\n"))
                .with("input.format", format)
                .with("output.at", "each")
                .with("output.emit", "rank")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1");
        Row row = run.rows().get(0);
        assertThat(
                        row.isNullAt(row.fieldIndex("reason"))
                                ? "none"
                                : row.getStruct(row.fieldIndex("reason")).mkString(": "))
                .isEqualTo(reason);
        if (reason.equals("none")) {
            Run plain = run("plain")
                    .with("model.path", model)
                    .withInput(
                            LocalSpark.session().sql("SELECT array(4, 9, 17) AS item"), 1, folder.resolve("in-plain"))
                    .with("output.at", "each")
                    .with("output.emit", "rank");
            assertThat(row.<Object>getAs("rank")).isEqualTo(plain.rows().get(0).getAs("rank"));
        }
    }
}
