package sluice.ml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.settings.SettingKey;
import sluice.job.transform.TableScorer;

/**
 * A stage of a Spark ML pipeline that scores the sequences of a column with a trained LSTM. It adds one column, {@code outputCol}: the
 * answers of one output kind, or a struct of the answers of several. The bits are those of {@code submit/score}.
 *
 * <p>Saved with a pipeline is the path of the model, not the model.
 */
public final class SequenceScorer extends Transformer implements DefaultParamsWritable {
    private static final long serialVersionUID = 1L;

    private static final String ERROR = "error";
    private static final String SKIP = "skip";
    private static final String KEEP = "keep";

    /** Settings that have a param, with its name. */
    private static final Map<SettingKey, String> OWN = Map.of(
            SettingKey.MODEL_PATH, "modelPath",
            SettingKey.INPUT_TOKENS, "inputCol",
            SettingKey.INPUT_VOCABULARY, "vocabularyPath",
            SettingKey.OUTPUT_EMIT, "emit",
            SettingKey.OUTPUT_AT, "at",
            SettingKey.OUTPUT_TOP_K, "topK",
            SettingKey.BAD_ROWS_RULE, "handleInvalid");

    /** Settings of runs that the SQL functions know, too. */
    private static final Set<SettingKey> OF_RUNS =
            Set.of(SettingKey.STATE_PATH, SettingKey.STATE_KEY, SettingKey.STATE_KEEP);

    private final String uid;
    private final Param<String> inputCol;
    private final Param<String> outputCol;
    private final Param<String> modelPath;
    private final Param<String> vocabularyPath;
    private final StringArrayParam emit;
    private final Param<String> at;
    private final IntParam topK;
    private final Param<String> handleInvalid;
    private final StringArrayParam settings;

    /** A stage with a random UID. */
    public SequenceScorer() {
        this(Identifiable$.MODULE$.randomUID("sequenceScorer"));
    }

    /** Called by Spark. */
    public SequenceScorer(String uid) {
        this.uid = uid;
        this.inputCol = new Param<>(this, "inputCol", "column with the sequences");
        this.outputCol = new Param<>(this, "outputCol", "column that is added");
        this.modelPath = new Param<>(this, "modelPath", "path of the model, on a file system that the driver can read");
        this.vocabularyPath = new Param<>(this, "vocabularyPath", "path of the vocabulary, for columns of words");
        this.emit = new StringArrayParam(
                this,
                "emit",
                "output kinds, such as softmax, topk, loglik or hidden; default: softmax and prediction, or hidden of a model without an output layer");
        this.at = new Param<>(this, "at", "each: an answer for each step; last: one for the sequence");
        this.topK = new IntParam(this, "topK", "number of classes of the output kind topk");
        this.handleInvalid = new Param<>(
                this,
                "handleInvalid",
                "what happens to a row that can't be scored: error (the query fails), skip (the row is left out) or keep (its answers are null, and a reason is added)",
                ParamValidators.inArray(List.of(ERROR, SKIP, KEEP)));
        this.settings = new StringArrayParam(
                this,
                "settings",
                "other settings of conf/scoring.conf about the model and its answers, each KEY=VALUE");
        setDefault(inputCol, "tokens");
        setDefault(outputCol, "scores");
        setDefault(handleInvalid, ERROR);
    }

    @Override
    public String uid() {
        return uid;
    }

    // The params, as Spark finds them

    public Param<String> inputCol() {
        return inputCol;
    }

    public Param<String> outputCol() {
        return outputCol;
    }

    public Param<String> modelPath() {
        return modelPath;
    }

    public Param<String> vocabularyPath() {
        return vocabularyPath;
    }

    public StringArrayParam emit() {
        return emit;
    }

    public Param<String> at() {
        return at;
    }

    public IntParam topK() {
        return topK;
    }

    public Param<String> handleInvalid() {
        return handleInvalid;
    }

    public StringArrayParam settings() {
        return settings;
    }

    // Their values

    public SequenceScorer setInputCol(String value) {
        set(inputCol, value);
        return this;
    }

    public String getInputCol() {
        return getOrDefault(inputCol);
    }

