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
import sluice.job.message.UnsafeJava;
import sluice.job.settings.Settings;

/**
 * The broadcast value: the model, and the engine compiled from it. The first task of each virtual machine compiles the engine. The
 * engine is transient, so serializers skip it. If Spark evicts the broadcast value under memory pressure, the engine is dropped with
 * it and compiled again later.
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

    /** Registers the broadcast; executors fetch the model when their first task reads it. */
    public static Broadcast<BroadcastModel> broadcast(
            LstmModel model, InputKind input, Settings settings, SparkSession spark) {
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .broadcast(new BroadcastModel(model, input, settings.scoring()));
    }

    /**
     * The engine of this virtual machine, compiled on the first call. Compiling verifies the weights' checksum.
     *
     * @param built called with the engine if this call compiled it
     */
    public CompiledModel compiled(Consumer<CompiledModel> built) {
        if (compiled == null) {
            synchronized (this) {
                if (compiled == null) {
                    UnsafeJava.refuseOnExecutor();
                    CompiledModel engine = CompiledModel.compile(model, input, kernel, lookUpBytes);
                    compiled = engine;
                    built.accept(engine);
                }
            }
        }
        return compiled;
    }
}
