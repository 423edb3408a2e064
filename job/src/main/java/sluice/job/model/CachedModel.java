package sluice.job.model;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.file.ModelFile;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;

/** A model on the {@link ModelCache}: as it was read, and what of it was sent to the executors so far. */
public final class CachedModel {
    private static final double PARTS_OF_MODEL = 2.6; // object, serialized chunks, packed weights
    private static final int LOOK_UP_BYTES = 16; // for a token and hidden unit: four gates of float32
    private static final int MOST_MEMOS = 64;

    private final ModelFile file;
    private final List<FileStamp> stamps;
    private final Map<Engine, Broadcast<BroadcastModel>> engines = new HashMap<>();
    private final Map<Object, Object> memos = new LinkedHashMap<>(16, 0.75f, true); // least recently used first

    /** What one engine has and another has not. */
    private record Engine(InputKind input, KernelChoice kernel, long lookUpBytes) {}

    /** @param stamps of all files that it was read from */
    CachedModel(ModelFile file, List<FileStamp> stamps) {
        this.file = file;
        this.stamps = stamps;
    }

    public ModelFile file() {
        return file;
    }

    /** Whether its files are the ones that it was read from. */
    boolean isCurrent(Configuration hadoop) {
        return stamps.stream().allMatch(stamp -> stamp.isCurrent(hadoop));
    }

    /** The model in the executors, where it is compiled by the first who asks; sent when it is asked for the first time. */
    public synchronized Broadcast<BroadcastModel> engine(InputKind kind, Settings settings, SparkSession spark) {
        Engine engine =
                new Engine(kind, settings.scoring().kernel(), settings.scoring().lookUpBytes());
        return engines.computeIfAbsent(engine, wanted -> BroadcastModel.broadcast(file.model(), kind, settings, spark));
    }

    /**
     * A value derived from this model, computed on the first call for its key and kept while the model is cached.
     *
     * @param key equal keys stand for equal values; values of one key class have one type
     */
    @SuppressWarnings("unchecked")
    public synchronized <T> T memo(Object key, Supplier<T> compute) {
        Object value = memos.get(key);
        if (value == null) {
            value = compute.get();
            memos.put(key, value);
            if (memos.size() > MOST_MEMOS) {
                memos.remove(memos.keySet().iterator().next());
            }
        }
        return (T) value;
    }

    /** About how much memory it takes in a process that scores with it. */
    long bytes() {
        LstmModel model = file.model();
        long units = model.layers().get(0).directions().stream()
                .mapToLong(LstmDirection::hiddenWidth)
                .sum();
        long lookUp = model.embedding().isPresent() ? LOOK_UP_BYTES * units * model.tokens() : 0;
        return (long) (PARTS_OF_MODEL * Float.BYTES * model.parameters())
                + Math.min(lookUp, CompiledModel.LOOK_UP_BYTES);
    }
}
