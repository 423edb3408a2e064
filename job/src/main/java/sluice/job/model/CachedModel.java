package sluice.job.model;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.file.ModelFile;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;

/** A model in the {@link ModelCache}: the model file as read, its broadcasts, and values derived from it. */
public final class CachedModel {
    /** Memory that a scoring process needs for a model, in multiples of its parameters: object, serialized chunks, packed weights. */
    public static final double MODEL_COPIES = 2.6;

    private static final int LOOK_UP_BYTES = 16; // per token and hidden unit: four gates of float32
    private static final int MAX_MEMOS = 64;

    private final ModelFile file;
    private final List<FileStamp> stamps;
    private final Map<EngineKey, Broadcast<BroadcastModel>> engines = new HashMap<>();
    private final Map<Object, Object> memos = new LinkedHashMap<>(16, 0.75f, true); // least recently used first

    /** The settings that distinguish one compiled engine of this model from another. */
    private record EngineKey(InputKind input, KernelChoice kernel, long lookUpBytes) {}

    /** @param stamps length and modification time of every file that the model was read from */
    CachedModel(ModelFile file, List<FileStamp> stamps) {
        this.file = file;
        this.stamps = stamps;
    }

    public ModelFile file() {
        return file;
    }

    /** Whether the model's files are unchanged since they were read. */
    boolean isCurrent(Configuration hadoop) {
        return stamps.stream().allMatch(stamp -> stamp.isCurrent(hadoop));
    }

    /** The broadcast of this model for these settings; created on the first call, then shared. */
    public synchronized Broadcast<BroadcastModel> engine(InputKind kind, Settings settings, SparkSession spark) {
        EngineKey key = new EngineKey(
                kind, settings.scoring().kernel(), settings.scoring().lookUpBytes());
        return engines.computeIfAbsent(key, wanted -> BroadcastModel.broadcast(file.model(), kind, settings, spark));
    }

    /**
     * A value derived from this model, computed on the first call for its key and kept while the model is cached.
     *
     * @param key equal keys have equal values; values of one key class have one type
     */
    @SuppressWarnings("unchecked")
    public synchronized <T> T memo(Object key, Supplier<T> compute) {
        Object value = memos.get(key);
        if (value == null) {
            value = compute.get();
            memos.put(key, value);
            if (memos.size() > MAX_MEMOS) {
                memos.remove(memos.keySet().iterator().next());
            }
        }
        return (T) value;
    }

    /** Estimated memory of this model in one scoring process, in bytes. */
    long bytes() {
        LstmModel model = file.model();
        long units = model.layers().get(0).directions().stream()
                .mapToLong(LstmDirection::hiddenWidth)
                .sum();
        Optional<Embedding> lookedUp = model.parts().isEmpty()
                ? model.embedding()
                : model.parts().get(0).embedding();
        long lookUp = LOOK_UP_BYTES * units * lookedUp.map(Embedding::tokens).orElse(0);
        return (long) (MODEL_COPIES * Float.BYTES * model.parameters()) + Math.min(lookUp, CompiledModel.LOOK_UP_BYTES);
    }
}
