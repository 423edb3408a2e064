package sluice.job.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;

/** Opens a task's files. Sent to the executors. */
final class NumberListWriterFactory extends OutputWriterFactory {
    private static final long serialVersionUID = 1L;

    /** Of columnar encryption. */
    private static final String CRYPTO = "parquet.crypto.factory.class";

    /** Of an encoding, and of how many rows a group has: only the newer Parquets know them. */
    private static final List<String> NEWER =
            List.of("parquet.enable.bytestreamsplit", "parquet.block.row.count.limit");

    /** Between a setting's name and the one column that it is meant for. */
    private static final String OF_COLUMN = "#";

    private final OutputWriterFactory sparks;

    /** @param sparks what Spark would use, and is used where more is asked of a file than plain Parquet */
    NumberListWriterFactory(OutputWriterFactory sparks) {
        this.sparks = sparks;
    }

    @Override
    public String getFileExtension(TaskAttemptContext context) {
        return sparks.getFileExtension(context);
    }

    @Override
    public OutputWriter newInstance(String path, StructType schema, TaskAttemptContext context) {
        if (!isPlain(context.getConfiguration())) {
            return sparks.newInstance(path, schema, context);
        }
        try {
            return NumberListFile.create(path, schema, context);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether nothing is asked for that is Spark's and Parquet's own affair. */
    private static boolean isPlain(Configuration hadoop) {
        boolean legacy = hadoop.getBoolean(SQLConf.PARQUET_WRITE_LEGACY_FORMAT().key(), false);
        boolean encrypted = hadoop.get(CRYPTO) != null;
        boolean newer = NEWER.stream().anyMatch(name -> hadoop.get(name) != null);
        if (legacy || encrypted || newer || ParquetOutputFormat.getBloomFilterEnabled(hadoop)) {
            return false;
        }
        for (Map.Entry<String, String> setting : hadoop) {
            if (setting.getKey().startsWith("parquet.") && setting.getKey().contains(OF_COLUMN)) {
                return false;
            }
        }
        return true;
    }
}
