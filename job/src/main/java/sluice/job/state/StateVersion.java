package sluice.job.state;

import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * One complete version of the carried states. A published version never changes.
 *
 * @param path its directory
 * @param segments the rows of the version, the oldest segment first; the last one is its own, unless it has no rows of its own
 */
record StateVersion(long number, Path path, StateManifest manifest, List<Segment> segments) {
    private static final String PREFIX = "version=";

    /** Path of the manifest, relative to the directory of a version. */
    static final String MANIFEST = "_sluice/state.json";

    /**
     * The rows that one run wrote, at most one per key. The state of a key is its row in the newest segment that has the key.
     *
     * @param number the version that the segment was written for
     * @param path of that version
     * @param rows at least one
     */
    record Segment(long number, Path path, long rows, long bytes) {}

    /** The name of a version's directory. */
    static String name(long number) {
        return PREFIX + number;
    }

    /** The version whose directory has this name; 0 if it is not the name of a version. */
    static long number(String name) {
        String digits = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : "";
        return digits.matches("[1-9][0-9]{0,17}") ? Long.parseLong(digits) : 0;
    }
}
