package sluice.job.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import sluice.job.fingerprint.CountedWriterFactory;
import sluice.job.fingerprint.FileSum;
import sluice.job.fingerprint.FileSums;

/** Opens the files of a task. Sent to the executors. */
final class NumberListWriterFactory extends OutputWriterFactory {
    private static final long serialVersionUID = 1L;

    /** The setting of columnar encryption. */
    private static final String CRYPTO = "parquet.crypto.factory.class";

    /** Settings that only some versions of Parquet have. */
    private static final List<String> VERSION_SPECIFIC =
            List.of("parquet.enable.bytestreamsplit", "parquet.block.row.count.limit");

    /** Separates the name of a setting from the column to which it applies. */
    private static final String COLUMN_SEPARATOR = "#";

    private final OutputWriterFactory spark;
    private final FileSums sums; // null if no fingerprints are computed

    /**
     * @param spark Spark's own factory, used for files with settings that this writer doesn't support, and with other versions of Parquet; their footers have no fingerprint
     * @param sums computes the fingerprints of the files
     */
    NumberListWriterFactory(OutputWriterFactory spark, Optional<FileSums> sums) {
        this.spark = spark;
        this.sums = sums.orElse(null);
    }

    @Override
    public String getFileExtension(TaskAttemptContext context) {
        return spark.getFileExtension(context);
    }

    @Override
    public OutputWriter newInstance(String path, StructType schema, TaskAttemptContext context) {
        Optional<FileSum> sum = Optional.ofNullable(sums).map(all -> all.file(path, schema));
        if (!LinkedClasses.complete(context) || !isSupported(context.getConfiguration())) {
            OutputWriter file = spark.newInstance(path, schema, context);
            return sum.isPresent() ? CountedWriterFactory.counted(file, sum.get()) : file;
        }
        try {
            return NumberListFile.create(
                    HadoopOutputFile.fromPath(new Path(path), context.getConfiguration()), path, schema, context, sum);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether this writer supports all settings of the file. */
    private static boolean isSupported(Configuration hadoop) {
        boolean legacy = hadoop.getBoolean(SQLConf.PARQUET_WRITE_LEGACY_FORMAT().key(), false);
        boolean encrypted = hadoop.get(CRYPTO) != null;
        boolean versionSpecific = VERSION_SPECIFIC.stream().anyMatch(name -> hadoop.get(name) != null);
        if (legacy || encrypted || versionSpecific || ParquetOutputFormat.getBloomFilterEnabled(hadoop)) {
            return false;
        }
        for (Map.Entry<String, String> setting : hadoop) {
            if (setting.getKey().startsWith("parquet.") && setting.getKey().contains(COLUMN_SEPARATOR)) {
                return false;
            }
        }
        return true;
    }
}
