package sluice.job.transform;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.column.VectorMetadata;
import sluice.job.input.InputTable;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.model.Vocabularies;
import sluice.job.model.VocabularySource;
import sluice.job.report.RunCounters;
import sluice.job.settings.SettingKey;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;
import sluice.job.task.PartitionScorer;
import sluice.job.task.ScoringPlan;

/**
 * Adds the answers to the sequences of a table as one column. The rows are scored in batches by the plan of a run, so the bits are those of
 * the job.
 */
public final class TableScorer {
    private static final Logger LOG = LoggerFactory.getLogger(TableScorer.class);

    /** Before the names of the answers while they are columns beside those of the table. Chosen to avoid collisions. */
    private static final String PREFIX = "sluice answer ";

    private static final String CACHE = "sluice.ml"; // not the name of a catalog, which has no dots
    private static final String CACHE_BYTES = "512 MiB";
    private static final String REASON = "reason";
    private static final String UNUSED_PATH = "-";

    private final String where;
    private final Map<String, String> keys;
    private final String output;
    private final boolean skipsBadRows;

    /**
     * @param where what the settings belong to, for messages
     * @param keys settings by key
     * @param output name of the added column
     * @param skipsBadRows whether a row that can't be scored is left out
     */
    public TableScorer(String where, Map<String, String> keys, String output, boolean skipsBadRows) {
        this.where = where;
        this.keys = new LinkedHashMap<>(keys);
        this.keys.put(SettingKey.INPUT_FORMAT.key(), "table");
        this.keys.put(SettingKey.INPUT_PATH.key(), UNUSED_PATH);
        this.keys.put(SettingKey.OUTPUT_PATH.key(), UNUSED_PATH);
        this.keys.put(SettingKey.OUTPUT_PREFIX.key(), PREFIX);
        this.output = output;
        this.skipsBadRows = skipsBadRows;
    }

    /** A plan with what it was resolved from. */
    private record Resolved(Settings settings, CachedModel model, ScoringPlan plan) {}

    /**
     * The rows with the added column: the value of the requested output kind, or a struct of the values if there are several columns.
     *
     * @throws RefusedException if settings, model and table do not fit together
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        SparkSession spark = rows.sparkSession();
        Resolved resolved = resolve(spark, rows);
        ScoringPlan plan = resolved.plan();
        plan.assumptions().forEach(note -> LOG.warn("{}: {}", where, note));
        PartitionScorer scorer = new PartitionScorer(
                plan.broadcast(
                        resolved.settings(),
                        spark,
                        resolved.model().engine(plan.input().kind(), resolved.settings(), spark)),
                new RunCounters(spark.sparkContext()));
        Dataset<Row> scored = VectorMetadata.attach(
                plan.table().rows().mapPartitions(scorer, Encoders.row(plan.schema())), plan.schema());
        if (skipsBadRows) {
            scored = scored.where(col(ColumnPath.quoted(PREFIX + REASON)).isNull());
        }
        List<Column> columns = new ArrayList<>();
        for (StructField field : plan.table().schema().fields()) {
            columns.add(col(ColumnPath.quoted(field.name())).as(field.name(), field.metadata()));
        }
        columns.add(answer(plan));
        return scored.select(columns.toArray(Column[]::new));
    }

    /**
     * The schema of {@link #transform}.
     *
     * @throws RefusedException as {@link #transform}
     */
    public StructType schema(StructType schema, SparkSession spark) {
        ScoringPlan plan =
                resolve(spark, spark.createDataFrame(List.of(), schema)).plan();
        List<StructField> answers = answers(plan);
        DataType type = answers.size() == 1
                ? answers.get(0).dataType()
                : new StructType(answers.stream()
                        .map(field -> DataTypes.createStructField(
                                name(field), field.dataType(), field.nullable(), field.metadata()))
                        .toArray(StructField[]::new));
        return schema.add(output, type, true);
    }

    private Column answer(ScoringPlan plan) {
        List<StructField> answers = answers(plan);
        Column[] values = answers.stream()
                .map(field -> col(ColumnPath.quoted(field.name())).as(name(field)))
                .toArray(Column[]::new);
        return (values.length == 1 ? col(ColumnPath.quoted(answers.get(0).name())) : struct(values)).as(output);
    }

    /** The columns of the answer, after those of the table; without the reason if no row has one. */
    private List<StructField> answers(ScoringPlan plan) {
        int kept = plan.table().schema().length();
        return Arrays.stream(plan.schema().fields())
                .skip(kept)
                .filter(field -> !skipsBadRows || !name(field).equals(REASON))
                .toList();
    }

    private static String name(StructField field) {
        return field.name().substring(PREFIX.length());
    }

    private Resolved resolve(SparkSession spark, Dataset<Row> rows) {
        if (ColumnNames.of(spark).index(rows.schema(), output) >= 0) {
            throw new RefusedException(
                    "outputCol: the table has a column '%s' already; choose another name".formatted(output));
        }
        Configuration hadoop = spark.sessionState().newHadoopConf();
        ModelCache cache = ModelCache.of(spark.sparkContext(), CACHE, SettingValues.bytes(where, CACHE_BYTES));
        CachedModel model = cache.get(Settings.readFrom(where, keys).model(), "modelPath", hadoop);
        Map<String, String> all = new LinkedHashMap<>(keys);
        boolean hasClasses = model.file().model().output().isPresent();
        all.putIfAbsent(SettingKey.OUTPUT_EMIT.key(), hasClasses ? "softmax,prediction" : "hidden");
        Settings settings = Settings.readFrom(where, all);
        Vocabularies vocabularies = VocabularySource.find(settings.input(), model.file(), hadoop);
        InputTable table =
                InputTable.of(spark, rows, settings.input(), model.file().model());
        return new Resolved(settings, model, ScoringPlan.resolve(model.file(), settings, vocabularies, table, hadoop));
    }
}
