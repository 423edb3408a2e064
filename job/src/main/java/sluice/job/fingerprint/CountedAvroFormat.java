package sluice.job.fingerprint;

import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.avro.AvroFileFormat;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/** Spark's Avro format for {@code DataFrameWriter.format}; computes the fingerprint of what it writes. */
public final class CountedAvroFormat extends AvroFileFormat {
    private static final long serialVersionUID = 1L;

    @Override
    public OutputWriterFactory prepareWrite(
            SparkSession spark, Job job, Map<String, String> options, StructType schema) {
        return CountedWriterFactory.of(super.prepareWrite(spark, job, options, schema), options);
    }
}
