package sluice.job.event;

import java.io.Serializable;
import java.util.List;

/**
 * Where the values of an event are in its row. Immutable, sent to the executors; not a record, which Kryo can't read.
 *
 * <p>The row of a sequence has the same first columns, and the sequence at the same place.
 */
final class EventLayout implements Serializable {
    private static final long serialVersionUID = 1L;

    final int width; // columns of the input
    final int sequence; // of the token; width if it is within a struct
    final boolean[] isArray; // (width) whether the row of a sequence has the values of all events
    final int[] keys;
    final String[] keyNames;
    final int[] orders;
    final String[] orderNames;
    final int corrupt; // of the text of a line that Spark could not parse; -1 if there is none

    EventLayout(
            int width,
            int sequence,
            boolean[] isArray,
            int[] keys,
            List<String> keyNames,
            int[] orders,
            List<String> orderNames,
            int corrupt) {
        this.width = width;
        this.sequence = sequence;
        this.isArray = isArray;
        this.keys = keys;
        this.keyNames = keyNames.toArray(String[]::new);
        this.orders = orders;
        this.orderNames = orderNames.toArray(String[]::new);
        this.corrupt = corrupt;
    }
}
