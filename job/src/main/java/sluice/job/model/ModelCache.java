package sluice.job.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.SparkContext;
import sluice.cell.model.Readout;
import sluice.cell.weights.ModelFormat;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;

/**
 * Cache of models on the driver, and the only way by which a run gets its model. Each model is read once and broadcast once.
 *
 * <p>When the cached models together exceed a number of bytes, the least recently used ones are evicted. An evicted model stays valid for
 * queries that already hold it: Spark removes a broadcast from the executors only when the driver no longer references it.
 */
public final class ModelCache {
    private static final Map<String, ModelCache> BY_CATALOG = new LinkedHashMap<>();
    private static String application = ""; // ID of the Spark application that BY_CATALOG belongs to

    private final long maxBytes;
    private final Map<Key, CachedModel> models = new LinkedHashMap<>(16, 0.75f, true); // least recently used first

    /** Cache key: the settings that change how a model is read. */
    private record Key(String path, ModelFormat format, Optional<Readout> readout, TensorNames names) {
        public static Key of(Settings.Model settings) {
            return new Key(settings.path(), settings.format(), settings.readout(), settings.names());
        }
    }

    ModelCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** A cache for a single run: it evicts nothing. */
    public static ModelCache ofOneRun() {
        return new ModelCache(Long.MAX_VALUE);
    }

    /**
     * The cache that all sessions of a Spark application share.
     *
     * @param catalog name of the SQL catalog; each catalog has its own cache
     * @param maxBytes eviction threshold in bytes; used when the cache is created
     */
    public static ModelCache of(SparkContext spark, String catalog, long maxBytes) {
        synchronized (BY_CATALOG) {
            if (!application.equals(spark.applicationId())) {
                BY_CATALOG.clear(); // the broadcasts ended with the previous application
                application = spark.applicationId();
            }
            return BY_CATALOG.computeIfAbsent(catalog, name -> new ModelCache(maxBytes));
        }
    }

    /**
     * The model as its files are now: the cached one if its files are unchanged, otherwise read again.
     *
     * @param option the command-line option or setting that named the path, for messages
     * @throws RefusedException if the file is missing or holds no usable model
     */
    public synchronized CachedModel get(Settings.Model settings, String option, Configuration hadoop) {
        Key key = Key.of(settings);
        CachedModel known = models.get(key);
        if (known != null && known.isCurrent(hadoop)) {
            return known;
        }
        models.remove(key);
        List<FileStatus> opened = new ArrayList<>();
        ModelFile file = ModelSource.read(settings, hadoop, option, opened::add);
        CachedModel read =
                new CachedModel(file, opened.stream().map(FileStamp::of).toList());
        models.put(key, read);
        trim();
        return read;
    }

    /** Evicts the least recently used models. The newest one always stays, because it is about to be used. */
    private void trim() {
        List<Key> oldestFirst = List.copyOf(models.keySet());
        long bytes = bytes();
        for (Key model : oldestFirst.subList(0, oldestFirst.size() - 1)) {
            if (bytes > maxBytes) {
                bytes -= models.remove(model).bytes();
            }
        }
    }

    /** Estimated memory of all cached models in one scoring process, in bytes. */
    public synchronized long bytes() {
        return models.values().stream().mapToLong(CachedModel::bytes).sum();
    }

    /** The paths of all cached models, least recently used first. */
    public synchronized List<String> paths() {
        return models.keySet().stream().map(Key::path).toList();
    }
}
