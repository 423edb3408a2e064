package sluice.job.state;

import java.util.List;

/**
 * The compaction policy of the carried states. A new version keeps the leading segments that each have more rows than all newer segments
 * and the new rows together. It merges the remaining segments with the new rows.
 *
 * <p>So each segment of a version has more rows than all newer segments together, and a version of one row or more has at most
 * 1 + log2(rows) segments. A segment is rewritten only if it, or an older one, has no more rows than all
 * newer segments and the new rows together.
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
