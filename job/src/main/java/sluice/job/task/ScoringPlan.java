package sluice.job.task;

import java.time.Instant;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.ModelFile;
import sluice.job.input.InputPlan;
import sluice.job.input.InputRow;
import sluice.job.input.InputTable;
import sluice.job.input.SequenceForm;
import sluice.job.input.SequenceReader;
import sluice.job.message.RefusedException;
import sluice.job.model.BroadcastModel;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.output.OutputColumns;
import sluice.job.output.Provenance;
import sluice.job.output.ReasonColumn;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.Settings;
import sluice.job.state.CarriedStates;

/**
 * What is settled before any task starts: the table's schema has been held against the model and what is asked of it.
 *
 * @param model as it was read
 * @param table to score
 * @param input how its rows become what the model reads
 * @param columns that are added
 * @param schema of the scored table
 * @param quarantine the column that tells why a row was set aside
 * @param carried the states that rows go on from by their keys, where they do; the table has a column for them, and none in it
 */
public record ScoringPlan(
        ModelFile model,
        InputTable table,
        InputPlan input,
        OutputColumns columns,
        StructType schema,
        ReasonColumn quarantine,
        Optional<CarriedStates> carried) {
    /** @throws RefusedException where settings, model and table don't fit */
    public static ScoringPlan settle(ModelFile file, Settings settings, SparkSession spark) {
        Optional<Vocabulary> vocabulary = VocabularySource.find(
                settings.input().vocabulary(),
                file.metadata(),
                spark.sessionState().newHadoopConf());
        InputTable read = table(file.model(), settings, vocabulary, spark);
        InputPlan plain = InputPlan.settle(read, file.model(), settings, vocabulary);
        Optional<CarriedStates> carried = CarriedStates.settle(
                read, file.model(), plain.kind(), settings, spark.sessionState().newHadoopConf());
        InputTable table = carried.map(states -> states.prepare(read)).orElse(read);
        InputPlan input =
                carried.map(states -> plain.startingFrom(states.column(table))).orElse(plain);
        return settle(file, settings, vocabulary, table, input, carried);
    }

    /**
     * The same for a table that is read already; no states are carried over.
     *
     * @throws RefusedException where settings, model and table don't fit
     */
    public static ScoringPlan settle(
            ModelFile file, Settings settings, Optional<Vocabulary> vocabulary, InputTable table) {
        InputPlan input = InputPlan.settle(table, file.model(), settings, vocabulary);
        return settle(file, settings, vocabulary, table, input, Optional.empty());
    }

    private static ScoringPlan settle(
            ModelFile file,
            Settings settings,
            Optional<Vocabulary> vocabulary,
            InputTable table,
            InputPlan input,
            Optional<CarriedStates> carried) {
        ScoreRequest request = settings.output().request();
        try {
            CompiledModel.requireScorable(file.model(), input.kind(), request);
        } catch (IllegalArgumentException | ModelException e) {
            throw new RefusedException("%s: %s".formatted(settings.model().path(), e.getMessage()), e);
        }
        OutputColumns columns = new OutputColumns(
                request,
                settings.output().vectors(),
                settings.output().prefix(),
                vocabulary.filter(words -> namesClasses(input.kind(), file.model())),
                settings.badRows().rule());
        ReasonColumn quarantine = new ReasonColumn(settings.output().prefix());
        if (settings.badRows().rule() == BadRowRule.QUARANTINE) {
            quarantine.appendTo(table.wholeSchema()); // may be refused: better now than after the first pass
        }
        return new ScoringPlan(
                file, table, input, columns, columns.appendTo(table.schema(), file.model()), quarantine, carried);
    }

    /** What the scored rows say of the run that has made them. */
    public Provenance provenance(Settings settings, Instant started) {
        return new Provenance(schema, table.schema(), model.model().fingerprint(), settings, started);
    }

    /** The same with a table that has the same columns. */
    public ScoringPlan of(InputTable joined) {
        return new ScoringPlan(model, joined, input, columns, schema, quarantine, carried);
    }

    /**
     * The table that is given, with its sequences read as what the model takes.
     *
     * @throws RefusedException where there is none
     */
    public static InputTable table(
            LstmModel model, Settings settings, Optional<Vocabulary> vocabulary, SparkSession spark) {
        InputTable table = InputTable.read(spark, settings.input());
        SequenceForm looks = table.looks();
        SequenceForm expected = InputPlan.expected(looks, model, settings.model(), vocabulary);
        return table.reading(expected, spark, settings.input());
    }

    /** The vocabulary is that of tokens: classes have its words where they are the tokens. Features have no other words. */
    private static boolean namesClasses(InputKind kind, LstmModel model) {
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        return !kind.takesTokens() || classes == model.tokens();
    }

    /** Hands the executors what their tasks need, the model too. */
    public Broadcast<BroadcastPlan> broadcast(Settings settings, SparkSession spark) {
        return broadcast(settings, spark, BroadcastModel.broadcast(model.model(), input.kind(), settings, spark));
    }

    /** The same with a model that they have, or will have, anyway. */
    public Broadcast<BroadcastPlan> broadcast(Settings settings, SparkSession spark, Broadcast<BroadcastModel> engine) {
        SequenceReader reader =
                new SequenceReader(input, settings.input(), model.model().inputWidth());
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastPlan(
                        engine,
                        carried.isPresent()
                                ? settings.output().request().withFinalState()
                                : settings.output().request(),
                        new InputRow(reader, table, settings.input()),
                        columns,
                        settings.badRows().rule(),
                        settings.scoring().batchBytes()));
    }
}
