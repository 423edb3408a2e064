package sluice.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** A stage of a pipeline has the bits of the job, and is saved and loaded as Spark's own stages are. */
class SequenceScorerTest {
    private static final TorchCase TOKENS = TorchCase.named("many_short");
    private static final TorchCase FEATURES = TorchCase.named("float_l1_h17_in4");

    @TempDir
    Path folder;

    private static Dataset<Row> sequences() {
        return Tables.ofIds(TOKENS.tokens());
    }

    private static SequenceScorer scorer() {
        return new SequenceScorer().setModelPath(TOKENS.modelPath());
    }

    private static Map<Object, String> byId(Dataset<Row> rows, String... columns) {
        Map<Object, String> found = new TreeMap<>();
        for (Row row : rows.selectExpr(columns).collectAsList()) {
            found.put(row.get(0), row.toString());
        }
        return found;
    }

    private Dataset<Row> job(Dataset<Row> rows, TorchCase torch, String emit, String tokens) {
        return Run.of(torch, folder.resolve("job"))
                .withInput(rows, 1, folder.resolve("in"))
                .with("output.emit", emit)
                .with("output.top-k", "3")
                .with("input.tokens", tokens)
                .table();
    }

    /** The schema without what Spark makes nullable. */
    private static DataType nullable(StructType schema) {
        return StructType.fromDDL(schema.toDDL()).asNullable();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void itHasTheBitsOfTheJob(int partitions) {
        SequenceScorer stage = scorer().setEmit("softmax", "topk", "loglik").setTopK(3);
        Dataset<Row> scored = stage.transform(sequences().repartition(partitions));
        Map<Object, String> expected = byId(
                job(sequences(), TOKENS, "softmax,topk,loglik", "tokens"), "id", "tokens", "softmax", "topk", "loglik");
        assertThat(byId(scored, "id", "tokens", "scores.softmax", "scores.topk", "scores.loglik"))
                .isEqualTo(expected)
                .hasSize(300);
        assertThat(scored.columns()).containsExactly("id", "tokens", "scores");
        assertThat(nullable(stage.transformSchema(sequences().schema()))).isEqualTo(nullable(scored.schema()));
    }

    @Test
    void oneOutputKindIsTheColumnItself() {
        SequenceScorer stage = scorer().setEmit("prediction").setOutputCol("next");
        Dataset<Row> scored = stage.transform(sequences());
        assertThat(byId(scored, "id", "next"))
                .isEqualTo(byId(job(sequences(), TOKENS, "prediction", "tokens"), "id", "prediction"));
        assertThat(stage.transformSchema(sequences().schema()).apply("next").dataType())
                .isEqualTo(DataTypes.IntegerType);
    }

    /** The name of an output kind may be that of a column, and two stages may score one table. */
    @Test
    void columnsOfAnyNameStayAsTheyAre() {
        Dataset<Row> rows = sequences()
                .selectExpr("id", "tokens", "'mine' AS softmax", "1 AS reason")
                .withMetadata(
                        "id", new MetadataBuilder().putString("mine", "too").build());
        Dataset<Row> scored = scorer().setOutputCol("second")
                .transform(scorer().setHandleInvalid("keep").transform(rows));
        assertThat(scored.columns()).containsExactly("id", "tokens", "softmax", "reason", "scores", "second");
        assertThat(scored.schema().apply("id").metadata().getString("mine")).isEqualTo("too");
        assertThat(scored.where("softmax = 'mine' AND scores.softmax = second.softmax")
                        .count())
                .isEqualTo(300);
    }

    @Test
    void aSavedPipelineScoresTheSame() throws IOException {
        VectorAssembler assembler = new VectorAssembler()
                .setInputCols(new String[] {"a", "b", "c", "d"})
                .setOutputCol("features");
        SequenceScorer stage = new SequenceScorer()
                .setModelPath(FEATURES.modelPath())
                .setInputCol("features")
                .setOutputCol("state")
                .setEmit("hidden")
                .setSettings("scoring.kernel=scalar");
        StructType schema = StructType.fromDDL("id int, a double, b double, c double, d double");
        Dataset<Row> rows = LocalSpark.session()
                .createDataFrame(
                        List.of(RowFactory.create(0, 0.5, -1.0, 0.0, 2.5), RowFactory.create(1, 0.0, 0.0, 0.0, 1.5)),
                        schema);
        PipelineModel model =
                new Pipeline().setStages(new PipelineStage[] {assembler, stage}).fit(rows);
        model.write().overwrite().save(folder.resolve("pipeline").toString());
        PipelineModel loaded = PipelineModel.load(folder.resolve("pipeline").toString());
        Map<Object, String> expected =
                byId(job(assembler.transform(rows), FEATURES, "hidden", "features"), "id", "hidden");
        assertThat(byId(model.transform(rows), "id", "state"))
                .isEqualTo(expected)
                .hasSize(2);
        assertThat(byId(loaded.transform(rows), "id", "state")).isEqualTo(expected);
        assertThat(loaded.stages()[1].uid()).isEqualTo(stage.uid());
        SequenceScorer again = (SequenceScorer) loaded.stages()[1];
        assertThat(again.getEmit()).containsExactly("hidden");
        assertThat(again.getSettings()).containsExactly("scoring.kernel=scalar");
    }

    @Test
    void aSavedStageIsLoadedWithItsParams() throws IOException {
        SequenceScorer stage = scorer().setEmit("topk")
                .setTopK(2)
                .setAt("each")
                .setHandleInvalid("skip")
                .setVocabularyPath("words.txt");
        stage.save(folder.resolve("stage").toString());
        SequenceScorer loaded = SequenceScorer.load(folder.resolve("stage").toString());
        assertThat(loaded.getEmit()).containsExactly("topk");
        assertThat(loaded.getTopK()).isEqualTo(2);
        assertThat(loaded.getAt()).isEqualTo("each");
        assertThat(loaded.getHandleInvalid()).isEqualTo("skip");
        assertThat(loaded.getVocabularyPath()).isEqualTo("words.txt");
        assertThat(loaded.getInputCol()).isEqualTo("tokens");
        assertThat(loaded.getOutputCol()).isEqualTo("scores");
    }

    @Test
    void sparkFindsTheStageAndItsParams() {
        assertThat(ServiceLoader.load(Transformer.class)).anyMatch(SequenceScorer.class::isInstance);
        assertThat(Arrays.stream(new SequenceScorer("mine").params()).map(Param::name))
                .containsExactly(
                        "at",
                        "emit",
                        "handleInvalid",
                        "inputCol",
                        "modelPath",
                        "outputCol",
                        "settings",
                        "topK",
                        "vocabularyPath");
        SequenceScorer copy = scorer().setAt("each").copy(new org.apache.spark.ml.param.ParamMap());
        assertThat(copy.getAt()).isEqualTo("each");
        assertThat(copy.getModelPath()).isEqualTo(TOKENS.modelPath());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "skip | [0]",
                "keep | [0,null],[1,token-out-of-range]",
            })
    void aRowThatCannotBeScoredIsLeftOutOrKept(String rule, String expected) {
        Dataset<Row> rows = Tables.ofIds(List.of(new int[] {1, 2}, new int[] {-1}));
        SequenceScorer stage = scorer().setEmit("softmax", "prediction").setHandleInvalid(rule);
        Dataset<Row> scored = stage.transform(rows);
        String[] columns = rule.equals("keep") ? new String[] {"id", "scores.reason.code"} : new String[] {"id"};
        assertThat(String.join(",", byId(scored, columns).values())).isEqualTo(expected);
        assertThat(nullable(stage.transformSchema(rows.schema()))).isEqualTo(nullable(scored.schema()));
    }

