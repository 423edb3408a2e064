package sluice.job.sql;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.connector.catalog.procedures.BoundProcedure;
import org.apache.spark.sql.connector.catalog.procedures.Procedure;
import org.apache.spark.sql.connector.catalog.procedures.ProcedureParameter;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.incremental.IncrementalJob;
import sluice.job.message.Console;
import sluice.job.message.RefusedException;
import sluice.job.output.Places;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunRecord;
import sluice.job.report.RunReport;
import sluice.job.run.ScoringJob;
import sluice.job.settings.SettingKey;
import sluice.job.settings.Settings;

/**
 * {@code CALL sluice.run(model => 'next-click', input => 'db.events', output => 'db.scores')}: a run as {@code submit/score} starts it.
 * Input and output are tables of the session's catalogs, unless the settings say otherwise.
 */
record RunProcedure(String catalog) implements UnboundProcedure, BoundProcedure {
    static final String NAME = "run";

    private static final Logger LOG = LoggerFactory.getLogger(RunProcedure.class);

    private static final StructType COLUMNS = new StructType()
            .add("rows", DataTypes.LongType)
            .add("tokens", DataTypes.LongType)
            .add("computed_steps", DataTypes.LongType)
            .add("bad_rows", DataTypes.LongType)
            .add("seconds", DataTypes.DoubleType)
            .add("tokens_per_second_per_core", DataTypes.LongType)
            .add("model_sha256", DataTypes.StringType)
            .add("output", DataTypes.StringType)
            .add("report", DataTypes.StringType);

    private static final DataType SETTINGS = DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType);

    /** The settings with a parameter of their own, in this order. A map of any other settings is the last parameter. */
    private static final List<SettingKey> NAMED = List.of(
            SettingKey.MODEL_PATH,
            SettingKey.INPUT_PATH,
            SettingKey.OUTPUT_PATH,
            SettingKey.OUTPUT_EMIT,
            SettingKey.OUTPUT_AT,
            SettingKey.OUTPUT_TOP_K,
            SettingKey.INPUT_TOKENS,
            SettingKey.OUTPUT_MODE,
            SettingKey.BAD_ROWS_RULE,
            SettingKey.INPUT_FORMAT,
            SettingKey.OUTPUT_FORMAT,
            SettingKey.REPORT_RUN,
            SettingKey.REPORT_PATH);

    private static final Set<String> PARAMETERS =
            NAMED.stream().map(RunProcedure::parameter).collect(Collectors.toUnmodifiableSet());

    private static final int REQUIRED = 3;

    private static final Pattern OPTION = Pattern.compile("--([a-z]+(?:-[a-z]+)*)");

    /** A parameter is named as the option: {@code top_k} for {@code --top-k}. */
    private static String parameter(SettingKey key) {
        return parameter(key.option().orElseThrow().substring(2));
    }

    private static String parameter(String option) {
        return option.replace('-', '_');
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "Scores a table with a model, writes a table, and returns the run's report.";
    }

    @Override
    public BoundProcedure bind(StructType arguments) {
        return this;
    }

    @Override
    public ProcedureParameter[] parameters() {
        ProcedureParameter[] parameters = new ProcedureParameter[NAMED.size() + 1];
        for (int at = 0; at < NAMED.size(); at++) {
            SettingKey key = NAMED.get(at);
            DataType type = key == SettingKey.OUTPUT_TOP_K ? DataTypes.IntegerType : DataTypes.StringType;
            ProcedureParameter.Builder parameter =
                    ProcedureParameter.in(parameter(key), type).comment("setting " + key);
            parameters[at] = (at < REQUIRED ? parameter : parameter.defaultValue("NULL")).build();
        }
        parameters[NAMED.size()] = ProcedureParameter.in("settings", SETTINGS)
                .comment("any other keys of conf/scoring.conf")
                .defaultValue("NULL")
                .build();
        return parameters;
    }

    @Override
    public boolean isDeterministic() {
        return false; // it writes
    }

    /** Returns one row, or none if there was nothing to do: the run is in the output already, or there are no new files. */
    @Override
    public Iterator<Scan> call(InternalRow arguments) {
        String model = model(this, arguments);
        Map<String, String> given = others(arguments);
        ProcedureParameter[] parameters = parameters();
        for (int at = 1; at < NAMED.size(); at++) {
            if (!arguments.isNullAt(at)) {
                Object value = arguments.get(at, parameters[at].dataType());
                given.put(NAMED.get(at).key(), value.toString());
            }
        }
        return ProcedureRows.of(COLUMNS, run(CatalogSession.active(catalog), model, given));
    }

    private static Map<String, String> others(InternalRow arguments) {
        Map<String, String> others = new LinkedHashMap<>();
        if (!arguments.isNullAt(NAMED.size())) {
            MapData map = arguments.getMap(NAMED.size());
            ArrayData keys = map.keyArray();
            for (int at = 0; at < map.numElements(); at++) {
                others.put(
                        keys.getUTF8String(at).toString(),
                        map.valueArray().isNullAt(at)
                                ? ""
                                : map.valueArray().getUTF8String(at).toString());
            }
        }
        return others;
    }

    /** @param given settings over the model's own */
    private static List<Row> run(CatalogSession session, String model, Map<String, String> given) {
        Map<String, String> keys = session.settings().of(model);
        keys.putAll(given);
        keys.putIfAbsent(SettingKey.INPUT_FORMAT.key(), "table");
        keys.putIfAbsent(SettingKey.OUTPUT_FORMAT.key(), "table");
        StringWriter printed = new StringWriter();
        PrintWriter writer = new PrintWriter(printed, true);
        try {
            Settings settings = Settings.readFrom(session.settings().where(model), keys);
            Console console = new Console(writer, writer);
            Instant started = Instant.now();
            Configuration hadoop = session.spark().sessionState().newHadoopConf();
            Optional<RunReport> report = RunRecord.around(
                    settings,
                    started,
                    Places.mayHoldReport(settings, Optional.of(session.spark()), hadoop),
                    hadoop,
                    console,
                    () -> settings.input().checkpoint().isPresent()
                            ? new IncrementalJob(session.spark(), settings, console).run(started)
                            : new ScoringJob(session.spark(), settings, console, session.cache()).run(started));
            return report.stream().map(done -> row(done, settings)).toList();
        } catch (RefusedException e) {
            throw new RefusedException(withParameters(e.getMessage()), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            printed.toString().lines().forEach(LOG::info);
        }
    }

    /** Replaces the command line's options in a message by the procedure's parameters. */
    private static String withParameters(String message) {
        return OPTION.matcher(message).replaceAll(option -> {
            String parameter = parameter(option.group(1));
            return PARAMETERS.contains(parameter) ? parameter : option.group();
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

    /** The first argument of both procedures. */
    static String model(Procedure procedure, InternalRow arguments) {
        if (arguments.isNullAt(0)) {
            throw new IllegalArgumentException(
                    "%s: argument model is null, expected a model's name or path".formatted(procedure.name()));
        }
        return arguments.getUTF8String(0).toString();
    }
}
