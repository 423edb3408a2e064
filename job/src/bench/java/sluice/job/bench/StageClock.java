package sluice.job.bench;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Splits a task's time as the job's report does: time that is neither reading nor scoring is writing. */
final class StageClock {
    private static final LongAdder ALL = new LongAdder();
    private static final LongAdder READING = new LongAdder();
    private static final LongAdder SCORING = new LongAdder();

    private final long started = System.nanoTime();
    private long reading;
    private long scoring;

    private StageClock() {}

    /** Starts the clock of the task that this thread runs. */
    static StageClock start() {
        StageClock clock = new StageClock();
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> clock.stop());
        return clock;
    }

    private void stop() {
        ALL.add(System.nanoTime() - started);
        READING.add(reading);
        SCORING.add(scoring);
    }

    <T> T reading(Supplier<T> work) {
        long before = System.nanoTime();
        T result = work.get();
        reading += System.nanoTime() - before;
        return result;
    }

    <T> T scoring(Supplier<T> work) {
        long before = System.nanoTime();
        T result = work.get();
        scoring += System.nanoTime() - before;
        return result;
    }

    /** Times of all tasks of this process since the last call; local mode has no other process. */
    static Stages taken() {
        return Stages.ofNanos(ALL.sumThenReset(), READING.sumThenReset(), SCORING.sumThenReset());
    }
}
