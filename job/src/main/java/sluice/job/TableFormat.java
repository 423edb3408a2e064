package sluice.job;

/** How a table is stored. */
enum TableFormat {
    PARQUET("parquet", "zstd"),
    JSON("json", "none");

    private final String sparkName;
    private final String compression;

    TableFormat(String sparkName, String compression) {
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
