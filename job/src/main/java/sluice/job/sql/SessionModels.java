package sluice.job.sql;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.incremental.IncrementalJob;
import sluice.job.input.InputTable;
import sluice.job.input.SequenceForm;
import sluice.job.message.Console;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.model.ModelSummary;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.output.OutputColumns;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunReport;
import sluice.job.run.ScoringJob;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;
import sluice.job.task.ScoringPlan;

/**
 * The models that a session's SQL can name, and all that can be asked of them there. Read anew for each statement, as a session's
 * settings may change.
 */
public final class SessionModels {
    private static final Logger LOG = LoggerFactory.getLogger(SessionModels.class);

    /** Of {@link #run}. */
    public static final StructType RUN_COLUMNS = new StructType()
            .add("rows", DataTypes.LongType)
            .add("tokens", DataTypes.LongType)
            .add("computed_steps", DataTypes.LongType)
            .add("bad_rows", DataTypes.LongType)
            .add("seconds", DataTypes.DoubleType)
            .add("tokens_per_second_per_core", DataTypes.LongType)
            .add("model_sha256", DataTypes.StringType)
            .add("output", DataTypes.StringType)
            .add("report", DataTypes.StringType);

    /** Of {@link #describe}. */
    public static final StructType DESCRIBE_COLUMNS =
            new StructType().add("property", DataTypes.StringType).add("value", DataTypes.StringType);

    /** Settings that speak of tables, which a function knows nothing of. */
    private static final List<String> OF_TABLES = List.of(
            "input.path",
            "input.format",
            "input.options",
            "input.filter",
            "input.columns",
            "input.tokens",
            "input.checkpoint",
            "input.key",
            "output.path",
            "output.format",
            "output.mode",
            "output.partition-by",
            "output.options",
            "output.table-provider",
            "output.provenance",
            "output.file-rows",
            "output.file-bytes",
            "output.prefix",
            "bad-rows.path",
            "bad-rows.max-fraction",
            "report");

    private static final Pattern OPTION = Pattern.compile("--([a-z]+(?:-[a-z]+)*)");

    private static final String TOKENS = "tokens"; // the argument, as the default of input.tokens

    private final SparkSession spark;
    private final String catalog;
    private final CatalogSettings settings;
    private final ModelCache shelf;
    private final Configuration hadoop;

    /**
     * @param catalog the name that the session knows it by
     * @throws RuntimeException where the session's settings of it are wrong
     */
    public SessionModels(SparkSession spark, String catalog) {
        this.spark = spark;
        this.catalog = catalog;
        this.settings = new CatalogSettings(
                catalog, CollectionConverters.asJava(spark.conf().getAll()));
        this.shelf = ModelCache.of(
                spark.sparkContext(),
                catalog,
                settings.cacheBytes(spark.sparkContext().getConf()));
        this.hadoop = spark.sessionState().newHadoopConf();
    }

    /**
     * A function of one model, or of all that have a name: Spark tells the values of arguments, and so the model that is named by one, when
     * it is too late to choose a type or to send a model.
     *
     * @param name for messages
     * @param model or none: the first argument names it
     * @throws UnsupportedOperationException where there is no such function of these; the message says why, and what to do
     */
    public RowFunction function(String name, Optional<String> model, ScoringFunction answer, DataType sequence) {
        try {
            return model.isPresent() ? ofOne(name, model.get(), answer, sequence) : ofAll(name, answer, sequence);
        } catch (RefusedException e) {
            throw new UnsupportedOperationException(e.getMessage(), e);
        }
    }

    private RowFunction ofOne(String name, String model, ScoringFunction answer, DataType sequence) {
        RowPlan plan = plan(model, answer, sequence);
        DataType type = answer.isOneColumn() ? plan.columns().fields()[0].dataType() : plan.columns();
        RowFunction function = new RowFunction(name, answer, type);
        function.add(model, plan, null, settings.remedyForBadRows(model));
        return function;
    }

    private RowFunction ofAll(String name, ScoringFunction answer, DataType sequence) {
        StructType columns = OutputColumns.ofAnyModel();
        DataType type = answer.isOneColumn() ? columns.apply(answer.column()).dataType() : columns;
        if (SequenceForm.of(sequence) == null) {
            throw new RefusedException("argument tokens has type %s, expected %s"
                    .formatted(sequence.catalogString(), SequenceForm.EXPECTED));
        }
        if (settings.names().isEmpty()) {
            throw new RefusedException(
                    "no model has a name here; set %s to the path of one".formatted(settings.where("NAME")));
        }
        RowFunction function = new RowFunction(name, answer, type);
        for (String model : settings.names()) {
            try {
                RowPlan plan = plan(model, answer, sequence);
                int[] places = answer.isOneColumn() ? null : places(model, plan, columns);
                function.add(model, plan, places, settings.remedyForBadRows(model));
            } catch (RefusedException e) { // of no concern to those who ask another one
                function.addRefused(model, e.getMessage());
            }
        }
        return function;
    }

    private int[] places(String model, RowPlan plan, StructType columns) {
        for (StructField field : plan.columns().fields()) {
            boolean fits = Arrays.asList(columns.fieldNames()).contains(field.name())
                    && columns.apply(field.name()).dataType().equals(field.dataType());
            if (!fits) {
                throw new RefusedException(
                        "its settings ask for %s as %s, which the one answer of all models has no place for: call %s.`%s`.score(tokens)"
                                .formatted(field.name(), field.dataType().catalogString(), catalog, model));
            }
        }
        return Arrays.stream(plan.columns().fieldNames())
                .mapToInt(columns::fieldIndex)
                .toArray();
    }

