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

/** Which parts of carried states are written once more, night by night. */
class StatePartTest {
    private static StatePart part(long rows) {
        return new StatePart(1, new Path("version=1"), rows, 0);
    }

    private static int staying(long rows, long... parts) {
        List<StatePart> given = new ArrayList<>();
        for (long size : parts) {
            given.add(part(size));
        }
        return StatePart.staying(given, rows);
    }

    @Test
    void whatIsLargerThanAllLaterOnesStays() {
        assertThat(staying(5)).isZero();
        assertThat(staying(0, 10, 4)).isEqualTo(2);
        assertThat(staying(3, 10, 4)).isEqualTo(2);
        assertThat(staying(4, 10, 4)).isEqualTo(1);
        assertThat(staying(5, 10, 4)).isEqualTo(1);
        assertThat(staying(6, 10, 4)).isZero();
        assertThat(staying(1_000, 10, 4)).isZero();
    }

    /** Random nights over random keys: few parts, little more than the keys in them, and little is written more than once. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void nightsCostWhatIsNewInThem(long seed) {
        Random random = new Random(seed);
        int keys = 10_000;
        List<Set<Integer>> parts = new ArrayList<>();
        Set<Integer> all = new HashSet<>();
        long written = 0;
        long moved = 0;
        for (int night = 0; night < 300; night++) {
            Set<Integer> rows = new HashSet<>();
            int most = night == 0 ? keys : 1 + random.nextInt(200);
            for (int row = 0; row < most; row++) {
                rows.add(random.nextInt(keys));
            }
            moved += rows.size();
            all.addAll(rows);
            int staying = StatePart.staying(
                    parts.stream().map(part -> part(part.size())).toList(), rows.size());
            for (Set<Integer> merged : parts.subList(staying, parts.size())) {
                rows.addAll(merged);
            }
            parts.subList(staying, parts.size()).clear();
            parts.add(rows);
            written += rows.size();
            long sum = parts.stream().mapToLong(Set::size).sum();
            assertThat(sum).isLessThan(2L * all.size());
            assertThat(parts.size()).isLessThanOrEqualTo(bits(all.size()));
        }
        assertThat(written).isLessThanOrEqualTo(moved * bits(all.size()));
        assertThat(written).as("against a whole table each night").isLessThan(300L * keys / 10);
    }

    private static int bits(long number) {
        return Long.SIZE - Long.numberOfLeadingZeros(number);
    }
}
