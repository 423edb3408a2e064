package sluice.job.source;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.FileReader;
import org.apache.avro.file.SeekableInput;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.mapred.FsInput;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetReadSupport;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.settings.InputFormat;
import sluice.job.storage.Storage;

/**
 * The schema that a file states, as the text of its format.
 *
 * @param path of the first file, by name, that states it
 * @param text Parquet's message type, ORC's type description, or Avro's schema
 * @param spark Spark's own schema as JSON, which it writes into its Parquet files; empty if there is none
 */
record FileSchema(String path, String text, String spark) implements Serializable {
    private static final Logger LOG = LoggerFactory.getLogger(FileSchema.class);

    /** More files than these are opened in tasks. */
    private static final int DRIVER_FILES = 16;

    private static final int FILES_OF_TASK = 64;

    /**
     * The different schemas of these files, in the order of the files. Only footers are read. A file that can't be opened is left out:
     * reading its rows reports the error.
     */
    static List<FileSchema> of(List<String> paths, InputFormat format, SparkSession spark, Configuration hadoop) {
        List<String> sorted = paths.stream().sorted().toList();
        if (sorted.size() <= DRIVER_FILES) {
            return List.copyOf(different(sorted.iterator(), format, hadoop));
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> shared = context.broadcast(new SerializableConfiguration(hadoop));
        try {
            List<FileSchema> found = context.parallelize(sorted, 1 + sorted.size() / FILES_OF_TASK)
                    .mapPartitions(part ->
                            different(part, format, shared.value().value()).iterator())
                    .collect();
            Map<List<String>, FileSchema> first = new LinkedHashMap<>();
            found.forEach(schema -> first.putIfAbsent(schema.content(), schema));
            return List.copyOf(first.values());
        } finally {
            shared.destroy();
        }
    }

    private static Collection<FileSchema> different(Iterator<String> paths, InputFormat format, Configuration hadoop) {
        Map<List<String>, FileSchema> found = new LinkedHashMap<>();
        while (paths.hasNext()) {
            String path = paths.next();
            try {
                FileSchema schema = switch (format) {
                    case ORC -> orc(path, hadoop);
                    case AVRO -> avro(path, hadoop);
                    default -> parquet(path, hadoop);
                };
                found.putIfAbsent(schema.content(), schema);
            } catch (IOException | RuntimeException e) {
                LOG.debug("{}: its schema can't be read", path, e);
            }
        }
        return found.values();
    }

    private static FileSchema parquet(String path, Configuration hadoop) throws IOException {
        FileMetaData footer = footer(path, hadoop);
        String spark = footer.getKeyValueMetaData().get(ParquetReadSupport.SPARK_METADATA_KEY());
        return new FileSchema(path, footer.getSchema().toString(), spark == null ? "" : spark);
    }

    private static FileMetaData footer(String path, Configuration hadoop) throws IOException {
        Path file = Storage.path(path, "--input");
        HadoopReadOptions.Builder options = HadoopReadOptions.builder(hadoop, file);
        options.withMetadataFilter(ParquetMetadataConverter.SKIP_ROW_GROUPS);
        try (ParquetFileReader reader =
                ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop), options.build())) {
            return reader.getFileMetaData();
        }
    }

    private static FileSchema orc(String path, Configuration hadoop) throws IOException {
        try (Reader reader = OrcFile.createReader(Storage.path(path, "--input"), OrcFile.readerOptions(hadoop))) {
            return new FileSchema(path, reader.getSchema().toString(), "");
        }
    }

    private static FileSchema avro(String path, Configuration hadoop) throws IOException {
        SeekableInput file = new FsInput(Storage.path(path, "--input"), hadoop);
        try (FileReader<Object> reader = DataFileReader.openReader(file, new GenericDatumReader<>())) {
            return new FileSchema(path, reader.getSchema().toString(), "");
        }
    }

    /** The schema of a Parquet file as Parquet's own type. */
    MessageType parquetType(Configuration hadoop) {
        try {
            return footer(path, hadoop).getSchema();
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be read".formatted(path), e);
        }
    }

    private List<String> content() {
        return new ArrayList<>(Arrays.asList(text, spark));
    }
}
