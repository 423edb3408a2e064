package sluice.job;

/** How the scored table is stored. */
enum OutputFormat {
    PARQUET("parquet", "zstd"),
    ORC("orc", "zstd"),
    /** One object a line. */
    JSON("json", "none"),
    /** A table of Spark's catalogs by its name; what is written beside it is Parquet. */
    TABLE("parquet", "zstd");

    private final String sparkName;
    private final String compression;

    OutputFormat(String sparkName, String compression) {
        this.sparkName = sparkName;
        this.compression = compression;
    }

    String sparkName() {
        return sparkName;
    }

    /** What Spark's writer of this format calls the compression that is used. */
    String compression() {
        return compression;
    }
}
