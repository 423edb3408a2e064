package sluice.cell.online;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/**
 * Objects that are used by one thread at a time. There are as many as threads have used at once; they are kept, so that a call allocates
 * none. Not bound to threads, so that threads may come and go.
 */
final class Pool<T> {
    private final Supplier<T> factory;
    private final ArrayDeque<T> free = new ArrayDeque<>();

    Pool(Supplier<T> factory) {
        this.factory = factory;
    }

    /** An object for the calling thread alone. */
    T take() {
        synchronized (free) {
            T one = free.poll();
            if (one != null) {
                return one;
            }
        }
        return factory.get();
    }

    /** Returns an object. One whose use has failed is not returned, because its state is unknown. */
    void giveBack(T one) {
        synchronized (free) {
            free.push(one);
        }
    }
}
