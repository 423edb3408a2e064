package sluice.job.parquet;

import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/**
 * Spark's Parquet format for {@code DataFrameWriter.format} with a faster writer of files. Schema, metadata, settings, committers and bytes
 * are Spark's.
 */
public final class NumberListFormat extends ParquetFileFormat {
    private static final long serialVersionUID = 1L;

    @Override
    public OutputWriterFactory prepareWrite(
            SparkSession spark, Job job, Map<String, String> options, StructType schema) {
        return new NumberListWriterFactory(super.prepareWrite(spark, job, options, schema));
    }
}
