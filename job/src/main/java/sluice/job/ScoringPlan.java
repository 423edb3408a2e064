package sluice.job;

import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.cell.CompiledModel;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.ModelFile;

/**
 * What is settled before any task starts: the table's schema has been held against the model and what is asked of it.
 *
 * @param model as it was read
 * @param table to score
 * @param input how its rows become what the model reads
 * @param columns that are added
 * @param schema of the scored table
 * @param quarantine the column that tells why a row was set aside
 */
record ScoringPlan(
        ModelFile model,
        InputTable table,
        InputPlan input,
        OutputColumns columns,
        StructType schema,
        ReasonColumn quarantine) {
    /** @throws RefusedException where settings, model and table don't fit */
    static ScoringPlan settle(ModelFile file, Settings settings, SparkSession spark) {
        Optional<Vocabulary> vocabulary = VocabularySource.find(
                settings.input().vocabulary(),
                file.metadata(),
                spark.sessionState().newHadoopConf());
        InputTable table = table(file.model(), settings, vocabulary, spark);
        InputPlan input = InputPlan.settle(table, file.model(), settings, vocabulary);
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
        return new ScoringPlan(file, table, input, columns, columns.appendTo(table.schema(), file.model()), quarantine);
    }

    private static InputTable table(
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

    /** Hands the executors what their tasks need. */
    Broadcast<BroadcastPlan> broadcast(Settings settings, SparkSession spark) {
        SequenceReader reader =
                new SequenceReader(input, settings.input(), model.model().inputWidth());
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastPlan(
                        new BroadcastModel(model.model(), input.kind(), settings.scoring()),
                        settings.output().request(),
                        new InputRow(reader, table, settings.input()),
                        columns,
                        settings.badRows().rule(),
                        settings.scoring().batchBytes()));
    }
}
