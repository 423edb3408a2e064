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

/** The programs that are compared. */
enum Contender {
    /** The job, started by its command line, with default settings. */
    SLUICE("(a) Sluice") {
        @Override
        Scored score(SparkSession spark, Job job) {
            Path report = job.output().resolveSibling("report.json");
            run(job, report);
            return Scored.read(report);
        }
    },

    /** ONNX Runtime in mapPartitions as a careful user writes it. */
    ONNX_BY_LENGTH("(b) ONNX Runtime, 64 by length", new OnnxWay(64, true, false, true)),

    /** The same, but each distinct sequence of a partition is scored once. */
    ONNX_DISTINCT("(b') the same, duplicates once", new OnnxWay(64, true, true, true)),

    /**
     * The defaults of SynapseML's {@code ONNXModel}: {@code FixedMiniBatchTransformer} of 10 rows in input order, a session for each
     * partition, {@code ALL_OPT}. SynapseML does not pad, so the padding is added here. It does not set the number of threads, so that
     * each session uses all cores; here each has one, as in (b).
     */
    ONNX_AS_THEY_COME("(c) ONNX Runtime, 10 as they come", new OnnxWay(10, false, false, false)),

    /** The same job without a model: the cost of Spark itself. */
    NO_MODEL("(d) no model, empty answers") {
        @Override
        MapPartitionsFunction<Row, Row> partition(Job job, int sequenceColumn) {
            return new UnscoredRows(sequenceColumn, job.requested(), classes(job.folder()));
        }
    };

    private final String title;
    private final OnnxWay way; // null for contenders without ONNX Runtime

    Contender(String title, OnnxWay way) {
        this.title = title;
        this.way = way;
    }

    Contender(String title) {
        this(title, null);
    }

    /** Reads, scores and writes the table, then stops the session. */
    Scored score(SparkSession spark, Job job) {
        Dataset<Row> table =
                spark.read().parquet(Preparation.input(job.folder()).toString());
        MapPartitionsFunction<Row, Row> partition =
                partition(job, table.schema().fieldIndex(BenchTable.TOKENS));
        table.mapPartitions(
                        partition, Encoders.row(BenchTable.with(job.requested().fields())))
                .write()
                .option("compression", "zstd") // the codec that Sluice uses
                .parquet(job.output().toString());
        OnnxSessions.closeShared();
        spark.stop();
        return new Scored(StageClock.taken(), 0);
    }

    /** The function that a task applies to its rows. */
    MapPartitionsFunction<Row, Row> partition(Job job, int sequenceColumn) {
        return new OnnxPartition(
                Preparation.onnxModel(job.folder()).toString(),
                classes(job.folder()),
                sequenceColumn,
                job.requested(),
                way);
    }

    /** Whether its output must equal Sluice's. */
    boolean isCompared() {
        return this != SLUICE && this != NO_MODEL;
    }

    /** Runs the job; a failure ends this process. */
    private static void run(Job job, Path report, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "--model", Preparation.model(job.folder()).toString(),
                "--input", Preparation.input(job.folder()).toString(),
                "--output", job.output().toString(),
                "--report", report.toString()));
        command.addAll(job.requested().options());
        command.addAll(job.options());
        command.addAll(List.of(options));
        Main.main(command.toArray(String[]::new));
    }

    /** The estimate of Sluice's dry run. */
    static DryRunEstimate estimate(Job job) {
        Path report = job.output().resolveSibling("estimate.json");
        run(job, report, "--dry-run", "--mode", "overwrite");
        return DryRunEstimate.read(report);
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

    /** Directory of its last output for a workload. */
    Path output(Path folder, int cores) {
        return folder.resolve("%s-%d".formatted(name().toLowerCase(Locale.ROOT), cores))
                .resolve("scored");
    }
}
