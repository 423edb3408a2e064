package sluice.job.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.SparkConf;
import sluice.job.message.RefusedException;
import sluice.job.message.Suggestion;
import sluice.job.settings.SettingKey;
import sluice.job.settings.SettingValues;

/**
 * The settings of a catalog in a Spark session:
 *
 * <pre>
 * spark.sql.catalog.NAME                    the catalog's class
 * spark.sql.catalog.NAME.model.MODEL        a path
 * spark.sql.catalog.NAME.model.MODEL.KEY    any key of conf/scoring.conf, for this model
 * spark.sql.catalog.NAME.cache-bytes        maximum size of all cached models together
 * </pre>
 */
final class CatalogSettings {
    private static final String CATALOGS = "spark.sql.catalog.";
    private static final String MODEL = "model";
    private static final String CACHE_BYTES = "cache-bytes";
    private static final String MODEL_PATH = SettingKey.MODEL_PATH.key();
    private static final String DEFAULT_CACHE = "512 MiB";
    private static final String UNUSED_PATH = "-";

    private final String prefix; // of all keys, with a dot at its end
    private final Map<String, String> paths = new TreeMap<>(); // by model
    private final Map<String, Map<String, String>> keys = new TreeMap<>(); // by model
    private String cacheBytes = DEFAULT_CACHE;

    /** @throws RefusedException for an unknown key */
    CatalogSettings(String catalog, Map<String, String> session) {
        this.prefix = CATALOGS + catalog + ".";
        new TreeMap<>(session).forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                add(key.substring(prefix.length()), value);
            }
        });
    }

    private void add(String key, String value) {
        if (key.equals(CACHE_BYTES)) {
            cacheBytes = value;
            return;
        }
        String[] parts = key.split("\\.", 3);
        if (!parts[0].equals(MODEL) || parts.length == 1 || parts[1].isEmpty()) {
            String rest = parts.length == 1 ? "" : key.substring(parts[0].length());
            String nearest = Suggestion.to(parts[0], List.of(MODEL, CACHE_BYTES));
            throw new RefusedException("unknown setting %s%s, did you mean %s%s?"
                    .formatted(
                            prefix,
                            key,
                            prefix,
                            nearest.equals(CACHE_BYTES) ? nearest : MODEL + (rest.isEmpty() ? ".NAME" : rest)));
        }
        if (parts.length == 2) {
            paths.put(parts[1], value);
        } else {
            keys.computeIfAbsent(parts[1], name -> new LinkedHashMap<>()).put(parts[2], value);
        }
    }

    /** The names of all models with a path. */
    SortedSet<String> names() {
        return new TreeSet<>(paths.keySet());
    }

    /** The key of a model, the prefix of its settings. */
    String where(String model) {
        return prefix + MODEL + "." + model;
    }

    /** The key that gives a model's path, for messages. */
    String option(String model) {
        return paths.containsKey(model) ? where(model) : "the path";
    }

    /** How to get null for a bad row, for messages. */
    String remedyForBadRows(String model) {
        return paths.containsKey(model)
                ? "set %s.bad-rows.rule = null".formatted(where(model))
                : "give the model a name in the settings, and its bad-rows.rule = null,";
    }

    /**
     * The maximum size of all cached models together, in bytes.
     *
     * @param application whose sessions share the cache
     * @throws RefusedException if the value is not a size, or if the session and the application have different values
     */
    long cacheBytes(SparkConf application) {
        String key = prefix + CACHE_BYTES;
        String shared = application.get(key, DEFAULT_CACHE);
        if (!cacheBytes.equals(shared)) {
            throw new RefusedException(
                    "%s = %s: it is %s for all sessions of this application; set it where Spark is started"
                            .formatted(key, cacheBytes, shared));
        }
        return SettingValues.bytes(key, shared);
    }

    /**
     * A model's settings by key, with its path; a new map.
     *
     * @param model a name, or a path, which has slashes
     * @throws RefusedException for an unknown name
     */
    Map<String, String> of(String model) {
        Map<String, String> settings = new TreeMap<>(keys.getOrDefault(model, Map.of()));
        if (settings.containsKey(MODEL_PATH)) {
            throw new RefusedException("unknown setting %s.%s: the path is the value of %s itself"
                    .formatted(where(model), MODEL_PATH, where(model)));
        }
        String path = paths.get(model);
        if (path == null && model.contains("/")) {
            path = model;
        }
        if (path == null) {
            throw unknown(model);
        }
        settings.put(MODEL_PATH, path);
        return settings;
    }

    /** Fills in the paths of input and output, which are required, for a caller that reads and writes no table. */
    static void fillUnusedPaths(Map<String, String> settings) {
        settings.putIfAbsent(SettingKey.INPUT_PATH.key(), UNUSED_PATH);
        settings.putIfAbsent(SettingKey.OUTPUT_PATH.key(), UNUSED_PATH);
    }

    private RefusedException unknown(String model) {
        String remedy = "set %s to its path".formatted(where(model));
        if (keys.containsKey(model)) {
            return new RefusedException("model '%s' has settings, but no path; %s".formatted(model, remedy));
        }
        if (paths.isEmpty()) {
            return new RefusedException(
                    "no model '%s', and the session's settings name no other; %s".formatted(model, remedy));
        }
        List<String> known = new ArrayList<>(paths.keySet());
        return new RefusedException("no model '%s', did you mean '%s'? There are %s; %s"
                .formatted(model, Suggestion.to(model, known), String.join(", ", known), remedy));
    }
}
