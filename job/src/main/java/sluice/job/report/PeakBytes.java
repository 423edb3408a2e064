package sluice.job.report;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import org.apache.spark.util.AccumulatorV2;

/** A Spark accumulator for the largest heap that any process of the run used, in bytes. */
final class PeakBytes extends AccumulatorV2<Long, Long> {
    private static final long serialVersionUID = 1L;

    private long peak;

    /**
     * The peak heap of this process since its start: the sum of the peaks of its memory pools. This is an upper bound, because the
     * pools may have peaked at different times.
     */
    static long ofThisProcess() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage == null ? 0 : usage.getUsed())
                .sum();
    }

    @Override
    public boolean isZero() {
        return peak == 0;
    }

    @Override
    public PeakBytes copy() {
        PeakBytes copy = new PeakBytes();
        copy.peak = peak;
        return copy;
    }

    @Override
    public void reset() {
        peak = 0;
    }

    @Override
    public void add(Long bytes) {
        peak = Math.max(peak, bytes);
    }

    @Override
    public void merge(AccumulatorV2<Long, Long> other) {
        add(other.value());
    }

    @Override
    public Long value() {
        return peak;
    }
}
