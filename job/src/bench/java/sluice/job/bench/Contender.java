package sluice.job.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;
import sluice.job.Main;

/** Who scores the table. */
enum Contender {
    /** The job, by its command line, with its defaults. */
    SLUICE("(a) Sluice") {
        @Override
        Scored score(SparkSession spark, Job job) {
            Path report = job.output().resolveSibling("report.json");
            run(job, report);
            return Scored.read(report);
        }
    },

    /** As a careful user writes it. */
    ONNX_BY_LENGTH("(b) ONNX Runtime, 64 by length", new OnnxWay(64, true, false, true)),

    /** The same by a user who has seen that many sequences come again: each is scored once in a partition. */
    ONNX_DISTINCT("(b') the same, duplicates once", new OnnxWay(64, true, true, true)),

    /**
     * As SynapseML's {@code ONNXModel} does it by default: {@code FixedMiniBatchTransformer} of 10 rows as they come, a session for
     * each partition, {@code ALL_OPT}. It pads nothing, so what is padded is ours; it leaves the number of threads open, which
     * gives every session all cores: here each has one, as for (b).
     */
    ONNX_AS_THEY_COME("(c) ONNX Runtime, 10 as they come", new OnnxWay(10, false, false, false)),

    /** The same job without a model: what Spark takes for itself. */
    NO_MODEL("(d) no model, empty answers") {
        @Override
        MapPartitionsFunction<Row, Row> partition(Job job, int sequenceColumn) {
            return new UnscoredRows(sequenceColumn, job.asked(), classes(job.folder()));
        }
    };

    private final String title;
    private final OnnxWay way; // or null

    Contender(String title, OnnxWay way) {
        this.title = title;
        this.way = way;
    }

    Contender(String title) {
        this(title, null);
    }

    /** Reads, scores and writes the table, and stops the session. */
    Scored score(SparkSession spark, Job job) {
        Dataset<Row> table =
                spark.read().parquet(Preparation.input(job.folder()).toString());
        MapPartitionsFunction<Row, Row> partition =
                partition(job, table.schema().fieldIndex(BenchTable.TOKENS));
        table.mapPartitions(partition, Encoders.row(BenchTable.with(job.asked().fields())))
                .write()
                .option("compression", "zstd") // as Sluice does
                .parquet(job.output().toString());
        OnnxSessions.closeShared();
        spark.stop();
        return new Scored(StageClock.taken(), 0);
    }

    /** What a task does with its rows. */
    MapPartitionsFunction<Row, Row> partition(Job job, int sequenceColumn) {
        return new OnnxPartition(
                Preparation.onnxModel(job.folder()).toString(),
                classes(job.folder()),
                sequenceColumn,
                job.asked(),
                way);
    }

    /** Whether its answers have to be Sluice's. */
    boolean isCompared() {
        return this != SLUICE && this != NO_MODEL;
    }

    /** The job: it ends this process where it fails. */
    private static void run(Job job, Path report, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "--model", Preparation.model(job.folder()).toString(),
                "--input", Preparation.input(job.folder()).toString(),
                "--output", job.output().toString(),
                "--report", report.toString()));
        command.addAll(job.asked().options());
        command.addAll(job.options());
        command.addAll(List.of(options));
        Main.main(command.toArray(String[]::new));
    }

    /** What Sluice says of a job, without doing it. */
    static Forecast forecast(Job job) {
        Path report = job.output().resolveSibling("forecast.json");
        run(job, report, "--dry-run", "--mode", "overwrite");
        return Forecast.read(report);
    }

    private static int classes(Path folder) {
        try {
            LstmModel model = ModelReader.read(Preparation.model(folder), TensorNames.automatic())
                    .model();
            return model.output().orElseThrow().classes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String title() {
        return title;
    }

    /** What it has written last for a workload. */
    Path output(Path folder, int cores) {
        return folder.resolve("%s-%d".formatted(name().toLowerCase(Locale.ROOT), cores))
                .resolve("scored");
    }
}
