package sluice.job.parquet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.ProjectingInternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** Splits the columns of a file into lists of numbers, which are written directly, and all others, which Spark's writer writes. */
final class FileLayout {
    private final MessageType type;
    private final Map<String, String> metadata;
    private final List<NumberColumn> lists = new ArrayList<>();
    private final ParquetWriteSupport others; // null if there are none
    private final MessageType othersType;
    private final ProjectingInternalRow othersOfRow;

    FileLayout(StructType schema, Configuration hadoop) {
        WriteSupport.WriteContext whole = new ParquetWriteSupport().init(hadoop);
        this.type = whole.getSchema();
        this.metadata = whole.getExtraMetaData();
        List<Object> ordinals = new ArrayList<>();
        StructType otherFields = new StructType();
        for (int ordinal = 0; ordinal < schema.length(); ordinal++) {
            StructField field = schema.apply(ordinal);
            NumberColumn list = NumberColumn.of(ordinal, field, type).orElse(null);
            if (list != null) {
                lists.add(list);
            } else {
                ordinals.add(ordinal);
                otherFields = otherFields.add(field);
            }
        }
        this.othersOfRow = new ProjectingInternalRow(
                otherFields, CollectionConverters.asScala(ordinals).toIndexedSeq());
        this.others = ordinals.isEmpty() ? null : new ParquetWriteSupport();
        this.othersType = others == null
                ? null
                : others.init(withSchema(otherFields, hadoop)).getSchema();
    }

    private static Configuration withSchema(StructType schema, Configuration hadoop) {
        Configuration copy = new Configuration(hadoop);
        ParquetWriteSupport.setSchema(schema, copy);
        return copy;
    }

    /** The file's schema. */
    MessageType type() {
        return type;
    }

    /** The key-value metadata of the footer. */
    Map<String, String> metadata() {
        return metadata;
    }

    List<NumberColumn> lists() {
        return lists;
    }

    /** Directs Spark's writer of the other columns to a new row group. The returned consumer may buffer nulls until it is flushed. */
    Optional<RecordConsumer> begin(ColumnWriteStore columns) {
        if (others == null) {
            return Optional.empty();
        }
        RecordConsumer consumer = new ColumnIOFactory().getColumnIO(othersType).getRecordWriter(columns);
        others.prepareForWrite(consumer);
        return Optional.of(consumer);
    }

    /** Writes the other columns of a row, and ends the record. */
    void writeOthers(InternalRow row, ColumnWriteStore columns) {
        if (others == null) {
            columns.endRecord();
            return;
        }
        othersOfRow.project(row);
        others.write(othersOfRow); // ends the record
    }
}
