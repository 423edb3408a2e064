package sluice.job.launch;

import java.util.Arrays;
import java.util.regex.Pattern;

/** What an object is for, by its key: the one place that knows how outputs are laid out in a bucket. */
final class StoreLayout {
    private static final Pattern JOURNAL = Pattern.compile("(.*/)?\\..*\\.publication-\\d+\\.json");

    private StoreLayout() {}

    /** Rows that a reader of the table sees: Spark reads all but names that begin with {@code _} or {@code .}, at any depth. */
    static boolean isData(String table, String key) {
        return key.startsWith(table + "/")
                && Arrays.stream(key.substring(table.length() + 1).split("/", -1))
                        .noneMatch(name -> name.startsWith("_") || name.startsWith("."));
    }

    /** A file below the table, whether a reader sees it or not. */
    static boolean isWithin(String table, String key) {
        return key.startsWith(table + "/");
    }

    /** The request that publishes a run: before it nothing has changed for a reader, and after it the run can't fail. */
    static boolean isDecision(StoreRequest request) {
        return request.writes()
                && request.keys().stream().anyMatch(key -> JOURNAL.matcher(key).matches());
    }

    /** A row file of the table appears, or is written over. */
    static boolean writesData(String table, StoreRequest request) {
        return request.writes() && request.keys().stream().anyMatch(key -> isData(table, key));
    }

    /** A row file of the table goes. */
    static boolean deletesData(String table, StoreRequest request) {
        return request.deletes() && request.keys().stream().anyMatch(key -> isData(table, key));
    }
}
