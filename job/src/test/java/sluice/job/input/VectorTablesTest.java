package sluice.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;
import sluice.job.sql.SluiceCatalog;

/** Vectors of Spark's ML library, dense or sparse, have the bits of the same numbers in arrays. */
class VectorTablesTest {
    private static final TorchCase MODEL = TorchCase.named("float_l1_h17_in4");
    private static final int WIDTH = 4; // of the model
    private static final DataType VECTOR = SQLDataTypes.VectorType();
    private static final DataType VECTORS = DataTypes.createArrayType(VECTOR);
    private static final String STORED = "struct<type:tinyint,size:int,indices:array<int>,values:array<double>>";

    /** Sequences of 0 to 8 steps; half of the numbers are 0, some of them -0. */
    private static final List<double[][]> SEQUENCES = sequences();

    @TempDir
    Path folder;

    private static List<double[][]> sequences() {
        Random random = new Random(7);
        List<double[][]> sequences = new ArrayList<>();
        for (int length = 0; length <= 8; length++) {
            double[][] steps = new double[length][WIDTH];
            for (double[] step : steps) {
                Arrays.setAll(step, at -> random.nextBoolean() ? random.nextGaussian() : -0.0 * random.nextInt(2));
            }
            sequences.add(steps);
        }
        return sequences;
    }

    /** Every third vector is sparse. A sparse vector states a -0, because what it doesn't state is +0. */
    private static Vector vector(double[] numbers, int at) {
        int[] indices = IntStream.range(0, numbers.length)
                .filter(index -> Double.doubleToRawLongBits(numbers[index]) != 0)
                .toArray();
        double[] values =
                Arrays.stream(indices).mapToDouble(index -> numbers[index]).toArray();
        return at % 3 == 0 ? Vectors.sparse(numbers.length, indices, values) : Vectors.dense(numbers);
    }

    private static Vector[] vectors(double[][] steps) {
        Vector[] vectors = new Vector[steps.length];
        Arrays.setAll(vectors, at -> vector(steps[at], at));
        return vectors;
    }

    private static double[] flat(double[][] steps) {
        return Arrays.stream(steps).flatMapToDouble(Arrays::stream).toArray();
    }

    private static Dataset<Row> arrays() {
        return Tables.of(Tables.DOUBLE_ROWS, SEQUENCES.toArray());
    }

    private static Dataset<Row> rowsOfVectors() {
        return Tables.of(
                VECTORS, SEQUENCES.stream().map(VectorTablesTest::vectors).toArray());
    }

    private static Dataset<Row> flatVectors() {
        List<Vector> vectors = new ArrayList<>();
        SEQUENCES.forEach(steps -> vectors.add(vector(flat(steps), vectors.size())));
        return Tables.of(VECTOR, vectors.toArray());
    }

    private Run run(String name) {
        return Run.of(MODEL, folder.resolve(name)).with("output.emit", "hidden,logits");
    }

    private Run run(String name, Dataset<Row> rows, int files) {
        return run(name).withInput(rows, files, folder.resolve("in-" + name));
    }

    private static Map<Object, String> answers(List<Row> rows) {
        Map<Object, String> answers = new TreeMap<>();
        rows.forEach(row -> answers.put(row.getAs("id"), "%s %s".formatted(row.getAs("hidden"), row.getAs("logits"))));
        return answers;
    }

    private Map<Object, String> expected() {
        Map<Object, String> expected = answers(run("expected", arrays(), 1).rows());
        assertThat(expected).hasSize(SEQUENCES.size());
        return expected;
    }

    private static SparkSession spark() {
        return LocalSpark.session();
    }

    // The job

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aVectorIsAStepAndKeepsItsType(int files) {
        Dataset<Row> scored = run("rows", rowsOfVectors(), files).table();
        assertThat(answers(scored.collectAsList())).isEqualTo(expected());
        assertThat(scored.schema().apply("tokens").dataType()).isEqualTo(VECTORS);
        assertThat(scored.select("id", "tokens").except(rowsOfVectors()).isEmpty())
                .isTrue();
    }

