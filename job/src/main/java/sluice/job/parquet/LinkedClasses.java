package sluice.job.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the classes of Parquet and Spark on the class path have all that {@link NumberListFile} calls. A cluster may have other versions
 * than those of the build. Java links a method when it is first called, which may be after rows have been written, so a small file is
 * written to memory first.
 */
final class LinkedClasses {
    private static final Logger LOG = LoggerFactory.getLogger(LinkedClasses.class);
    private static final StructType SCHEMA = new StructType()
            .add("numbers", DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)))
            .add("label", DataTypes.StringType);

    private static Boolean complete; // null until tried

    private LinkedClasses() {}

    /** Tries once in each virtual machine, and logs one line if something is missing. */
    static synchronized boolean complete(TaskAttemptContext task) {
        if (complete == null) {
            complete = tryToWrite(task);
        }
        return complete;
    }

    private static boolean tryToWrite(TaskAttemptContext task) {
        try {
            write(task);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory has no file system that could fail
        } catch (LinkageError e) {
            LOG.warn(
                    "the Parquet classes of this Spark are of another version than those of the build ({}: {}), so Spark's own writer is used; it writes the same rows",
                    e.getClass().getSimpleName(),
                    e.getMessage());
            return false;
        }
    }

    private static void write(TaskAttemptContext task) throws IOException {
        Configuration hadoop = new Configuration(task.getConfiguration());
        ParquetWriteSupport.setSchema(SCHEMA, hadoop);
        hadoop.set(ParquetOutputFormat.COMPRESSION, CompressionCodecName.UNCOMPRESSED.name()); // loads no native code
        hadoop.setInt(ParquetOutputFormat.MIN_ROW_COUNT_FOR_PAGE_SIZE_CHECK, 1);
        TaskAttemptContext small = new TaskAttemptContextImpl(hadoop, task.getTaskAttemptID());
        NumberListFile file = NumberListFile.create(new MemoryFile(), "memory", SCHEMA, small, Optional.empty());
        file.write(row(array(array(1f, 2f), array(), null), UTF8String.fromString("label")));
        file.write(row(array(), null));
        file.write(row(null, null));
        file.close();
    }

    private static InternalRow row(Object... values) {
        return new GenericInternalRow(values);
    }

    private static ArrayData array(Object... values) {
        return new GenericArrayData(values);
    }
}
