package sluice.job.event;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import sluice.job.memory.TaskHeap;
import sluice.job.message.HumanText;
import sluice.job.row.RowDefect;
import sluice.job.settings.LengthLimits;

/** Reads the sorted events of a key once and returns the row of its sequence. */
final class EventCollector implements FlatMapGroupsFunction<Row, Row, Row> {
    private static final long serialVersionUID = 1L;

    private final EventLayout layout;
    private final LengthLimits limits;
    private final int[] arrays; // columns of an event that become arrays

    EventCollector(EventLayout layout, LengthLimits limits) {
        this.layout = layout;
        this.limits = limits;
        this.arrays = IntStream.rangeClosed(0, layout.width)
                .filter(column -> column == layout.sequence || (column < layout.width && layout.isArray[column]))
                .toArray();
    }

    @Override
    public Iterator<Row> call(Row key, Iterator<Row> events) {
        HeldEvents held = new HeldEvents(arrays, limits, TaskHeap.bytes());
        RowDefect defect = null;
        Row last = null;
        long count = 0;
        long open = 0;
        while (events.hasNext()) {
            Row event = events.next();
            count++;
            if (last != null && isOpen(last, event)) {
                open++;
            }
            if (defect == null) {
                defect = defect(event);
            }
            boolean isTooLong = count > limits.most() && limits.tooLong() == LengthLimits.TooLong.REFUSE;
            if (defect != null || isTooLong) {
                held.clear(); // the rest is only counted
            } else {
                held.add(event, () -> name(event));
            }
            last = event;
        }
        if (defect == null) {
            defect = tooLong(count);
        }
        return List.of(row(last, held, defect, count, defect == null ? open : 0))
                .iterator();
    }

    /** Whether the order of two neighbours is open: equal in all columns of the order, with other tokens. */
    private boolean isOpen(Row before, Row event) {
        for (int column : layout.orders) {
            if (!Objects.deepEquals(before.get(column), event.get(column))) {
                return false;
            }
        }
        return !Objects.deepEquals(before.get(layout.sequence), event.get(layout.sequence));
    }

    private RowDefect defect(Row event) {
        if (layout.corrupt >= 0 && !event.isNullAt(layout.corrupt)) {
            return new RowDefect(
                    RowDefect.BROKEN_RECORD,
                    "%s: an event is a line that does not fit the columns of the input: %s"
                            .formatted(name(event), HumanText.quote(event.getString(layout.corrupt))));
        }
        for (int at = 0; at < layout.keys.length; at++) {
            if (event.isNullAt(layout.keys[at])) {
                return new RowDefect(
                        RowDefect.NULL_KEY,
                        "%s (input.group-by) is null, so these events belong to no sequence"
                                .formatted(layout.keyNames[at]));
            }
        }
        for (int at = 0; at < layout.orders.length; at++) {
            if (event.isNullAt(layout.orders[at])) {
                return new RowDefect(
                        RowDefect.NULL_ORDER,
                        "%s (input.order-by) of an event is null, so its place is unknown"
                                .formatted(layout.orderNames[at]));
            }
        }
        return null;
    }

    private RowDefect tooLong(long count) {
        boolean isTooLong = count > limits.most() && limits.tooLong() == LengthLimits.TooLong.REFUSE;
        return isTooLong
                ? new RowDefect(
                        RowDefect.TOO_LONG,
                        String.format(Locale.ROOT, "%,d events, input.max-length allows %,d", count, limits.most()))
                : null;
    }

    private String name(Row event) {
        return IntStream.range(0, layout.keys.length)
                .mapToObj(at -> layout.keyNames[at] + "=" + event.get(layout.keys[at]))
                .collect(Collectors.joining(", "));
    }

    /** The values of the last event; arrays are null if the row is bad. */
    private Row row(Row last, HeldEvents held, RowDefect defect, long count, long open) {
        int width = Math.max(layout.width, layout.sequence + 1);
        Object[] values = new Object[width + 3];
        for (int column = 0; column < layout.width; column++) {
            values[column] = last.get(column);
        }
        for (int at = 0; at < arrays.length; at++) {
            values[arrays[at]] = defect == null ? held.values(at) : null;
        }
        values[width] = defect == null ? null : defect.row();
        values[width + 1] = count;
        values[width + 2] = open;
        return RowFactory.create(values);
    }

    @Override
    public String toString() {
        return "events of " + Arrays.toString(layout.keyNames);
    }
}
