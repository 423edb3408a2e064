package sluice.job.sql;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.column.OutputColumns;
import sluice.job.input.InputTable;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.Vocabularies;
import sluice.job.model.VocabularySource;
import sluice.job.row.SequenceForm;
import sluice.job.settings.AnswerClasses;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.SettingKey;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;
import sluice.job.storage.Storage;
import sluice.job.task.ScoringPlan;

/** Binds a SQL function to models and to the type of its argument: checks both, and sends the models to the executors. */
final class FunctionBinder {
    private static final Logger LOG = LoggerFactory.getLogger(FunctionBinder.class);
    static final String TOKENS = "tokens"; // the argument, named as the default of input.tokens
    static final String CANDIDATES = "candidates"; // the argument

    private final CatalogSession session;

    FunctionBinder(CatalogSession session) {
        this.session = session;
    }

    /** Identifies a plan among those of one model. */
    private record PlanKey(Map<String, String> settings, StructType arguments, List<FileStamp> words) {}

    /**
     * A function of one model, or of all models of the session's settings. If an argument names the model, its value is known only on
     * the executors, so all models must be bound and broadcast first.
     *
     * @param name of the function, for messages
     * @param model empty: the first argument names it
     * @param types of the arguments
     * @throws UnsupportedOperationException if the function can't be bound; Spark reports it as an analysis error
     */
    RowFunction bind(
            String name, Optional<String> model, ScoringFunction function, DataType[] types, ArgumentPlaces places) {
        StructType arguments = new StructType().add(TOKENS, types[places.tokens()]);
        if (places.hasCandidates()) {
            arguments = arguments.add(CANDIDATES, types[places.candidates()]);
        }
        try {
            return model.isPresent() ? ofOne(name, model.get(), function, arguments) : ofAll(name, function, arguments);
        } catch (RefusedException e) {
            throw new UnsupportedOperationException(e.getMessage(), e);
        }
    }

    private RowFunction ofOne(String name, String model, ScoringFunction function, StructType arguments) {
        RowFunction.Plan plan = plan(model, function, arguments);
        DataType type = function.isOneColumn() ? plan.columns().fields()[0].dataType() : plan.columns();
        RowFunction bound = new RowFunction(name, function, type);
        bound.add(model, plan, null, session.settings().remedyForBadRows(model));
        return bound;
    }

    private RowFunction ofAll(String name, ScoringFunction function, StructType arguments) {
        StructType columns = OutputColumns.ofAnyModel();
        DataType type =
                function.isOneColumn() ? columns.apply(function.column()).dataType() : columns;
        DataType sequence = arguments.fields()[0].dataType();
        if (SequenceForm.of(sequence) == null && !(sequence instanceof StructType)) {
            throw new RefusedException("argument tokens has type %s, expected %s"
                    .formatted(sequence.catalogString(), SequenceForm.EXPECTED));
        }
        CatalogSettings settings = session.settings();
        if (settings.names().isEmpty()) {
            throw new RefusedException("the session's settings name no model; set %s to the path of one"
                    .formatted(settings.where("NAME")));
        }
        RowFunction bound = new RowFunction(name, function, type);
        for (String model : settings.names()) {
            try {
                RowFunction.Plan plan = plan(model, function, arguments);
                int[] ordinals = function.isOneColumn() ? null : ordinals(model, plan, columns);
                bound.add(model, plan, ordinals, settings.remedyForBadRows(model));
            } catch (RefusedException e) { // an error only for calls that name this model
                bound.addRefused(model, e.getMessage());
            }
        }
        return bound;
    }

    /** The ordinals of a plan's columns in the result type of all models. */
    private int[] ordinals(String model, RowFunction.Plan plan, StructType columns) {
        for (StructField field : plan.columns().fields()) {
            boolean fits = Arrays.asList(columns.fieldNames()).contains(field.name())
                    && columns.apply(field.name()).dataType().equals(field.dataType());
            if (!fits) {
                throw new RefusedException(
                        "its settings ask for %s as %s, which the common result type of all models doesn't have: call %s.`%s`.score(tokens)"
                                .formatted(field.name(), field.dataType().catalogString(), session.catalog(), model));
            }
        }
        return Arrays.stream(plan.columns().fieldNames())
                .mapToInt(columns::fieldIndex)
                .toArray();
    }

