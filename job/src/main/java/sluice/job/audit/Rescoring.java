package sluice.job.audit;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.job.input.InputTable;
import sluice.job.model.CachedModel;
import sluice.job.model.Vocabularies;
import sluice.job.model.VocabularySource;
import sluice.job.report.WrittenRun;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.SettingKey;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.ScoringPlan;

/**
 * How the rows of a run are scored again: its plan with the run's settings over the scored table itself. The expected answers get columns of
 * their own, whose names begin with {@value #EXPECTED}.
 *
 * @param answers names of the columns to compare, without the prefix
 * @param prefix {@code output.prefix} of the run
 * @param keys columns that name a row in messages; empty: chosen by type
 */
record Rescoring(
        ScoringPlan plan, Broadcast<BroadcastPlan> broadcast, List<String> answers, String prefix, List<String> keys) {
    /** Reserved name, chosen to avoid collisions. */
    static final String EXPECTED = "sluice expected ";

    private static final String REASON = "reason";

    /** The settings with which the run computed its answers. */
    static Settings settings(WrittenRun run, String table, Map<String, String> overrides) {
        Map<String, String> own = new LinkedHashMap<>(overrides);
        own.put(SettingKey.INPUT_PATH.key(), table);
        own.put(SettingKey.OUTPUT_PATH.key(), table);
        return Settings.readAgain(run.settings(), own);
    }

    /** Why the rows of a table with these columns can't be scored again; empty if they can. */
    static Optional<String> obstacle(
            WrittenRun run, Settings settings, StructType table, ColumnNames names, LstmModel model) {
        if (run.carriesStates()) {
            return Optional.of(
                    "the rows started from carried states (state.path), which the table does not hold: they can't be scored again");
        }
        Optional<String> state = settings.input().state();
        if (state.isPresent() && ColumnPath.find(table, state.get(), names).isEmpty()) {
            return Optional.of(missing(state.get(), "the initial states"));
        }
        Optional<String> length = settings.input().length();
        if (length.isPresent() && ColumnPath.find(table, length.get(), names).isEmpty()) {
            return Optional.of(missing(length.get(), "the lengths of the sequences"));
        }
        for (String column : settings.output().classes().columns()) {
            if (ColumnPath.find(table, column, names).isEmpty()) {
                return Optional.of(missing(column, "the classes of the answers"));
            }
        }
        List<String> sequences = model.parts().isEmpty()
                ? List.of(settings.input().tokens())
                : model.parts().stream().map(InputPart::name).toList();
        Optional<String> notCollected = settings.input().events().areRows()
                ? sequences.stream()
                        .flatMap(name -> notCollected(name, settings, table, names).stream())
                        .findFirst()
                : Optional.empty();
        if (notCollected.isPresent()) {
            return notCollected;
        }
        return sequences.stream()
                .filter(name -> ColumnPath.find(table, name, names).isEmpty())
                .findFirst()
                .map(name -> missing(name, "the sequences"));
    }

    /** Why the values of a column of events are not in the table of sequences; empty if they are. */
    private static Optional<String> notCollected(
            String column, Settings settings, StructType table, ColumnNames names) {
        boolean isNested =
                ColumnPath.find(table, column, names).map(path -> !path.isTop()).orElse(false);
        boolean isKey = names.contains(settings.input().events().groupBy(), column);
        return isNested || isKey
                ? Optional.of(
                        "the sequences were collected from '%s', %s, and are not in the table: they can't be scored again"
                                .formatted(column, isKey ? "which is in input.group-by" : "a field within a column"))
                : Optional.empty();
    }

    private static String missing(String column, String what) {
        return "the table has no column '%s' with %s, so its rows can't be scored again: list that column in input.columns"
                .formatted(column, what);
    }

    /** @param rows of the table, with the column of their file */
    static Rescoring of(
            Dataset<Row> rows,
            WrittenRun run,
            Settings settings,
            Map<String, String> overrides,
            CachedModel model,
            SparkSession spark) {
        ColumnNames names = ColumnNames.of(spark);
        List<String> keys = settings.input().key().stream()
                .mapToInt(name -> names.index(rows.schema(), name))
                .filter(index -> index >= 0)
                .mapToObj(index -> rows.columns()[index])
                .toList();
        Map<String, String> own = new LinkedHashMap<>(overrides);
        own.put(SettingKey.OUTPUT_PREFIX.key(), EXPECTED);
        own.put(SettingKey.INPUT_COLUMNS.key(), "");
        own.put(SettingKey.INPUT_KEY.key(), "");
        own.put(SettingKey.BAD_ROWS_RULE.key(), "null");
        Settings again = settings(run, settings.output().path(), own);
        Configuration hadoop = spark.sessionState().newHadoopConf();
        Vocabularies vocabularies = VocabularySource.find(again.input(), model.file(), hadoop);
        InputTable table =
                InputTable.of(spark, rows, again.input(), model.file().model());
        ScoringPlan plan = ScoringPlan.resolve(model.file(), again, vocabularies, table, hadoop);
        boolean hasReason = settings.badRows().rule() == BadRowRule.NULL;
        List<String> answers = Arrays.stream(plan.schema().fieldNames())
                .filter(name -> name.startsWith(EXPECTED))
                .map(name -> name.substring(EXPECTED.length()))
                .filter(name -> hasReason || !name.equals(REASON))
                .toList();
        return new Rescoring(
                plan,
                plan.broadcast(again, spark, model.engine(plan.input().kind(), again, spark)),
                answers,
                settings.output().prefix(),
                keys);
    }

    /** Whether a column of the plan's table is an answer, an expected answer, or the file's column. */
    boolean isAdded(String column) {
        return column.startsWith(EXPECTED)
                || column.equals(AuditedTable.FILE)
                || answers.stream().anyMatch(name -> column.equals(prefix + name));
    }

    /** What is wrong with the answer columns of the table; empty if they have the names and types of the expected ones. */
    Optional<String> misfit() {
        StructType schema = plan.schema();
        for (String name : answers) {
            String found = prefix + name;
            if (!Arrays.asList(schema.fieldNames()).contains(found)) {
                return Optional.of("the table has no column '%s', which its run wrote".formatted(found));
            }
            String type = schema.apply(found).dataType().catalogString();
            String expected = schema.apply(EXPECTED + name).dataType().catalogString();
            if (!type.equals(expected)) {
                return Optional.of(
                        "column '%s' has type %s, and the model's answers have %s".formatted(found, type, expected));
            }
        }
        return Optional.empty();
    }
}
