package sluice.job.settings;

/** How the table to score is stored. */
public enum InputFormat {
    PARQUET("parquet", "Parquet files"),
    ORC("orc", "ORC files"),
    /** One object a line. Types are guessed from values. */
    JSON("json", "lines that are JSON objects"),
    /** With a header; lists have no place in it, so that a sequence is a text. */
    CSV("csv", "lines of separated values under a header"),
    /** Read by a part of Spark that is not in it: {@code spark-avro}. */
    AVRO("avro", "Avro files"),
    /** Each line is a sequence. */
    TEXT("text", "lines"),
    /** A table of Spark's catalogs by its name, whatever stores it. */
    TABLE("table", "rows");

    private final String sparkName;
    private final String content;

    InputFormat(String sparkName, String content) {
        this.sparkName = sparkName;
        this.content = content;
    }

    public String sparkName() {
        return sparkName;
    }

    /** {@code Parquet files} and such, as messages say it. */
    public String content() {
        return content;
    }

    /** Whether a column can only hold texts, and a sequence so is one. */
    public boolean isText() {
        return this == CSV || this == TEXT;
    }

    /** Whether a line may hold something else than the lines before it: Spark then tells which it could not read. */
    public boolean hasLooseLines() {
        return this == CSV || this == JSON;
    }
}
