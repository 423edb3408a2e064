package sluice.job.fingerprint;

import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/** Opens Spark's own files, and computes their fingerprints beside them. Sent to the executors. */
public final class CountedWriterFactory extends OutputWriterFactory {
    private static final long serialVersionUID = 1L;

    private final OutputWriterFactory spark;
    private final FileSums sums;

    private CountedWriterFactory(OutputWriterFactory spark, FileSums sums) {
        this.spark = spark;
        this.sums = sums;
    }

    /** Spark's factory itself if the options of the write ask for no fingerprint. */
    static OutputWriterFactory of(OutputWriterFactory spark, Map<String, String> options) {
        return FileSums.of(options)
                .<OutputWriterFactory>map(sums -> new CountedWriterFactory(spark, sums))
                .orElse(spark);
    }

    @Override
    public String getFileExtension(TaskAttemptContext context) {
        return spark.getFileExtension(context);
    }

    @Override
    public OutputWriter newInstance(String path, StructType schema, TaskAttemptContext context) {
        return counted(spark.newInstance(path, schema, context), sums.file(path, schema));
    }

    /** A file whose rows are added to a sum. */
    public static OutputWriter counted(OutputWriter file, FileSum sum) {
        return new CountedFile(file, sum);
    }

    private static final class CountedFile extends OutputWriter {
        private final OutputWriter file;
        private final FileSum sum;

        CountedFile(OutputWriter file, FileSum sum) {
            this.file = file;
            this.sum = sum;
        }

        @Override
        public String path() {
            return file.path();
        }

        @Override
        public void write(InternalRow row) {
            file.write(row);
            sum.add(row);
        }

        @Override
        public void close() {
            file.close();
            sum.close();
        }
    }
}
