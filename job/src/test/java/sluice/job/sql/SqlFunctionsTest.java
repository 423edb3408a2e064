package sluice.job.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Disk;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.ModelFiles;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.model.ModelCache;

/** The functions of the catalog in a session's SQL: the same bits and the same rules as a run. */
class SqlFunctionsTest {
    private static final TorchCase TORCH = TorchCase.named("many_short");
    private static final TorchCase OTHER = TorchCase.named("uni_l1_h3");
    private static final String MODEL = "spark.sql.catalog.sluice.model.";

    @TempDir
    static Path input;

    @TempDir
    Path folder;

    private SparkSession spark;

    @BeforeAll
    static void write() {
        Tables.ofIds(TORCH.tokens()).write().mode("overwrite").parquet(input.toString());
    }

    @BeforeEach
    void open() {
        spark = session();
    }

    /** A session of its own, so that settings of one test don't affect another. */
    private static SparkSession session() {
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set(MODEL + "next-click", TORCH.modelPath());
        session.conf().set(MODEL + "other", OTHER.modelPath());
        session.sql("CREATE TEMPORARY VIEW events (id int, tokens array<int>) USING parquet OPTIONS (path '%s')"
                .formatted(input));
        return session;
    }

    private Map<Integer, Row> answers(String expression) {
        return answers(spark, expression);
    }

    private static Map<Integer, Row> answers(SparkSession session, String expression) {
        Map<Integer, Row> rows = new HashMap<>();
        session.sql("SELECT id, %s AS answer FROM events".formatted(expression))
                .collectAsList()
                .forEach(row -> rows.put(row.getInt(0), row));
        return rows;
    }

    /** The columns of a run on the same rows. */
    private Map<Integer, Row> job(Map<String, String> settings) {
        Run run = Run.of(TORCH, folder.resolve("out")).with("input.path", input);
        settings.forEach(run::with);
        Map<Integer, Row> rows = new HashMap<>();
        run.rows().forEach(row -> rows.put(row.getInt(0), row));
        return rows;
    }

    @Test
    void theBitsOfARun() {
        Map<Integer, Row> job =
                job(Map.of("output.emit", "softmax,logits,sigmoid,prediction,topk,loglik,state", "output.top-k", "3"));
        Map<Integer, Row> any = answers("sluice.score('next-click', tokens)");
        Map<Integer, Row> top = answers("sluice.topk('next-click', tokens, 3)");
        Map<Integer, Row> loglik = answers("sluice.loglik('next-click', tokens)");
        Map<Integer, Row> logits = answers("sluice.logits('next-click', tokens)");
        Map<Integer, Row> sigmoid = answers("sluice.`next-click`.sigmoid(tokens)");
        spark.conf().set(MODEL + "next-click.output.emit", "state,loglik");
        Map<Integer, Row> own = answers("sluice.`next-click`.score(tokens)");
        assertThat(any.keySet()).isEqualTo(job.keySet()).hasSize(300);
        job.forEach((id, row) -> {
            Row softmax = any.get(id).getStruct(1);
            assertThat(softmax.schema().fieldNames())
                    .containsExactly(
                            "softmax",
                            "logits",
                            "sigmoid",
                            "prediction",
                            "topk",
                            "loglik",
                            "hidden",
                            "cell",
                            "state",
                            "reason");
            assertSame(softmax.getAs("softmax"), row.getAs("softmax"));
            assertSame(softmax.getAs("prediction"), row.getAs("prediction"));
            assertThat(softmax.<Object>getAs("loglik")).isNull(); // not asked for
            assertSame(top.get(id).get(1), row.getAs("topk"));
            assertSame(loglik.get(id).get(1), row.getAs("loglik"));
            assertSame(logits.get(id).get(1), row.getAs("logits"));
            assertSame(sigmoid.get(id).get(1), row.getAs("sigmoid"));
            Row typed = own.get(id).getStruct(1);
            assertThat(typed.schema().fieldNames()).containsExactly("loglik", "state");
            assertSame(typed.getAs("state"), row.getAs("state"));
            assertSame(typed.getAs("loglik"), row.getAs("loglik"));
        });
    }

