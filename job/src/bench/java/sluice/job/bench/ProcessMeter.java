package sluice.job.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Measures time and memory of this process from a start on. */
final class ProcessMeter {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final Path FORGET_PEAK = Path.of("/proc/self/clear_refs");
    private static final String PEAK_RESIDENT = "VmHWM:";
    private static final String PEAK_RESIDENT_ONLY = "5"; // see proc(5)

    private final long started = System.nanoTime();
    private final long cpu = SYSTEM.getProcessCpuTime();

    private ProcessMeter() {}

    /** Collects garbage, then starts measuring. */
    static ProcessMeter start() throws IOException {
        System.gc();
        heap().forEach(MemoryPoolMXBean::resetPeakUsage);
        if (Files.isWritable(FORGET_PEAK)) {
            Files.writeString(FORGET_PEAK, PEAK_RESIDENT_ONLY);
        }
        return new ProcessMeter();
    }

    double seconds() {
        return (System.nanoTime() - started) * 1e-9;
    }

    /** CPU time of all threads, including garbage collection and JIT compilation. */
    double cpuSeconds() {
        return (SYSTEM.getProcessCpuTime() - cpu) * 1e-9;
    }

    /** Sum of the peak use of the heap's pools, in bytes, including garbage not yet collected. */
    static long peakHeapBytes() {
        return heap().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    }

    /** Peak resident memory, heap and native together, in bytes; 0 if the system does not report it. */
    static long peakResidentBytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(PEAK_RESIDENT))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(0);
        }
    }

    private static List<MemoryPoolMXBean> heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }
}
