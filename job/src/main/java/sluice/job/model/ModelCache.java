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
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.FileStamp;

/**
 * Models that are in use, each read once and sent to the executors once, however many queries ask. Those that were not asked for longest
 * are let go where all together are larger than a number of bytes. Nothing is taken from a query that has one already: Spark takes a
 * broadcast from the executors, and its engine with it, when nobody on the driver holds it any more.
 */
public final class ModelCache {
    private static final Map<String, ModelCache> BY_CATALOG = new LinkedHashMap<>();
    private static String application = ""; // whose they are: a virtual machine has one at a time

    private final long mostBytes;
    private final Map<Key, CachedModel> models = new LinkedHashMap<>(16, 0.75f, true); // last used last

    /** What a model hangs on as it is read, apart from its files. */
    private record Key(
            String path,
            ModelFormat format,
            Optional<Readout> readout,
            Optional<String> embedding,
            Optional<String> output,
            Optional<String> lstm) {
        public static Key of(Settings.Model settings) {
            return new Key(
                    settings.path(),
                    settings.format(),
                    settings.readout(),
                    settings.names().embedding(),
                    settings.names().output(),
                    settings.names().lstm());
        }
    }

    ModelCache(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** For a run that is alone in its virtual machine. */
    public static ModelCache ofOneRun() {
        return new ModelCache(Long.MAX_VALUE);
    }

    /** The one of all sessions of an application. */
    public static ModelCache of(SparkContext spark, String catalog, long mostBytes) {
        synchronized (BY_CATALOG) {
            if (!application.equals(spark.applicationId())) {
                BY_CATALOG.clear(); // what was broadcast went with the application before
                application = spark.applicationId();
            }
            return BY_CATALOG.computeIfAbsent(catalog, name -> new ModelCache(mostBytes));
        }
    }

    /**
     * The model as its files are now.
     *
     * @param option that its path was given with
     * @throws RefusedException where there is none, or none that can be used
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

    /** The last one stays, however large it is: it is about to be used. */
    private void trim() {
        List<Key> oldestFirst = List.copyOf(models.keySet());
        long bytes = bytes();
        for (Key model : oldestFirst.subList(0, oldestFirst.size() - 1)) {
            if (bytes > mostBytes) {
                bytes -= models.remove(model).bytes();
            }
        }
    }

    /** Of all models here, in this process. */
    public synchronized long bytes() {
        return models.values().stream().mapToLong(CachedModel::bytes).sum();
    }

    /** The paths of all models here, the one last used last. */
    public synchronized List<String> paths() {
        return models.keySet().stream().map(Key::path).toList();
    }
}
