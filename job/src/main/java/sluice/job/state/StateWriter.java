package sluice.job.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.LstmState;

/** Writes the final states of one task's rows to a Parquet file that equals one written by Spark. */
public final class StateWriter {
    private static final Logger LOG = LoggerFactory.getLogger(StateWriter.class);

    /** Key of the Parquet footer under which Spark stores its schema, with the columns' metadata. */
    private static final String SPARK_SCHEMA = "org.apache.spark.sql.parquet.row.metadata";

    /** Size of a Parquet row group, which is buffered in memory. */
    private static final long GROUP_BYTES = 16 << 20;

    private final Path path;
    private final StateKey key;
    private final StructType schema;
    private final long seen;
    private final Configuration hadoop;
    private final StateCounters counters;
    private final MessageType type;
    private ParquetWriter<Group> writer; // null before the first state and after finish or close

    /**
     * @param path of the file, which is created with the first state
     * @param seen when the run started, in microseconds since the epoch
     */
    StateWriter(Path path, StateKey key, StructType schema, long seen, Configuration hadoop, StateCounters counters) {
        this.path = path;
        this.key = key;
        this.schema = schema;
        this.seen = seen;
        this.hadoop = hadoop;
        this.counters = counters;
        Types.MessageTypeBuilder message = Types.buildMessage();
        for (StructField field : schema.fields()) {
            message.addField(type(field));
        }
        this.type = message.named("spark_schema");
    }

    private static Type type(StructField field) {
        return switch (field.dataType().catalogString()) {
            case "string" ->
                Types.optional(PrimitiveTypeName.BINARY)
                        .as(LogicalTypeAnnotation.stringType())
                        .named(field.name());
            case "binary" -> Types.optional(PrimitiveTypeName.BINARY).named(field.name());
            case "tinyint" -> wholeNumber(Byte.SIZE, field);
            case "smallint" -> wholeNumber(Short.SIZE, field);
            case "int" -> Types.optional(PrimitiveTypeName.INT32).named(field.name());
            case "bigint" -> Types.optional(PrimitiveTypeName.INT64).named(field.name());
            case "timestamp" ->
                Types.optional(PrimitiveTypeName.INT64)
                        .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MICROS))
                        .named(field.name());
            default -> throw new IllegalArgumentException("a state version has no columns of the type of " + field);
        };
    }

    private static Type wholeNumber(int bits, StructField field) {
        return Types.optional(PrimitiveTypeName.INT32)
                .as(LogicalTypeAnnotation.intType(bits, true))
                .named(field.name());
    }

    /**
     * Writes one state.
     *
     * @param row of the input; its key columns are not null
     * @param isContinued whether the row started from a carried state
     * @param state the final state of the row's sequence
     */
    public void add(Row row, boolean isContinued, LstmState state) {
        SimpleGroup group = new SimpleGroup(type);
        int[] places = key.places();
        for (int at = 0; at < places.length; at++) {
            Object value = row.get(places[at]);
            if (value instanceof Long number) {
                group.add(at, number);
            } else if (value instanceof Number number) {
                group.add(at, number.intValue());
            } else {
                group.add(at, (String) value);
            }
        }
        group.add(places.length, Binary.fromConstantByteArray(StateCodec.hidden(state)));
        group.add(places.length + 1, Binary.fromConstantByteArray(StateCodec.cell(state)));
        group.add(places.length + 2, seen);
        try {
            if (writer == null) {
                writer = open();
            }
            writer.write(group);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        counters.add(isContinued);
    }

    private ParquetWriter<Group> open() throws IOException {
        return ExampleParquetWriter.builder(HadoopOutputFile.fromPath(path, hadoop))
                .withType(type)
                .withConf(hadoop)
                .withExtraMetaData(Map.of(SPARK_SCHEMA, schema.json()))
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withDictionaryEncoding(StateCodec.HIDDEN, false) // states hardly ever repeat
                .withDictionaryEncoding(StateCodec.CELL, false)
                .withRowGroupSize(GROUP_BYTES)
                .build();
    }

    /** Completes the file after the last state, and counts it. */
    public void finish() {
        if (writer == null) {
            return;
        }
        try {
            writer.close();
            writer = null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        counters.addFile(path.getName());
    }

    /** Closes a file that was not finished because its task failed. The file is not counted. */
    void close() {
        if (writer == null) {
            return;
        }
        try {
            writer.close();
        } catch (IOException | RuntimeException e) {
            LOG.debug("{}: could not be closed after its task failed: {}", path, e.getMessage());
        }
        writer = null;
    }
}
