package sluice.job.report;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import org.apache.spark.util.AccumulatorV2;

/** The largest heap that any process of the run had in use. */
final class PeakBytes extends AccumulatorV2<Long, Long> {
    private static final long serialVersionUID = 1L;

    private long peak;

    /**
     * Of this process since it began: what its pools had in use at their fullest. They needn't have been so at the same time, so it may
     * be less.
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