    public SequenceScorer setOutputCol(String value) {
        set(outputCol, value);
        return this;
    }

    public String getOutputCol() {
        return getOrDefault(outputCol);
    }

    public SequenceScorer setModelPath(String value) {
        set(modelPath, value);
        return this;
    }

    public String getModelPath() {
        return getOrDefault(modelPath);
    }

    public SequenceScorer setVocabularyPath(String value) {
        set(vocabularyPath, value);
        return this;
    }

    public String getVocabularyPath() {
        return getOrDefault(vocabularyPath);
    }

    public SequenceScorer setEmit(String... value) {
        set(emit, value);
        return this;
    }

    public String[] getEmit() {
        return getOrDefault(emit);
    }

    public SequenceScorer setAt(String value) {
        set(at, value);
        return this;
    }

    public String getAt() {
        return getOrDefault(at);
    }

    public SequenceScorer setTopK(int value) {
        set(topK, value);
        return this;
    }

    public int getTopK() {
        return (int) getOrDefault(topK);
    }

    public SequenceScorer setHandleInvalid(String value) {
        set(handleInvalid, value);
        return this;
    }

    public String getHandleInvalid() {
        return getOrDefault(handleInvalid);
    }

    public SequenceScorer setSettings(String... value) {
        set(settings, value);
        return this;
    }

    public String[] getSettings() {
        return getOrDefault(settings);
    }

    /** Reads the model, and scores the rows when they are needed. */
    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        return scorer().transform(dataset.toDF());
    }

    /** The schema with {@code outputCol}; reads the model. */
    @Override
    public StructType transformSchema(StructType schema) {
        return scorer().schema(schema, SparkSession.active());
    }

    @Override
    public SequenceScorer copy(ParamMap extra) {
        return defaultCopy(extra);
    }

    /** A reader of saved stages. */
    public static MLReader<SequenceScorer> read() {
        return new DefaultParamsReader<>();
    }

    /** Reads a saved stage. */
    public static SequenceScorer load(String path) {
        return read().load(path);
    }

    private TableScorer scorer() {
        if (!isSet(modelPath)) {
            throw new RefusedException(
                    "%s: modelPath is not set; set it to the path of a trained model".formatted(uid));
        }
        Map<String, String> keys = otherSettings();
        keys.put(SettingKey.MODEL_PATH.key(), getModelPath());
        keys.put(SettingKey.INPUT_TOKENS.key(), getInputCol());
        keys.put(SettingKey.BAD_ROWS_RULE.key(), getHandleInvalid().equals(ERROR) ? "fail" : "null");
        if (isSet(vocabularyPath)) {
            keys.put(SettingKey.INPUT_VOCABULARY.key(), getVocabularyPath());
        }
        if (isSet(emit)) {
            keys.put(SettingKey.OUTPUT_EMIT.key(), String.join(",", getEmit()));
        }
        if (isSet(at)) {
            keys.put(SettingKey.OUTPUT_AT.key(), getAt());
        }
        if (isSet(topK)) {
            keys.put(SettingKey.OUTPUT_TOP_K.key(), String.valueOf(getTopK()));
        }
        return new TableScorer(uid, keys, getOutputCol(), getHandleInvalid().equals(SKIP));
    }

    private Map<String, String> otherSettings() {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String setting : isSet(settings) ? getSettings() : new String[0]) {
            String[] pair = setting.split("=", 2);
            if (pair.length < 2) {
                throw new RefusedException("%s: settings: '%s', expected KEY=VALUE".formatted(uid, setting));
            }
            SettingKey.of(pair[0]).ifPresent(this::requireOfModels); // an unknown key is refused where it is read
            keys.put(pair[0], pair[1]);
        }
        return keys;
    }

    private void requireOfModels(SettingKey key) {
        if (OWN.containsKey(key)) {
            throw new RefusedException("%s: settings: %s is the param %s; set that".formatted(uid, key, OWN.get(key)));
        }
        if (key.isIgnoredByFunctions() || OF_RUNS.contains(key)) {
            throw new RefusedException(
                    "%s: settings: %s is about the tables of a run, and a pipeline stage reads and writes none; leave it out"
                            .formatted(uid, key));
        }
    }
}
