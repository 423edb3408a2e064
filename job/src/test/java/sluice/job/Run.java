package sluice.job;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A run of the job, as a test sets it up: settings by key over the defaults. */
final class Run {
    private final SparkSession spark = LocalSpark.session();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final StringWriter said = new StringWriter();

    static Run of(TorchCase torch, Path output) {
        return new Run().with("model.path", torch.modelPath()).with("output.path", output.toString());
    }

    Run with(String key, Object value) {
        settings.put(key, value.toString());
        return this;
    }

    /** Writes a table of these rows in Parquet, in so many files, and takes it as the input. */
    Run withInput(Dataset<Row> rows, int files, Path folder) {
        rows.coalesce(1).repartition(files).write().mode("overwrite").parquet(folder.toString());
        return with("input.path", folder);
    }

    /** Scores; there is something to do. */
    RunReport score() {
        return scoreOnce().orElseThrow();
    }

    /** Scores, unless that is done already. */
    Optional<RunReport> scoreOnce() {
        PrintWriter writer = new PrintWriter(said, true);
        try {
            return new ScoringJob(spark, Settings.read(null, settings), new Console(writer, writer)).run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Scores the files that have come since the last time, if there are any. */
    Optional<RunReport> scoreNew() {
        PrintWriter writer = new PrintWriter(said, true);
        try {
            return new IncrementalJob(spark, Settings.read(null, settings), new Console(writer, writer)).run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Scores and reads the output back. */
    Dataset<Row> table() {
        score();
        return spark.read()
                .format(settings.getOrDefault("output.format", "parquet"))
                .load(settings.get("output.path"));
    }

    List<Row> rows() {
        return table().collectAsList();
    }

    String said() {
        return said.toString();
    }
}