    @Test
    void oneVectorIsTheNumbersOfAllSteps() {
        Dataset<Row> scored = run("flat", flatVectors(), 2).table();
        assertThat(answers(scored.collectAsList())).isEqualTo(expected());
        assertThat(scored.schema().apply("tokens").dataType()).isEqualTo(VECTOR);
    }

    @ParameterizedTest
    @ValueSource(strings = {"orc", "json"})
    void aFormatThatStoresTheStructOfAVectorIsReadTheSame(String format) {
        String input = folder.resolve("in-" + format).toString();
        rowsOfVectors().coalesce(1).write().format(format).save(input);
        Run rows = run(format).with("input.path", input).with("input.format", format);
        Map<Object, String> expected = new TreeMap<>();
        expected().forEach((id, answer) -> expected.put(((Number) id).longValue(), answer));
        Map<Object, String> found = new TreeMap<>();
        answers(rows.rows()).forEach((id, answer) -> found.put(((Number) id).longValue(), answer));
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void theOlderVectorsOfTheLibraryAreReadTheSame() {
        DataType older = new org.apache.spark.mllib.linalg.VectorUDT();
        Dataset<Row> rows = Tables.of(
                DataTypes.createArrayType(older),
                SEQUENCES.stream()
                        .map(steps -> Arrays.stream(vectors(steps))
                                .map(org.apache.spark.mllib.linalg.Vectors::fromML)
                                .toArray())
                        .toArray());
        assertThat(answers(run("older", rows, 1).rows())).isEqualTo(expected());
    }

    @Test
    void vectorsWithinStructsAreStepsInTheirOrder() {
        Dataset<Row> events = run("sorted", rowsOfVectors(), 1)
                .with("input.tokens", "events.item")
                .with("input.order-by", "events.at")
                .withInput(
                        rowsOfVectors()
                                .selectExpr(
                                        "id",
                                        "transform(reverse(tokens), (item, at) -> named_struct('item', item, 'at', -at)) AS events"),
                        1,
                        folder.resolve("in-sorted"))
                .table();
        assertThat(answers(events.collectAsList())).isEqualTo(expected());
    }

    @Test
    void paddingIsAVectorOfPaddingAlone() {
        Dataset<Row> padded = rowsOfVectors()
                .crossJoin(Tables.of(VECTOR, Vectors.dense(9, 9, 9, 9)).selectExpr("tokens AS pad"))
                .selectExpr("id", "concat(tokens, array(pad, pad)) AS tokens");
        assertThat(answers(run("padded", padded, 1).with("input.pad", "9").rows()))
                .isEqualTo(expected());
    }

    /** One event a row, with the vector that VectorAssembler makes of its columns. */
    @Test
    void aVectorOfEachEventIsCollected() {
        List<Row> events = new ArrayList<>();
        for (int id = 0; id < SEQUENCES.size(); id++) {
            for (int step = 0; step < SEQUENCES.get(id).length; step++) {
                double[] numbers = SEQUENCES.get(id)[step];
                events.add(RowFactory.create(id, step, numbers[0], numbers[1], numbers[2], numbers[3]));
            }
        }
        StructType schema = StructType.fromDDL("id int, step int, a double, b double, c double, d double");
        Dataset<Row> assembled = new VectorAssembler()
                .setInputCols(new String[] {"a", "b", "c", "d"})
                .setOutputCol("features")
                .transform(spark().createDataFrame(events, schema).orderBy("d"));
        Run run = run("grouped", assembled, 3)
                .with("input.tokens", "features")
                .with("input.group-by", "id")
                .with("input.order-by", "step")
                .with("input.columns", "id,features");
        Dataset<Row> scored = run.table();
        Map<Object, String> expected = expected();
        expected.remove(0); // without an event
        assertThat(answers(scored.collectAsList())).isEqualTo(expected);
        assertThat(scored.schema().apply("features").dataType()).isEqualTo(VECTORS);
    }

    // Bad rows

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "array(%s)           | named_struct('type', 1Y, 'size', null, 'indices', null, 'values', array(1d, 2d))                 | wrong-input  | step 0 has 2 features, the model reads 4",
                "array(%s)           | named_struct('type', 0Y, 'size', 9, 'indices', array(1), 'values', array(2d))                     | wrong-input  | step 0 has 9 features, the model reads 4",
                "array(%s)           | null                                                                                            | null-element | the element at step 0 is null",
                "null                | null                                                                                            | null-sequence | it is null, expected a sequence (an empty one is [])",
                "array(%s)           | named_struct('type', 1Y, 'size', null, 'indices', null, 'values', array(1d, 2d, 3d, double('NaN'))) | feature-not-finite | NaN",
                "array(%s)           | named_struct('type', 0Y, 'size', 4, 'indices', array(1, 1), 'values', array(2d, 3d))             | wrong-type   | the element at step 0 is no vector: index 1 after 1, expected ascending indices below the size, 4",
                "array(%s)           | named_struct('type', 0Y, 'size', 4, 'indices', array(4), 'values', array(2d))                    | wrong-type   | the element at step 0 is no vector: index 4 after -1, expected ascending indices below the size, 4",
                "array(%s)           | named_struct('type', 0Y, 'size', 4, 'indices', array(1), 'values', array(2d, 3d))                | wrong-type   | the element at step 0 is no vector: 1 indices and 2 values",
                "array(%s)           | named_struct('type', 0Y, 'size', null, 'indices', array(1), 'values', array(2d))                 | wrong-type   | the element at step 0 is no vector: no size",
                "array(%s)           | named_struct('type', 0Y, 'size', -1, 'indices', array(), 'values', array())                      | wrong-type   | the element at step 0 is no vector: size -1, expected one of 0 to 2147483647",
                "array(%s)           | named_struct('type', 2Y, 'size', 4, 'indices', array(1), 'values', array(2d))                    | wrong-type   | the element at step 0 is no vector: type 2, expected 0 (sparse) or 1 (dense)",
                "array(%s)           | named_struct('type', 1Y, 'size', null, 'indices', null, 'values', array(1d, null))               | wrong-type   | the element at step 0 is no vector: null in its values"
            })
    void aBadVectorIsABadRow(String steps, String vector, String code, String text) {
        Dataset<Row> rows = spark().sql(
                        "SELECT 1 AS id, CAST(%s AS array<%s>) AS tokens".formatted(steps.formatted(vector), STORED));
        Row scored = run("bad", rows, 1)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows()
                .get(0);
        Row reason = scored.getStruct(scored.fieldIndex("reason"));
        assertThat(reason.getString(0)).isEqualTo(code);
        assertThat(reason.getString(1)).contains(text);
    }

    @Test
    void aBadVectorOfTheLibraryIsABadRow() {
        Dataset<Row> rows =
                Tables.of(VECTORS, new Vector[] {Vectors.dense(1, 2)}, new Vector[] {null}, null, new Vector[] {
                    Vectors.sparse(WIDTH, new int[] {1}, new double[] {Double.NaN})
                });
        List<Row> scored = run("bad", rows, 1)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .table()
                .selectExpr("id", "reason.code")
                .orderBy("id")
                .collectAsList();
        assertThat(scored)
                .extracting(row -> row.getString(1))
                .containsExactly("wrong-input", "null-element", "null-sequence", "feature-not-finite");
    }

    @Test
    void aVectorOfNoMultipleOfTheFeaturesIsABadRow() {
        Row scored = run("bad", Tables.of(VECTOR, Vectors.dense(1, 2, 3, 4, 5)), 1)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", "1")
                .rows()
                .get(0);
        assertThat(scored.getStruct(scored.fieldIndex("reason")).toString())
                .isEqualTo(
                        "[wrong-input,it holds 5 numbers, no multiple of the 4 features that the model reads a step]");
    }

    /** A sparse vector is small in a file and may be larger than the memory as a sequence. */
    @Test
    void aSequenceOfMoreNumbersThanFitIntoMemoryFailsTheRunWithASentence() {
        Run run = run("huge", Tables.of(VECTOR, Vectors.sparse(2_000_000_000, new int[0], new double[0])), 1);
        assertThatThrownBy(run::score)
                .hasStackTraceContaining("a sparse vector of 2,000,000,000 numbers takes 29.8 GiB as a sequence");
        assertThat(folder.resolve("huge")).doesNotExist();
    }

    @Test
    void aModelOfTokensRefusesVectors() {
        Run run = Run.of(TorchCase.named("uni_l1_h17"), folder.resolve("tokens"))
                .withInput(flatVectors(), 1, folder.resolve("in"));
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "input.tokens: column 'tokens' (%s) holds a vector of features, but the model reads tokens: expected ids, words or text"
                                .formatted(STORED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"input.group-by", "input.order-by"})
    void aVectorIsNoKey(String key) {
        Run run = run("key", flatVectors().selectExpr("id", "tokens", "tokens AS other"), 1)
                .with("input.group-by", "id")
                .with("input.order-by", "id")
                .with(key, "other");
        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("%s: column 'other' has type %s, expected".formatted(key, STORED));
    }

    // Other ways in

    @Test
    void theCommandReadsVectors() {
        rowsOfVectors().coalesce(1).write().parquet(folder.resolve("in").toString());
        Terminal done = Terminal.score(
                "--model", MODEL.modelPath(),
                "--input", folder.resolve("in").toString(),
                "--output", folder.resolve("command").toString(),
                "--emit", "hidden,logits");
        assertThat(done.code()).as("%s", done).isZero();
        assertThat(done.output()).noneMatch(line -> line.contains("ML library"));
        assertThat(answers(spark().read()
                        .parquet(folder.resolve("command").toString())
                        .collectAsList()))
                .isEqualTo(expected());
    }

    @Test
    void theFunctionsReadVectors() {
        SparkSession session = spark().newSession();
        session.conf().set("spark.sql.catalog.sluice", SluiceCatalog.class.getName());
        session.conf().set("spark.sql.catalog.sluice.model.m", MODEL.modelPath());
        rowsOfVectors().write().parquet(folder.resolve("rows").toString());
        flatVectors().write().parquet(folder.resolve("flat").toString());
        arrays().write().parquet(folder.resolve("arrays").toString());
        String query = "SELECT id, sluice.logits('m', tokens) AS logits FROM parquet.`%s` ORDER BY id";
        List<Row> expected =
                session.sql(query.formatted(folder.resolve("arrays"))).collectAsList();
        assertThat(session.sql(query.formatted(folder.resolve("rows"))).collectAsList())
                .isEqualTo(expected)
                .hasSize(SEQUENCES.size());
        assertThat(session.sql(query.formatted(folder.resolve("flat"))).collectAsList())
                .isEqualTo(expected);
        assertThatThrownBy(() -> session.sql("SELECT sluice.logits('m', array(CAST(NULL AS %s)))".formatted(STORED))
                        .collectAsList())
                .hasStackTraceContaining("the element at step 0 is null (null-element)");
    }

    @Test
    void newFilesOfVectorsAreScored() {
        Run run = run("increments", rowsOfVectors().where("id < 4"), 1)
                .with("input.checkpoint", folder.resolve("checkpoint"));
        run.scoreNew();
        rowsOfVectors()
                .where("id >= 4")
                .coalesce(1)
                .write()
                .mode("append")
                .parquet(folder.resolve("in-increments").toString());
        run.scoreNew();
        assertThat(answers(spark().read()
                        .parquet(folder.resolve("increments").toString())
                        .collectAsList()))
                .isEqualTo(expected());
    }

    /** The steps of a second night continue from the states of the first. */
    @Test
    void vectorsContinueFromCarriedStates() {
        Map<Object, String> whole = expected();
        Dataset<Row> rows = rowsOfVectors().where("id > 1");
        night("monday", rows.selectExpr("id", "slice(tokens, 1, 2) AS tokens")).score();
        List<Row> tuesday = night("tuesday", rows.selectExpr("id", "slice(tokens, 3, 9) AS tokens"))
                .rows();
        Map<Object, String> found = answers(tuesday);
        assertThat(found).hasSize(SEQUENCES.size() - 2);
        found.forEach((id, answer) -> assertThat(answer).isEqualTo(whole.get(id)));
    }

    private Run night(String name, Dataset<Row> rows) {
        return run(name, rows, 2)
                .with("report.run", name)
                .with("state.path", folder.resolve("states"))
                .with("state.key", "id");
    }
}
