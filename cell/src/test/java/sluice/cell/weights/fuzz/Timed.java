package sluice.cell.weights.fuzz;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.Supplier;

/**
 * What was found, and how soon: in the processor's seconds, of this thread alone, as what else the machine does is no fault of a file.
 *
 * @param seconds of the fastest of a few readings: one may have to wait for the compiler, or for memory that others use up
 */
record Timed<T>(T found, double seconds) {
    /** How long any file may take. */
    static final double MAX_SECONDS = 1;

    private static final int READINGS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Reads until it was soon enough once. */
    static <T> Timed<T> reading(Supplier<T> reading) {
        Timed<T> fastest = once(reading);
        for (int at = 1; at < READINGS && fastest.seconds() >= MAX_SECONDS; at++) {
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
