package sluice.job.parquet;

import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;
import sluice.job.fingerprint.FileSums;

/**
 * Spark's Parquet format for {@code DataFrameWriter.format} with a faster writer of files. Schema, metadata, settings, committers and bytes
 * are Spark's. If the options of a write ask for it, the footers also state the fingerprints of the files.
 */
public final class NumberListFormat extends ParquetFileFormat {
    private static final long serialVersionUID = 1L;

    @Override
    public OutputWriterFactory prepareWrite(
            SparkSession spark, Job job, Map<String, String> options, StructType schema) {
        return new NumberListWriterFactory(super.prepareWrite(spark, job, options, schema), FileSums.of(options));
    }
}
