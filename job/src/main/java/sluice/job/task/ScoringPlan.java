package sluice.job.task;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.ScoreRequest;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ModelFile;
import sluice.job.column.OutputColumns;
import sluice.job.column.ReasonColumn;
import sluice.job.event.EventTable;
import sluice.job.input.ClassColumns;
import sluice.job.input.InitialState;
import sluice.job.input.InputPlan;
import sluice.job.input.InputRow;
import sluice.job.input.InputTable;
import sluice.job.input.ResolvedWindows;
import sluice.job.input.SequenceReader;
import sluice.job.message.RefusedException;
import sluice.job.model.BroadcastModel;
import sluice.job.model.Vocabularies;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.output.Provenance;
import sluice.job.row.SequenceForm;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.Settings;
import sluice.job.state.CarriedStates;

/**
 * The resolved plan of a run: the model, the table's schema and the settings fit together. Resolved once, on the driver, before any task
 * starts.
 *
 * @param model the model file as read
 * @param table to score, as read; carried states are not joined to it
 * @param input how a row becomes the model's input
 * @param request what is answered, with the windows of the settings
 * @param classes the columns of the classes that answers are about; empty: all classes
 * @param columns that are added to the table
 * @param schema of the scored table
 * @param quarantine the column of a quarantined row's reason
 * @param carried the carried states that rows start from by key, if {@code state.path} is set
 * @param assumptions what the run assumes about the requested answers, as sentences; they are also among the notes of the model
 */
public record ScoringPlan(
        ModelFile model,
        InputTable table,
        InputPlan input,
        ScoreRequest request,
        Optional<ClassColumns> classes,
        OutputColumns columns,
        StructType schema,
        ReasonColumn quarantine,
        Optional<CarriedStates> carried,
        List<String> assumptions) {
    /**
     * Reads the vocabulary and the table that the settings name, and resolves the plan for them.
     *
     * @throws RefusedException if settings, model and table do not fit together
     */
    public static ScoringPlan read(ModelFile file, Settings settings, SparkSession spark) {
        Configuration hadoop = spark.sessionState().newHadoopConf();
        Vocabularies vocabularies = VocabularySource.find(settings.input(), file, hadoop);
        return resolve(file, settings, vocabularies, readTable(file.model(), settings, vocabularies, spark), hadoop);
    }

    /**
     * Resolves the plan for a table.
     *
     * @throws RefusedException if settings, model and table do not fit together
     */
    public static ScoringPlan resolve(
            ModelFile file, Settings settings, Vocabularies vocabularies, InputTable table, Configuration hadoop) {
        InputPlan input = InputPlan.resolve(table, file.model(), settings, vocabularies);
        Optional<Vocabulary> vocabulary = input.vocabulary();
        Optional<CarriedStates> carried = CarriedStates.resolve(table, file.model(), input.kind(), settings, hadoop);
        ScoreRequest request =
                ResolvedWindows.in(settings.output().request(), settings.input().windows(), input);
        try {
            CompiledModel.requireScorable(file.model(), input.kind(), request);
        } catch (IllegalArgumentException | ModelException e) {
            throw new RefusedException("%s: %s".formatted(settings.model().path(), e.getMessage()), e);
        }
        Optional<Vocabulary> labels = VocabularySource.labels(settings.output().labels(), file.model(), hadoop)
                .map(names -> names.shifted(request.firstClass()))
                .or(() -> vocabulary.filter(words -> Assumptions.namesClasses(file.model(), input.kind(), request)));
        Optional<ClassColumns> classes = ClassColumns.resolve(
                table,
                input,
                settings.output().classes(),
                labels,
                Assumptions.noWords(vocabulary.isPresent()),
                request.firstClass());
        OutputColumns columns = new OutputColumns(
                request,
                settings.output().vectors(),
                settings.output().prefix(),
                labels,
                settings.badRows().rule());
        ReasonColumn quarantine = new ReasonColumn(settings.output().prefix());
        if (settings.badRows().rule() == BadRowRule.QUARANTINE) {
            quarantine.appendTo(table.wholeSchema()); // refuses a column of that name before the first pass
        }
        List<String> assumptions = new ArrayList<>(table.notes());
        assumptions.addAll(input.notes(settings.input()));
        labels.ifPresent(words -> assumptions.addAll(words.notes()));
        assumptions.addAll(
                Assumptions.of(file.model(), input.kind(), request, vocabulary.isPresent() && labels.isEmpty()));
        return new ScoringPlan(
                file.with(assumptions),
                table,
                input,
                request,
                classes,
                columns,
                columns.appendTo(table.schema(), file.model()),
                quarantine,
                carried,
                List.copyOf(assumptions));
    }

    /** The provenance columns and metadata of the scored table. */
    public Provenance provenance(Settings settings, Instant started) {
        return new Provenance(schema, table.schema(), model.model().fingerprint(), settings, started);
    }

    /**
     * Reads the table that the settings name, with its sequences in the form that the model takes.
     *
     * @throws RefusedException if there is no such table
     */
    public static InputTable readTable(
            LstmModel model, Settings settings, Vocabularies vocabularies, SparkSession spark) {
        InputTable table = InputTable.read(spark, settings.input(), model);
        if (!model.parts().isEmpty()) {
            return EventTable.grouped(table.readingParts(model, settings, vocabularies, spark), settings, model);
        }
        SequenceForm looks = table.looks(settings.input());
        if (looks == SequenceForm.TEXT && settings.input().splitter().isList()) {
            return table;
        }
        SequenceForm expected = InputPlan.expected(looks, model, settings.model(), vocabularies.common());
        return EventTable.grouped(table.reading(expected, spark, settings.input(), model), settings, model);
    }

    /**
     * Creates the broadcast of this plan.
     *
     * @param engine the broadcast of the model, which several plans can share
     */
    public Broadcast<BroadcastPlan> broadcast(Settings settings, SparkSession spark, Broadcast<BroadcastModel> engine) {
        Optional<InitialState> state =
                carried.map(states -> states.initialState(table)).or(input::state);
        SequenceReader reader = new SequenceReader(input, state, settings.input(), model.model());
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastPlan(
                        engine,
                        carried.isPresent() ? request.withFinalState() : request,
                        new InputRow(reader, classes, table, settings.input()),
                        columns,
                        settings.badRows().rule(),
                        settings.scoring().batchBytes()));
    }
}