    @Test
    void theBitsOfARunAtEachStepAndInBinary() {
        spark.conf().set(MODEL + "next-click.output.at", "each");
        spark.conf().set(MODEL + "next-click.output.vectors", "binary");
        spark.conf().set(MODEL + "next-click.output.emit", "softmax,rank,gates");
        Map<Integer, Row> job =
                job(Map.of("output.at", "each", "output.vectors", "binary", "output.emit", "softmax,rank,gates"));
        Map<Integer, Row> own = answers("sluice.`next-click`.score(tokens)");
        job.forEach((id, row) -> {
            Row typed = own.get(id).getStruct(1);
            assertThat(typed.<byte[]>getAs("softmax")).isEqualTo(row.<byte[]>getAs("softmax"));
            assertSame(typed.getAs("rank"), row.getAs("rank"));
            assertThat(typed.<Row>getAs("gates").<byte[]>getAs("forget"))
                    .isEqualTo(row.<Row>getAs("gates").<byte[]>getAs("forget"));
        });
        assertThatThrownBy(() -> answers("sluice.score('next-click', tokens)"))
                .hasMessageContaining("model 'next-click': its settings ask for softmax as binary")
                .hasMessageContaining("call sluice.`next-click`.score(tokens)");
    }

    @Test
    void aModelWithOneOutput() {
        spark.conf()
                .set(
                        MODEL + "yes",
                        ModelFiles.classifier(folder.resolve("yes"), 300, 1).toString());
        for (String call : List.of(
                "sluice.score('yes', tokens)",
                "sluice.`yes`.score(tokens)",
                "sluice.topk('yes', tokens, 1)",
                "sluice.loglik('yes', tokens)")) {
            assertThatThrownBy(() -> answers(call))
                    .as(call)
                    .hasMessageContaining("the model has one output, so its ")
                    .hasMessageContaining("set output.emit (--emit) to logits");
        }
        Map<Integer, Row> logits = answers("sluice.logits('yes', tokens)");
        Map<Integer, Row> sigmoid = answers("sluice.sigmoid('yes', tokens)");
        spark.conf().set(MODEL + "yes.output.emit", "logits");
        Map<Integer, Row> score = answers("sluice.`yes`.score(tokens)");
        logits.forEach((id, row) -> {
            assertSame(score.get(id).getStruct(1).getAs("logits"), row.get(1));
            float logit = row.<Float>getList(1).get(0);
            assertThat((double) sigmoid.get(id).<Float>getList(1).get(0))
                    .isCloseTo(1 / (1 + Math.exp(-logit)), within(1e-6));
        });
        assertThat(logits).hasSize(300);
    }

    private static void assertSame(Object found, Object expected) {
        assertThat(Answers.flat(found)).isEqualTo(Answers.flat(expected));
    }

    @Test
    void modelsByPathAndSequencesOfWords() {
        Path words = Disk.write(folder.resolve("words.txt"), "a\nb\n");
        Path model =
                TorchCase.named("vocab_2").folder().resolve("model.safetensors").toAbsolutePath();
        spark.conf().set(MODEL + "letters", model.toString());
        spark.conf().set(MODEL + "letters.input.vocabulary", words.toString());
        spark.conf().set(MODEL + "letters.input.splitter", "character");
        List<Row> rows = spark.sql("""
                        SELECT sluice.letters.topk(text, 1) AS own, sluice.topk('letters', text, 1) AS any,
                          sluice.topk('letters', filter(split(text, ''), word -> word <> ''), 1) AS words,
                          sluice.`%s`.topk(ids, 1) AS path
                        FROM VALUES ('abb', array(0L, 1L, 1L)), ('', array()) AS (text, ids)
                        """.formatted(model)).collectAsList();
        Row first = rows.get(0);
        Row best = first.<Row>getList(0).get(0);
        assertThat(best.<String>getAs("label")).isEqualTo(best.<Integer>getAs("token") == 0 ? "a" : "b");
        for (Row row : rows) {
            assertThat(Answers.flat(row.get(1))).isEqualTo(Answers.flat(row.get(0)));
            assertThat(Answers.flat(row.get(3))).as("by path").isEqualTo(Answers.flat(row.get(0)));
        }
        assertThat(Answers.flat(first.get(2))).isEqualTo(Answers.flat(first.get(0)));
        assertThat(first.<Row>getList(3).get(0).<String>getAs("label"))
                .as("no words")
                .isNull();
    }

