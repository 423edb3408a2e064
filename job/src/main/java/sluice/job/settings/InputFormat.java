package sluice.job.settings;

import org.apache.spark.sql.avro.AvroFileFormat;

/** {@code input.format}: how the table to score is stored. */
public enum InputFormat {
    PARQUET("parquet", "Parquet files"),
    ORC("orc", "ORC files"),
    /** One JSON object per line. Spark infers types from values. */
    JSON("json", "lines that are JSON objects"),
    /** With a header. CSV has no lists, so a sequence is a text. */
    CSV("csv", "lines of separated values under a header"),
    /** By its class, which every Spark 4 has: only the short name needs {@code spark-avro}. */
    AVRO(AvroFileFormat.class.getName(), "Avro files"),
    /** Each line is a sequence. */
    TEXT("text", "lines"),
    /** The name of a table in Spark's catalogs. */
    TABLE("table", "rows");

    private final String sparkName;
    private final String content;

    InputFormat(String sparkName, String content) {
        this.sparkName = sparkName;
        this.content = content;
    }

    /** The format for {@code DataFrameReader}. */
    public String sparkName() {
        return sparkName;
    }

    /** The content for messages, for example {@code Parquet files}. */
    public String content() {
        return content;
    }

    /** Whether a sequence is always a text. */
    public boolean isText() {
        return this == CSV || this == TEXT;
    }

    /** Whether each file states its columns, which Sluice compares before rows are read. */
    public boolean statesColumns() {
        return this == PARQUET || this == ORC || this == AVRO;
    }

    /** Whether each line is parsed by itself, and Spark returns lines that it can't parse in a column for corrupt records. */
    public boolean hasLooseLines() {
        return this == CSV || this == JSON;
    }
}
