package sluice.job.model;

import java.io.Serializable;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.job.settings.Settings;

/**
 * What is broadcast: the model, and the engine that is compiled from it where it arrives, once for each virtual machine, by the
 * first task that asks. Serializers leave the engine behind; if Spark drops its copy of the broadcast value under memory pressure,
 * the engine goes with it and is built again.
 */
public final class BroadcastModel implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LstmModel model;
    private final InputKind input;
    private final KernelChoice kernel;
    private final long lookUpBytes;
    private transient volatile CompiledModel compiled;

    BroadcastModel(LstmModel model, InputKind input, Settings.Scoring scoring) {
        this.model = model;
        this.input = input;
        this.kernel = scoring.kernel();
        this.lookUpBytes = scoring.lookUpBytes();
    }

    /** Sends a model to the executors, once they ask for it. */
    public static Broadcast<BroadcastModel> broadcast(
            LstmModel model, InputKind input, Settings settings, SparkSession spark) {
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastModel(model, input, settings.scoring()));
    }

    /**
     * The engine of this virtual machine; the weights' checksum is verified when it is built.
     *
     * @param built told the engine where this call has built it
     */
    public CompiledModel compiled(Consumer<CompiledModel> built) {
        if (compiled == null) {
            synchronized (this) {
                if (compiled == null) {
                    CompiledModel engine = CompiledModel.compile(model, input, kernel, lookUpBytes);
                    compiled = engine;
                    built.accept(engine);
                }
            }
        }
        return compiled;
    }
}
