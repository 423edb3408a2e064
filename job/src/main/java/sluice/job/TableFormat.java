package sluice.job;

import java.util.Map;

/** How a table is stored. */
enum TableFormat {
    PARQUET("parquet", Map.of("compression", "zstd")),
    JSON("json", Map.of());

    private final String sparkName;
    private final Map<String, String> writeOptions;

    TableFormat(String sparkName, Map<String, String> writeOptions) {
        this.sparkName = sparkName;
        this.writeOptions = writeOptions;
    }

    String sparkName() {
        return sparkName;
    }

    Map<String, String> writeOptions() {
        return writeOptions;
    }
}