    @Test
    void aRowThatCannotBeScoredFailsTheQuery() {
        Dataset<Row> scored = scorer().transform(Tables.ofIds(List.of(new int[] {-1})));
        assertThatThrownBy(scored::collectAsList)
                .hasStackTraceContaining("row id=0: column 'tokens': token -1 at step 0")
                .hasStackTraceContaining("(token-out-of-range)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokens | output.mode=append | mine: settings: output.mode is about the tables of a run, and a pipeline stage reads and writes none; leave it out",
                "tokens | state.path=s | mine: settings: state.path is about the tables of a run",
                "tokens | output.at=each | mine: settings: output.at is the param at; set that",
                "tokens | output.temperature | mine: settings: 'output.temperature', expected KEY=VALUE",
                "tokens | output.temprature=2 | mine: unknown key 'output.temprature', did you mean 'output.temperature'?",
                "tokns | output.temperature=2 | input.tokens: no column 'tokns' in the input",
            })
    void whatCannotBeIsRefusedBeforeAnythingRuns(String column, String setting, String message) {
        SequenceScorer stage = new SequenceScorer("mine")
                .setModelPath(TOKENS.modelPath())
                .setInputCol(column)
                .setSettings(setting);
        assertThatThrownBy(() -> stage.transformSchema(sequences().schema()))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(message);
        assertThatThrownBy(() -> stage.transform(sequences()))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void aStageWithoutAModelOrWithAColumnTwiceIsRefused() {
        assertThatThrownBy(() -> new SequenceScorer("mine").transform(sequences()))
                .hasMessage("mine: modelPath is not set; set it to the path of a trained model");
        assertThatThrownBy(() -> scorer().setModelPath("no.safetensors").transform(sequences()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("no.safetensors");
        assertThatThrownBy(() -> scorer().setOutputCol("ID").transform(sequences()))
                .hasMessage("outputCol: the table has a column 'ID' already; choose another name");
        assertThatThrownBy(() -> scorer().setHandleInvalid("null")).hasMessageContaining("handleInvalid");
    }
}
