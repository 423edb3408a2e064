package sluice.job.report;

import java.util.LinkedHashMap;
import java.util.Map;
import sluice.job.message.HumanText;

/**
 * What became of carried states.
 *
 * @param before the version that the run has started from, or 0: none
 * @param after the version that it has made
 * @param version the name of that version's directory
 * @param continued keys that have gone on from a state
 * @param begun keys that had none
 * @param keys that have one now
 * @param read rows of states among which those of this run's keys were looked for
 * @param written rows of states
 */
public record CarryReport(
        String path,
        long before,
        long after,
        String version,
        long continued,
        long begun,
        long keys,
        long read,
        long written) {
    Map<String, Object> json() {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("path", path);
        part.put("version-before", before);
        part.put("version-after", after);
        part.put("keys-continued", continued);
        part.put("keys-new", begun);
        part.put("keys", keys);
        part.put("rows-read", read);
        part.put("rows-written", written);
        return part;
    }

    /** For the terminal. */
    String sentence() {
        return "%s went on, %,d new; %s/%s has %,d"
                .formatted(HumanText.count(continued, "key"), begun, path, version, keys);
    }
}
