package sluice.job.settings;

import java.util.Map;
import org.apache.spark.sql.avro.AvroFileFormat;
import sluice.job.fingerprint.CountedAvroFormat;
import sluice.job.fingerprint.CountedJsonFormat;
import sluice.job.fingerprint.CountedOrcFormat;
import sluice.job.parquet.NumberListFormat;

/** {@code output.format}: how the scored table is stored. */
public enum OutputFormat {
    PARQUET("parquet", NumberListFormat.class.getName(), "zstd"),
    ORC("orc", CountedOrcFormat.class.getName(), "zstd"),
    /** One JSON object per line. */
    JSON("json", CountedJsonFormat.class.getName(), "none") {
        /** Spark would cut times to milliseconds. */
        @Override
        public Map<String, String> options() {
            return Map.of(
                    "timestampFormat",
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
                    "timestampNTZFormat",
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS");
        }
    },
    /** By its class, which every Spark 4 has: only the short name needs {@code spark-avro}. */
    AVRO(AvroFileFormat.class.getName(), CountedAvroFormat.class.getName(), "zstandard"),
    /** The name of a table in Spark's catalogs. Files beside it, for example the quarantine, are Parquet. */
    TABLE("parquet", NumberListFormat.class.getName(), "zstd");

    private final String sparkName;
    private final String writer;
    private final String compression;

    OutputFormat(String sparkName, String writer, String compression) {
        this.sparkName = sparkName;
        this.writer = writer;
        this.compression = compression;
    }

    /** The format for {@code DataFrameReader}. */
    public String sparkName() {
        return sparkName;
    }

    /** The format for {@code DataFrameWriter}. */
    public String writer() {
        return writer;
    }

    /** Other options of the writer that differ from Spark's defaults. */
    public Map<String, String> options() {
        return Map.of();
    }

    /** The writer's option {@code compression}. */
    public String compression() {
        return compression;
    }
}
