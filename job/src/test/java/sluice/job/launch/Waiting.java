package sluice.job.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Waits for what other processes do, and not for ever. */
final class Waiting {
    /** Many times what the slowest takes on a busy machine. */
    static final long PATIENCE_MINUTES = 5;

    private static final long LOOK_MILLIS = 20;
    private static final long END_SECONDS = 10;

    private Waiting() {}

    /** Something to look at. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException;
    }

    /** @throws IllegalStateException where it doesn't come true; the message has these words */
    static void until(String words, Condition condition) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
        try {
            while (!condition.holds()) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException(
                            String.format(Locale.ROOT, "not within %d minutes: %s", PATIENCE_MINUTES, words));
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw interrupted(words, e);
        }
    }

    /** Ends processes and all that they have started, and waits for it. */
    static void forEndOfAll(List<Process> processes) {
        List<ProcessHandle> all = processes.stream()
                .map(Process::toHandle)
                .flatMap(handle -> Stream.concat(handle.descendants(), Stream.of(handle)))
                .toList();
        all.forEach(ProcessHandle::destroy);
        all.forEach(Waiting::forEnd);
    }

    /** Until a process has ended by itself, or else it is ended. */
    static void forEnd(ProcessHandle process) {
        try {
            process.onExit().get(END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw interrupted("the end of process " + process.pid(), e);
        }
    }

    static IllegalStateException interrupted(String words, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted while waiting for " + words, e);
    }
}