    @Test
    void theModelMayComeFromAColumn() {
        List<Row> rows = spark.sql("""
                        SELECT sluice.loglik(model, ids) = sluice.loglik('next-click', ids),
                          sluice.loglik(model, ids) = sluice.loglik('other', ids)
                        FROM VALUES ('next-click', array(1, 2, 0)), ('other', array(1, 2, 0)) AS (model, ids)
                        """).collectAsList();
        assertThat(rows).extracting(Row::toString).containsExactly("[true,false]", "[false,true]");
    }

    @Test
    void anEmptySequenceIsAnsweredFromTheInitialState() {
        Row row = spark.sql("SELECT sluice.score('other', array()) AS s, sluice.loglik('other', array()) AS l")
                .first();
        assertThat(row.getStruct(0).<Object>getAs("softmax")).isNotNull();
        assertThat(row.getStruct(1).<Integer>getAs("tokens")).isZero();
        assertThat(row.getStruct(1).<Double>getAs("perplexity")).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CAST(NULL AS array<int>) | tokens = null: it is null, expected a sequence (an empty one is [])   | null-sequence",
                "NULL                     | tokens = null: it is null, expected a sequence (an empty one is [])   | null-sequence",
                "array(0, NULL)           | tokens = [0, null]: the element at step 1 is null                     | null-element",
                "array(0, 99)             | tokens = [0, 99]: token 99 at step 1 is outside [0, 50), the model's tokens | token-out-of-range"
            })
    void aBadSequenceFailsTheQueryOrIsReportedByTheRule(String tokens, String text, String code) {
        assertThatThrownBy(() -> spark.sql("SELECT sluice.topk('other', %s, 2)".formatted(tokens))
                        .collect())
                .hasMessageContaining(
                        "sluice.topk: model 'other', argument %s (%s); leave such rows out, or set %sother.bad-rows.rule = null for an answer that is null"
                                .formatted(text, code, MODEL));
        spark.conf().set(MODEL + "other.bad-rows.rule", "null");
        Row row = spark.sql(
                        "SELECT sluice.topk('other', %s, 2), sluice.loglik('other', %<s), sluice.score('other', %<s), sluice.other.score(%<s)"
                                .formatted(tokens))
                .first();
        assertThat(row.isNullAt(0)).isTrue();
        assertThat(row.isNullAt(1)).isTrue();
        for (int at = 2; at < 4; at++) {
            assertThat(row.getStruct(at).<Object>getAs("softmax")).isNull();
            assertThat(row.getStruct(at).<Row>getAs("reason").getString(0)).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sluice.score(tokens)                | expected sluice.score(model string, tokens[, candidates]), found (array<int>)",
                "sluice.score('other', tokens, 3)    | expected sluice.score(model string, tokens[, candidates]), found (string, array<int>, int)",
                "sluice.topk('other', tokens)        | expected sluice.topk(model string, tokens, k int[, candidates]), found (string, array<int>)",
                "sluice.topk('other', tokens, '3')   | expected sluice.topk(model string, tokens, k int[, candidates]), found (string, array<int>, string)",
                "sluice.other.topk(tokens)           | expected sluice.`other`.topk(tokens, k int[, candidates]), found (array<int>)",
                "sluice.score('other', map(1, 2))    | argument tokens has type map<int,int>, expected array<int|bigint> of ids, array<string> of words",
                "sluice.other.score(map(1, 2))       | column 'tokens' has type map<int,int>, expected array<int|bigint> of ids, array<string> of words",
                "sluice.other.score(array(0.5D))     | column 'tokens' (array<double>) holds numbers, but the model reads tokens: expected ids, words or text",
                "sluice.other.score('a b')           | column 'tokens' (string) holds text, and there is no vocabulary: set input.vocabulary to a file of words",
                "sluice.othre.score(tokens)          | no model 'othre', did you mean 'other'? There are next-click, other; set spark.sql.catalog.sluice.model.othre to its path",
                "sluice.`/no/such`.score(tokens)     | /no/such: no such file; check the path"
            })
    void aWrongCallIsRefusedInAnalysis(String call, String message) {
        assertThatThrownBy(() -> spark.sql("SELECT %s FROM events".formatted(call)))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sluice.score('othre', tokens)     | sluice.score: no model 'othre', did you mean 'other'? There are next-click, other",
                "sluice.topk('other', tokens, 99)  | sluice.topk: model 'other', argument k = 99: top-k of 99 from a model of 50 classes: expected at most 50",
                "sluice.topk('other', tokens, 0)   | sluice.topk: argument k = 0, expected at least 1",
                "sluice.loglik('gone', tokens)     | sluice.loglik: model 'gone': /nowhere: no such file; check spark.sql.catalog.sluice.model.gone"
            })
    void aWrongValueIsRefusedAtEvaluation(String call, String message) {
        if (call.contains("gone")) {
            spark.conf().set(MODEL + "gone", "/nowhere");
        }
        assertThatThrownBy(() -> spark.sql("SELECT %s FROM events LIMIT 1".formatted(call))
                        .collect())
                .hasMessageContaining(message);
        assertThat(spark.sql("SELECT sluice.loglik('other', array(1, 2))").collectAsList())
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.other.output.topk     | 3     | spark.sql.catalog.sluice.model.other: unknown key 'output.topk', did you mean 'output.top-k'?",
                "model.other.report.pth      | x     | spark.sql.catalog.sluice.model.other: unknown key 'report.pth', did you mean 'report.path'?",
                "model.other.model.path      | x     | unknown setting spark.sql.catalog.sluice.model.other.model.path: the path is the value of spark.sql.catalog.sluice.model.other itself",
                "modle.other                 | x     | unknown setting spark.sql.catalog.sluice.modle.other, did you mean spark.sql.catalog.sluice.model.other?",
                "cache-byte                  | 1     | unknown setting spark.sql.catalog.sluice.cache-byte, did you mean spark.sql.catalog.sluice.cache-bytes?",
                "cache-bytes                 | 1     | spark.sql.catalog.sluice.cache-bytes = 1: it is 512 MiB for all sessions of this application; set it where Spark is started",
                "model.other.output.emit     | sofmax| output.emit = 'sofmax': expected one of softmax, logits, sigmoid, prediction",
                "model.other.bad-rows.rule   | quarantine | spark.sql.catalog.sluice.model.other.bad-rows.rule = quarantine: a function has no quarantine",
                "model.other.input.state     | state  | input.state: a function starts every sequence from the model's initial state"
            })
    void aWrongSettingIsRefused(String key, String value, String message) {
        spark.conf().set("spark.sql.catalog.sluice." + key, value);
        assertThatThrownBy(() -> spark.sql("SELECT sluice.other.score(tokens) FROM events"))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(message);
    }

    @Test
    void eightThreadsAtOnceShareOneEngine() throws Exception {
        Map<Integer, Row> expected = answers("sluice.loglik('next-click', tokens)");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Map<Integer, Row>>> queries = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                SparkSession own = thread % 2 == 0 ? spark : session();
                queries.add(() -> answers(own, "sluice.loglik('next-click', tokens)"));
            }
            for (Future<Map<Integer, Row>> query : threads.invokeAll(queries, 2, TimeUnit.MINUTES)) {
                assertThat(query.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
        ModelCache cache = ModelCache.of(spark.sparkContext(), "sluice", 0);
        assertThat(cache.paths()).filteredOn(TORCH.modelPath()::equals).hasSize(1);
    }

    /** A query keeps the model with which it was bound. */
    @Test
    void aModelThatIsReplacedOnDisk() throws IOException {
        Path model = Files.copy(Path.of(TORCH.modelPath()), folder.resolve("model.safetensors"));
        spark.conf().set(MODEL + "live", model.toString());
        String query = "SELECT id, sluice.loglik('live', tokens) AS answer FROM events ORDER BY id";
        Dataset<Row> running = spark.sql(query);
        List<Row> before = spark.sql(query).collectAsList();
        String sha = sha("live");
        Path other = ModelFiles.classifier(
                folder.resolve("other.safetensors"),
                TORCH.model().tokens(),
                TORCH.model().tokens());
        Files.move(other, model, StandardCopyOption.REPLACE_EXISTING);
        assertThat(sha).isEqualTo(TORCH.model().fingerprint());
        assertThat(sha("live"))
                .isNotEqualTo(sha)
                .isEqualTo(ModelFiles.read(model).fingerprint());
        assertThat(running.collectAsList()).isEqualTo(before);
        assertThat(spark.sql(query).collectAsList()).isNotEqualTo(before);
        Files.delete(model);
        assertThatThrownBy(() -> spark.sql("SELECT sluice.live.loglik(tokens) FROM events"))
                .hasMessageContaining("no such file; check " + MODEL + "live");
    }

    private String sha(String model) {
        return spark.sql("CALL sluice.describe(model => '%s')".formatted(model))
                .filter("property = 'sha-256'")
                .first()
                .getString(1);
    }
}
