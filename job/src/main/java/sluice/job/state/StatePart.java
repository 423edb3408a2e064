package sluice.job.state;

import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * The rows that one run has written of carried states: one for each key, which holds unless a later part has that key, too.
 *
 * @param number of the version that it was written for
 * @param rows at least one
 */
record StatePart(long number, Path path, long rows, long bytes) {
    /**
     * How many of a version's parts are left as they are by the next one, whose own rows take the place of the others: of the oldest that
     * has no more rows than all later ones together, and of those. So each part that stays is larger than all later ones together. There
     * are never more of them than a number of rows has bits, they hold less than twice the rows of the oldest, and a row that is written
     * once more is in a part of twice the size: what all nights write grows with what is new in each, times the logarithm of all keys.
     *
     * @param parts the oldest first
     * @param rows that are new
     */
    static int staying(List<StatePart> parts, long rows) {
        long later = rows + parts.stream().mapToLong(StatePart::rows).sum();
        for (int part = 0; part < parts.size(); part++) {
            later -= parts.get(part).rows();
            if (parts.get(part).rows() <= later) {
                return part;
            }
        }
        return parts.size();
    }
}
