package sluice.job.task;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;

/** Rows of which the next one has to be looked for before it is known whether there is one. */
abstract class LookaheadIterator implements Iterator<Row> {
    private Row next; // or null: not looked for

    /** The next row, or null where there are no more. */
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
