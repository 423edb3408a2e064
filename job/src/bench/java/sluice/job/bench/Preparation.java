package sluice.job.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.spark.sql.SparkSession;
import sluice.cell.bench.OnnxModel;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.statedict.StateDictWriter;

/** Writes the input of all contenders: the same weights in two formats, and the table. */
final class Preparation {
    private Preparation() {}

    /** Size of the table. */
    record Prepared(long rows, long tokens, long bytes) {}

    static Path model(Path folder) {
        return folder.resolve("model.safetensors");
    }

    static Path onnxModel(Path folder) {
        return folder.resolve("model.onnx");
    }

    static Path input(Path folder) {
        return folder.resolve("input");
    }

    /** Writes model and table into a workload's directory. */
    static Prepared prepare(
            SparkSession spark, JobWorkload workload, Optional<Cases> cases, double scale, int files, Path folder)
            throws IOException {
        Files.createDirectories(folder);
        LstmModel model = workload.model(cases);
        writeModel(model, folder);
        Files.write(onnxModel(folder), OnnxModel.of(model, workload.requested().question(), true));
        long rows = Math.max(files, Math.round(workload.rows() * scale));
        return writeTable(spark, workload.source(cases), rows, files, folder);
    }

    static void writeModel(LstmModel model, Path folder) throws IOException {
        try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(model(folder)))) {
            StateDictWriter.write(model, Map.of(), file);
        }
    }

    static Prepared writeTable(SparkSession spark, SequenceSource source, long rows, int files, Path folder)
            throws IOException {
        BenchTable.write(spark, source, rows, files, input(folder));
        long tokens =
                LongStream.range(0, rows).map(row -> source.of(row).length).sum();
        return new Prepared(rows, tokens, Folder.bytes(input(folder)));
    }
}
