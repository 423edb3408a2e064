package sluice.job.parquet;

import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/**
 * Spark's Parquet for {@code DataFrameWriter.format}, with another writer of files: same schema, same metadata, same settings, same
 * committers.
 */
public final class NumberListFormat extends ParquetFileFormat {
    private static final long serialVersionUID = 1L;

    @Override
    public OutputWriterFactory prepareWrite(
            SparkSession spark, Job job, Map<String, String> options, StructType schema) {
        return new NumberListWriterFactory(super.prepareWrite(spark, job, options, schema));
    }
}
