package sluice.job.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which segments a new version keeps, and what the policy costs over many runs. */
class SizeTieredCompactionTest {
    private static StateVersion.Segment segment(long rows) {
        return new StateVersion.Segment(1, new Path("version=1"), rows, 0);
    }

    private static int kept(long newRows, long... sizes) {
        List<StateVersion.Segment> segments = new ArrayList<>();
        for (long size : sizes) {
            segments.add(segment(size));
        }
        return SizeTieredCompaction.kept(segments, newRows);
    }

    @Test
    void segmentsLargerThanAllNewerOnesAreKept() {
        assertThat(kept(5)).isZero();
        assertThat(kept(0, 10, 4)).isEqualTo(2);
        assertThat(kept(3, 10, 4)).isEqualTo(2);
        assertThat(kept(4, 10, 4)).isEqualTo(1);
        assertThat(kept(5, 10, 4)).isEqualTo(1);
        assertThat(kept(6, 10, 4)).isZero();
        assertThat(kept(1_000, 10, 4)).isZero();
    }

    /** Random runs over random keys: few segments, fewer than twice the keys in rows, and few rows written more than once. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void costIsProportionalToNewRows(long seed) {
        Random random = new Random(seed);
        int keys = 10_000;
        List<Set<Integer>> segments = new ArrayList<>();
        Set<Integer> all = new HashSet<>();
        long written = 0;
        long added = 0;
        for (int run = 0; run < 300; run++) {
            Set<Integer> rows = new HashSet<>();
            int most = run == 0 ? keys : 1 + random.nextInt(200);
            for (int row = 0; row < most; row++) {
                rows.add(random.nextInt(keys));
            }
            added += rows.size();
            all.addAll(rows);
            int kept = SizeTieredCompaction.kept(
                    segments.stream().map(keysOf -> segment(keysOf.size())).toList(), rows.size());
            for (Set<Integer> merged : segments.subList(kept, segments.size())) {
                rows.addAll(merged);
            }
            segments.subList(kept, segments.size()).clear();
            segments.add(rows);
            written += rows.size();
            long sum = segments.stream().mapToLong(Set::size).sum();
            assertThat(sum).isLessThan(2L * all.size());
            assertThat(segments.size()).isLessThanOrEqualTo(bits(all.size()));
        }
        assertThat(written).isLessThanOrEqualTo(added * bits(all.size()));
        assertThat(written).as("against a whole version in each run").isLessThan(300L * keys / 10);
    }

    private static int bits(long number) {
        return Long.SIZE - Long.numberOfLeadingZeros(number);
    }
}
