package sluice.job.settings;

import sluice.job.fingerprint.CountedJsonFormat;
import sluice.job.fingerprint.CountedOrcFormat;
import sluice.job.parquet.NumberListFormat;

/** {@code output.format}: how the scored table is stored. */
public enum OutputFormat {
    PARQUET("parquet", NumberListFormat.class.getName(), "zstd"),
    ORC("orc", CountedOrcFormat.class.getName(), "zstd"),
    /** One JSON object per line. */
    JSON("json", CountedJsonFormat.class.getName(), "none"),
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

    /** The writer's option {@code compression}. */
    public String compression() {
        return compression;
    }
}
