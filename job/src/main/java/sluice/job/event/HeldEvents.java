package sluice.job.event;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.memory.RowSize;
import sluice.job.message.HumanText;
import sluice.job.message.RowTooLargeException;
import sluice.job.settings.LengthLimits;

/** The values of the events of one key that become arrays: at most as many events as are scored. */
final class HeldEvents {
    /** Memory of a held value until its row is written, in bytes: the object, its copies in the row, and a constant for each. */
    private static final long VALUE_BYTES = 96;

    private static final long COPIES = 6;

    private final int[] columns;
    private final LengthLimits limits;
    private final long mostBytes;
    private final Deque<Object[]> events = new ArrayDeque<>();
    private long bytes;

    /**
     * @param columns of an event whose values are held
     * @param mostBytes of all held events
     */
    HeldEvents(int[] columns, LengthLimits limits, long mostBytes) {
        this.columns = columns;
        this.limits = limits;
        this.mostBytes = mostBytes;
    }

    /**
     * Adds the next event. If there are more than the longest sequence has steps, it takes the place of the first one, or is left out.
     *
     * @param key for the message
     * @throws RowTooLargeException if the events don't fit into memory
     */
    void add(Row event, Supplier<String> key) {
        if (events.size() == limits.most()) {
            if (limits.tooLong() != LengthLimits.TooLong.KEEP_LAST) {
                return;
            }
            bytes -= bytes(events.remove());
        }
        Object[] values = new Object[columns.length];
        for (int at = 0; at < columns.length; at++) {
            values[at] = event.get(columns[at]);
        }
        bytes += bytes(values);
        if (bytes > mostBytes) {
            throw new RowTooLargeException(String.format(
                    Locale.ROOT,
                    "%s: its first %,d events take %s until they are written, of the %s that a task has here; nothing was written; limit the sequences with"
                            + " input.max-length (input.too-long says which events are scored), leave such keys out with input.filter, or give the process more"
                            + " memory (--executor-memory on a cluster, --driver-memory in local mode) or fewer tasks at once",
                    key.get(),
                    events.size() + 1,
                    HumanText.size(bytes),
                    HumanText.size(mostBytes)));
        }
        events.add(values);
    }

    private static long bytes(Object[] values) {
        return VALUE_BYTES * values.length + COPIES * RowSize.packedBytes(values);
    }

    /** Releases the events. */
    void clear() {
        events.clear();
        bytes = 0;
    }

    /** The values of a column, given by its place in the constructor's array. */
    scala.collection.Seq<Object> values(int at) {
        List<Object> values = new ArrayList<>(events.size());
        events.forEach(event -> values.add(event[at]));
        return CollectionConverters.asScala(values);
    }
}