    private RowPlan plan(String model, ScoringFunction answer, DataType sequence) {
        Map<String, String> keys = settings.of(model);
        keys.keySet().removeIf(key -> OF_TABLES.stream().anyMatch(out -> key.equals(out) || key.startsWith(out + ".")));
        keys.put("input.path", "-");
        keys.put("output.path", "-");
        if (answer.isOneColumn()) {
            keys.put("output.at", "last");
            keys.put("output.vectors", "array");
            keys.put("output.emit", answer.column());
            keys.put("output.top-k", "1"); // topk's own argument stands for it
        }
        String where = settings.where(model);
        Settings known = Settings.readFrom(where, keys);
        CachedModel shelved = shelf.get(known.model(), settings.option(model), hadoop);
        boolean hasClasses = shelved.file().model().output().isPresent();
        keys.putIfAbsent("output.emit", hasClasses ? "softmax,prediction" : "hidden");
        Settings wanted = Settings.readFrom(where, keys);
        if (wanted.badRows().rule() == BadRowRule.QUARANTINE) {
            throw new RefusedException(
                    "%s.bad-rows.rule = quarantine: a function has no place to put rows aside; set it to fail or null, or CALL the catalog's procedure run"
                            .formatted(where));
        }
        requireFresh(where, wanted);
        Optional<FileStamp> words = wanted.input().vocabulary().map(path -> FileStamp.of(new Path(path), hadoop));
        return shelved.memo(new RowPlan.Key(keys, sequence, words), () -> plan(shelved, wanted, sequence));
    }

    /** Answers that go on from a state are others than those of the argument alone. */
    private static void requireFresh(String where, Settings wanted) {
        requireUnset(wanted.state().path(), where + ".state.path");
        requireUnset(wanted.input().state(), where + ".input.state");
    }

    private static void requireUnset(Optional<String> state, String key) {
        if (state.isPresent()) {
            throw new RefusedException(
                    "%s: a function begins every sequence afresh; give this setting to the catalog's procedure run alone"
                            .formatted(key));
        }
    }

    /** The same steps as a run's, on a table of one column, the argument, none of which is kept. */
    private RowPlan plan(CachedModel shelved, Settings wanted, DataType sequence) {
        StructType argument = new StructType().add(TOKENS, sequence);
        InputTable table = new InputTable(spark.createDataFrame(List.of(), argument), List.of(), 0, -1);
        Optional<Vocabulary> vocabulary = VocabularySource.find(
                wanted.input().vocabulary(), shelved.file().metadata(), hadoop);
        ScoringPlan plan = ScoringPlan.resolve(shelved.file(), wanted, vocabulary, table, hadoop);
        return new RowPlan(
                plan.broadcast(wanted, spark, shelved.engine(plan.input().kind(), wanted, spark)), plan.schema());
    }

    /**
     * Scores a table, as {@code submit/score} does. Where the settings don't say otherwise, input and output are names in the session's
     * catalogs.
     *
     * @param model a name or a path
     * @param given settings over the model's own
     * @param arguments that the caller may give them by, for messages
     * @return its report, in {@link #RUN_COLUMNS}; none where there is nothing to do: the run is in the output already, or no files have come
     */
    public List<Row> run(String model, Map<String, String> given, Set<String> arguments) {
        Map<String, String> keys = settings.of(model);
        keys.putAll(given);
        keys.putIfAbsent("input.format", "table");
        keys.putIfAbsent("output.format", "table");
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        try {
            Settings wanted = Settings.readFrom(settings.where(model), keys);
            Console console = new Console(writer, writer);
            Optional<RunReport> done = wanted.input().checkpoint().isPresent()
                    ? new IncrementalJob(spark, wanted, console).run()
                    : new ScoringJob(spark, wanted, console, shelf).run();
            return done.stream().map(report -> row(report, wanted)).toList();
        } catch (RefusedException e) {
            throw new RefusedException(inArguments(e.getMessage(), arguments), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            said.toString().lines().forEach(LOG::info);
        }
    }

    /** What refuses a run speaks of the command line's options, which are the caller's arguments by nearly the same names. */
    private static String inArguments(String message, Set<String> arguments) {
        return OPTION.matcher(message).replaceAll(option -> {
            String argument = option.group(1).replace('-', '_');
            return arguments.contains(argument) ? argument : option.group();
        });
    }

    private static Row row(RunReport report, Settings settings) {
        RunMetrics measured = report.measured();
        return RowFactory.create(
                measured.rows(),
                measured.tokens(),
                measured.computedSteps(),
                report.badRows().rows(),
                RunMetrics.seconds(report.duration()),
                Math.round(measured.tokensPerSecondPerCore()),
                report.model().model().fingerprint(),
                settings.output().path(),
                new String(report.json(), StandardCharsets.UTF_8));
    }

    /**
     * What is understood of a model, in {@link #DESCRIBE_COLUMNS}.
     *
     * @param model a name or a path
     */
    public List<Row> describe(String model) {
        Map<String, String> keys = new TreeMap<>(settings.of(model));
        keys.putIfAbsent("input.path", "-");
        keys.putIfAbsent("output.path", "-");
        Settings wanted = Settings.readFrom(settings.where(model), keys);
        CachedModel shelved = shelf.get(wanted.model(), settings.option(model), hadoop);
        Optional<Vocabulary> words = VocabularySource.find(
                wanted.input().vocabulary(), shelved.file().metadata(), hadoop);
        return new ModelSummary(wanted.model().path(), shelved.file(), words)
                .page().entries().stream()
                        .map(entry -> RowFactory.create(entry.name().strip(), entry.text()))
                        .toList();
    }
}
