package sluice.job.settings;

import sluice.job.parquet.NumberListFormat;

/** How the scored table is stored. */
public enum OutputFormat {
    PARQUET("parquet", NumberListFormat.class.getName(), "zstd"),
    ORC("orc", "orc", "zstd"),
    /** One object a line. */
    JSON("json", "json", "none"),
    /** A table of Spark's catalogs by its name; what is written beside it is Parquet. */
    TABLE("parquet", NumberListFormat.class.getName(), "zstd");

    private final String sparkName;
    private final String writer;
    private final String compression;

    OutputFormat(String sparkName, String writer, String compression) {
        this.sparkName = sparkName;
        this.writer = writer;
        this.compression = compression;
    }

    /** What Spark reads it as. */
    public String sparkName() {
        return sparkName;
    }

    /** What Spark writes it with. */
    public String writer() {
        return writer;
    }

    /** What that calls the compression that is used. */
    public String compression() {
        return compression;
    }
}
