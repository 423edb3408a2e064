package sluice.cell.weights.fuzz;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.Supplier;

/**
 * A result and its CPU time. It is the time of this thread only, so that other load on the machine doesn't count.
 *
 * @param seconds CPU time of the fastest read: the first may include JIT compilation or garbage collection
 */
record Timed<T>(T found, double seconds) {
    /** Limit for the CPU time of reading any file, in seconds. */
    static final double MAX_SECONDS = 1;

    private static final int MAX_READS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Reads until one read is within the limit, at most {@value #MAX_READS} times. */
    static <T> Timed<T> reading(Supplier<T> reading) {
        Timed<T> fastest = once(reading);
        for (int at = 1; at < MAX_READS && fastest.seconds() >= MAX_SECONDS; at++) {
            Timed<T> again = once(reading);
            fastest = again.seconds() < fastest.seconds() ? again : fastest;
        }
        return fastest;
    }

    private static <T> Timed<T> once(Supplier<T> reading) {
        long began = THREADS.getCurrentThreadCpuTime();
        T found = reading.get();
        return new Timed<>(found, (THREADS.getCurrentThreadCpuTime() - began) / 1e9);
    }
}
