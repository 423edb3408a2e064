package sluice.job.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.LstmState;

/** Writes the states that one task's rows end in, as Parquet that is no different from Spark's own. */
public final class StateWriter {
    private static final Logger LOG = LoggerFactory.getLogger(StateWriter.class);

    /** Where Spark looks for the columns' metadata. */
    private static final String SPARK_SCHEMA = "org.apache.spark.sql.parquet.row.metadata";

    /** What is kept in memory until it is written. */
    private static final long GROUP_BYTES = 16 << 20;

    private final Path path;
    private final StateFiles files;
    private final MessageType type;
    private ParquetWriter<Group> writer; // null until there is something to write, and when it is done

    StateWriter(Path path, StateFiles files) {
        this.path = path;
        this.files = files;
        Types.MessageTypeBuilder message = Types.buildMessage();
        for (StructField field : files.schema().fields()) {
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
            default -> throw new IllegalArgumentException(field + " is no column of a table of states");
        };
    }

    private static Type wholeNumber(int bits, StructField field) {
        return Types.optional(PrimitiveTypeName.INT32)
                .as(LogicalTypeAnnotation.intType(bits, true))
                .named(field.name());
    }

    /**
     * @param row of the input, which has a key
     * @param continues whether it has gone on from a state
     * @param state that it has ended in
     */
    public void add(Row row, boolean continues, LstmState state) {
        SimpleGroup group = new SimpleGroup(type);
        int[] places = files.key().places();
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
        group.add(places.length + 2, files.seen());
        try {
            if (writer == null) {
                writer = open();
            }
            writer.write(group);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        files.count(continues);
    }

    private ParquetWriter<Group> open() throws IOException {
        return ExampleParquetWriter.builder(HadoopOutputFile.fromPath(path, files.hadoop()))
                .withType(type)
                .withConf(files.hadoop())
                .withExtraMetaData(Map.of(SPARK_SCHEMA, files.schema().json()))
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withDictionaryEncoding(StateCodec.HIDDEN, false) // hardly one of them comes twice
                .withDictionaryEncoding(StateCodec.CELL, false)
                .withRowGroupSize(GROUP_BYTES)
                .build();
    }

    /** All rows are in it. */
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
        files.written(path.getName());
    }

    /** The task is over: if it is not finished by now, nobody will ask for it. */
    void giveUp() {
        if (writer == null) {
            return;
        }
        try {
            writer.close();
        } catch (IOException | RuntimeException e) {
            LOG.debug("{}: was not written to its end: {}", path, e.getMessage());
        }
        writer = null;
    }
}