    private RowFunction.Plan plan(String model, ScoringFunction function, StructType arguments) {
        Map<String, String> keys = keys(model, function, arguments);
        String where = session.settings().where(model);
        CachedModel cached = session.model(model, Settings.readFrom(where, keys).model());
        boolean hasClasses = cached.file().model().output().isPresent();
        keys.putIfAbsent(SettingKey.OUTPUT_EMIT.key(), hasClasses ? "softmax,prediction" : "hidden");
        Settings settings = Settings.readFrom(where, keys);
        if (settings.badRows().rule() == BadRowRule.QUARANTINE) {
            throw new RefusedException(
                    "%s.bad-rows.rule = quarantine: a function has no quarantine; set it to fail or null, or CALL the catalog's procedure run"
                            .formatted(where));
        }
        requireUnset(settings.state().path(), where, SettingKey.STATE_PATH);
        requireUnset(settings.input().state(), where, SettingKey.INPUT_STATE);
        requireClasses(settings.output().classes(), where, arguments);
        if (settings.input().length().isPresent()) {
            throw new RefusedException(
                    "%s.input.length: a function reads no column but its argument: pass slice(tokens, 1, %s) to it, and pass this setting to the catalog's procedure run only"
                            .formatted(where, settings.input().length().get()));
        }
        List<FileStamp> words = Stream.concat(
                        settings.input().vocabularyFiles().stream(), settings.output().labels().stream())
                .map(path -> FileStamp.of(Storage.path(path, "input.vocabulary or output.labels"), session.hadoop()))
                .toList();
        return cached.memo(new PlanKey(keys, arguments, words), () -> plan(cached, settings, arguments));
    }

    /** The settings of a model that a function uses. */
    private Map<String, String> keys(String model, ScoringFunction function, StructType arguments) {
        Map<String, String> keys = session.settings().of(model);
        keys.keySet()
                .removeIf(key ->
                        SettingKey.of(key).map(SettingKey::isIgnoredByFunctions).orElse(false));
        CatalogSettings.fillUnusedPaths(keys);
        if (arguments.length() > 1) {
            keys.put(SettingKey.OUTPUT_CANDIDATES.key(), CANDIDATES);
        } else if (!function.takesCandidates()) {
            keys.remove(SettingKey.OUTPUT_CANDIDATES.key());
        }
        if (!function.takesExclusions()) {
            keys.remove(SettingKey.OUTPUT_EXCLUDE.key());
        }
        if (function.isOneColumn()) {
            keys.put(SettingKey.OUTPUT_AT.key(), "last");
            keys.put(SettingKey.OUTPUT_VECTORS.key(), "array");
            keys.put(SettingKey.OUTPUT_EMIT.key(), function.column());
            keys.put(SettingKey.OUTPUT_TOP_K.key(), "1"); // overridden by the argument k
        }
        return keys;
    }

    private static void requireUnset(Optional<String> state, String where, SettingKey key) {
        if (state.isPresent()) {
            throw new RefusedException(
                    "%s.%s: a function starts every sequence from the model's initial state; pass this setting to the catalog's procedure run only"
                            .formatted(where, key));
        }
    }

    /** The columns of {@code output.candidates} and {@code output.exclude} must be arguments of the call. */
    private static void requireClasses(AnswerClasses classes, String where, StructType arguments) {
        if (classes.candidates().isPresent() && arguments.length() == 1) {
            throw new RefusedException(
                    "%s.output.candidates = %s: a function reads no column of that name; pass the candidates as the last argument"
                            .formatted(where, classes.candidates().get()));
        }
        if (classes.excluded().isPresent()) {
            throw new RefusedException(
                    "%s.output.exclude = %s: a function reads no column of that name; set it to seen, or CALL the catalog's procedure run"
                            .formatted(where, classes.excluded().get()));
        }
    }

    /** A plan over a table of the arguments; its columns are dropped. */
    private RowFunction.Plan plan(CachedModel cached, Settings settings, StructType arguments) {
        InputTable table = new InputTable(session.spark().createDataFrame(List.of(), arguments), List.of(), 0, -1);
        Vocabularies vocabularies = VocabularySource.find(settings.input(), cached.file(), session.hadoop());
        ScoringPlan plan = ScoringPlan.resolve(cached.file(), settings, vocabularies, table, session.hadoop());
        plan.assumptions().forEach(note -> LOG.warn("{}: {}", settings.model().path(), note));
        return new RowFunction.Plan(
                plan.broadcast(
                        settings, session.spark(), cached.engine(plan.input().kind(), settings, session.spark())),
                plan.schema());
    }
}
