package sluice.job.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** The size is an estimate; it must grow with the content of a row. */
class RowSizeTest {
    private static long bytes(Object... values) {
        return RowSize.bytes(RowFactory.create(values));
    }

    private static Object list(Object... values) {
        return CollectionConverters.asScala(java.util.List.of(values)).toSeq();
    }

    @Test
    void nullTakesNothing() {
        assertThat(bytes((Object) null)).isEqualTo(bytes());
    }

    @Test
    void textAndBytesTakeTheirLength() {
        assertThat(bytes("x".repeat(1_000)) - bytes("")).isEqualTo(1_000);
        assertThat(bytes((Object) new byte[1_000]) - bytes((Object) new byte[0]))
                .isEqualTo(1_000);
    }

    @Test
    void aListTakesItsElements() {
        assertThat(bytes(list(1, 2, 3)) - bytes(list())).isEqualTo(3 * (bytes(1) - bytes()));
        assertThat(bytes(list(list(1, 2), list(3, 4))))
                .isGreaterThan(bytes(list(1, 2, 3, 4)))
                .isLessThan(2 * bytes(list(1, 2, 3, 4)));
    }

    @Test
    void aMapTakesItsKeysAndValues() {
        Object none = CollectionConverters.asScala(Map.of());
        Object one = CollectionConverters.asScala(Map.of("key", "v".repeat(100)));
        assertThat(bytes(one) - bytes(none)).isBetween(103L, 200L);
    }

    @Test
    void aStructTakesItsFields() {
        Row inner = RowFactory.create("x".repeat(500), 7L);
        assertThat(bytes(inner) - bytes()).isBetween(500L, 700L);
    }
}
