package sluice.job.task;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;

/** An iterator that has to find the next row to know whether there is one. */
abstract class LookaheadIterator implements Iterator<Row> {
    private Row next; // null if not found yet

    /** The next row; null after the last one. */
    abstract Row find();

    @Override
    public final boolean hasNext() {
        if (next == null) {
            next = find();
        }
        return next != null;
    }

    @Override
    public final Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Row row = next;
        next = null;
        return row;
    }
}
