package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.spark.sql.SparkSession;

/**
 * Measurements of one run over a table, from the read of the model file to the last output file. The JVM and the Spark session are
 * started before.
 *
 * @param cpuSeconds CPU time of all threads
 * @param taskCpuSeconds CPU time of task threads
 * @param allocatedBytes heap allocated by task threads
 * @param peakHeapBytes largest use of the heap, including garbage
 * @param peakResidentBytes largest resident memory of the process, which includes native memory of libraries
 */
record RunMeasurement(
        double seconds,
        double cpuSeconds,
        double taskCpuSeconds,
        long allocatedBytes,
        long peakHeapBytes,
        long peakResidentBytes,
        long outputBytes,
        Scored scored) {
    /** Deletes the previous output, runs a contender over a table and measures the run. */
    static RunMeasurement of(Contender contender, int cores, Job job) throws IOException {
        Folder.delete(job.output());
        Files.createDirectories(job.output().getParent());
        SparkSession spark = LocalSession.start(cores);
        TaskMeter.taken();
        ProcessMeter meter = ProcessMeter.start();
        Scored scored = contender.score(spark, job);
        double seconds = meter.seconds();
        double cpu = meter.cpuSeconds();
        TaskMeter.Counted tasks = TaskMeter.taken();
        return new RunMeasurement(
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
