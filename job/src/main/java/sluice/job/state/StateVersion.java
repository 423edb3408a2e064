package sluice.job.state;

import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * One complete version of carried states. It is never changed.
 *
 * @param parts that it is read from, the oldest first; its own is the last, where it has rows of its own
 */
public record StateVersion(long number, Path path, StateManifest manifest, List<StatePart> parts) {
    private static final String PREFIX = "version=";

    /** The path of the manifest in a version. */
    public static final String MANIFEST = "_sluice/state.json";

    /** The name of a version's directory. */
    public static String name(long number) {
        return PREFIX + number;
    }

    /** The number of a directory of this name, or 0: it is no version. */
    public static long number(String name) {
        String digits = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : "";
        return digits.matches("[1-9][0-9]{0,17}") ? Long.parseLong(digits) : 0;
    }
}
