package sluice.job.fingerprint;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.AccumulatorContext;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Computes the fingerprints of the files of one write, on the executors, and their sum. Formats that Spark creates by their class name get
 * it through the options of the write.
 */
public final class FileSums implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String COUNTER = "sluice.fingerprint.counter";
    private static final String ID = "sluice.fingerprint.id";
    private static final String COLUMNS = "sluice.fingerprint.columns";
    private static final String LEVELS = "sluice.fingerprint.partition-levels";

    private final FingerprintCounter counter;
    private final String id;
    private final HashedColumns columns;
    private final int levels;

    private FileSums(FingerprintCounter counter, String id, HashedColumns columns, int levels) {
        this.counter = counter;
        this.id = id;
        this.columns = columns;
        this.levels = levels;
    }

    /** @param levels number of the partition directories above a file */
    public static FileSums begin(SparkSession spark, HashedColumns columns, int levels) {
        FingerprintCounter counter = new FingerprintCounter();
        spark.sparkContext().register(counter);
        return new FileSums(counter, UUID.randomUUID().toString(), columns, levels);
    }

    /** The options of the write. This object must live until its job has ended. */
    public Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put(COUNTER, Long.toString(counter.id()));
        options.put(ID, id);
        options.put(COLUMNS, columns.schema().json());
        options.put(LEVELS, Integer.toString(levels));
        return options;
    }

    /** What {@link #options()} describe, on the driver; empty if the write has no such options. */
    public static Optional<FileSums> of(scala.collection.Map<String, String> options) {
        Map<String, String> given = CollectionConverters.asJava(options);
        String counter = given.get(COUNTER);
        if (counter == null) {
            return Optional.empty();
        }
        FingerprintCounter found = (FingerprintCounter)
                AccumulatorContext.get(Long.parseLong(counter)).get();
        HashedColumns columns = HashedColumns.all((StructType) DataType.fromJson(given.get(COLUMNS)));
        return Optional.of(new FileSums(found, given.get(ID), columns, Integer.parseInt(given.get(LEVELS))));
    }

    /**
     * Begins a file of the running task.
     *
     * @param path of the file
     * @param schema of the rows that are written into it
     */
    public FileSum file(String path, StructType schema) {
        return new FileSum(counter, id, columns, schema, FileFooter.partition(path, levels));
    }

    /** The sum of all files, after the write. */
    public TableFingerprint total() {
        return new TableFingerprint(id, counter.value(), columns.ddl());
    }
}
