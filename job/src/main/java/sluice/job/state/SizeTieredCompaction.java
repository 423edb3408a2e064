package sluice.job.state;

import java.util.List;

/**
 * The compaction policy of the carried states. A new version keeps the leading segments that are each larger than all newer ones
 * together, and merges the remaining segments with its own rows.
 *
 * <p>Each segment is larger than all newer ones together, so a version has at most 1 + log2(rows) segments, and together they have
 * fewer than twice the rows of the oldest one. A segment is rewritten only when the newer rows are at least as many as its own.
 */
final class SizeTieredCompaction {
    private SizeTieredCompaction() {}

    /**
     * The number of leading segments that the next version keeps unmerged.
     *
     * @param segments the oldest first
     * @param newRows rows that the next version adds
     */
    static int kept(List<StateVersion.Segment> segments, long newRows) {
        long newer = newRows
                + segments.stream().mapToLong(StateVersion.Segment::rows).sum();
        for (int at = 0; at < segments.size(); at++) {
            newer -= segments.get(at).rows();
            if (segments.get(at).rows() <= newer) {
                return at;
            }
        }
        return segments.size();
    }
}
