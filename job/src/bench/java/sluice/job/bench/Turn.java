package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.spark.sql.SparkSession;

/**
 * One run over a table: from reading the model's file to the last file of the output. Spark's session and the virtual machine were
 * there before.
 *
 * @param cpuSeconds of all threads
 * @param taskCpuSeconds of the threads of tasks
 * @param allocatedBytes by these, on the heap
 * @param peakHeapBytes garbage included
 * @param peakResidentBytes of the process: what a library takes outside of the heap is seen here alone
 */
record Turn(
        double seconds,
        double cpuSeconds,
        double taskCpuSeconds,
        long allocatedBytes,
        long peakHeapBytes,
        long peakResidentBytes,
        long outputBytes,
        Scored scored) {
    /** Lets a contender score a table, after what it wrote before is gone. */
    static Turn of(Contender contender, int cores, Job job) throws IOException {
        Folder.delete(job.output());
        Files.createDirectories(job.output().getParent());
        SparkSession spark = LocalSession.start(cores);
        TaskMeter.taken();
        ProcessMeter meter = ProcessMeter.start();
        Scored scored = contender.score(spark, job);
        double seconds = meter.seconds();
        double cpu = meter.cpuSeconds();
        TaskMeter.Counted tasks = TaskMeter.taken();
        return new Turn(
                seconds,
                cpu,
                tasks.cpuSeconds(),
                tasks.allocatedBytes(),
                ProcessMeter.peakHeapBytes(),
                ProcessMeter.peakResidentBytes(),
                Folder.bytes(job.output()),
                scored);
    }
}
