package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import sluice.cell.bench.RandomWeights;

/** The process of a curve: on request it measures one of its points. */
public final class CurveRunner {
    private static final long SEED = 20_006;
    private static final int CORES = 1;

    private final Curve curve;
    private final Path root;
    private final int rounds;

    private CurveRunner(Curve curve, Path root, int rounds) {
        this.curve = curve;
        this.root = root;
        this.rounds = rounds;
    }

    /** Size of the table and the model at a point, and the runs after the warm-up run. */
    record Measured(long rows, long tokens, long modelBytes, List<RunMeasurement> runs) {}

    /** Arguments: the curve, a working directory, the number of measured rounds. */
    public static void main(String[] arguments) {
        CurveRunner runner =
                new CurveRunner(Curve.valueOf(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        LineServer.serve(line -> runner.measure(runner.curve.at(Long.parseLong(line))));
    }

    private Measured measure(Curve.Point point) throws IOException {
        Path folder = Files.createDirectories(root.resolve("%s-%d".formatted(curve, point.x())));
        Preparation.writeModel(new RandomWeights(SEED).model(point.widths()), folder);
        SparkSession spark = LocalSession.start(CORES);
        Preparation.Prepared table = Preparation.writeTable(spark, point.source(), point.rows(), point.files(), folder);
        spark.stop();
        Job job = new Job(point.requested(), folder, Contender.SLUICE.output(folder, CORES), point.options());
        List<RunMeasurement> runs = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            RunMeasurement run = RunMeasurement.of(Contender.SLUICE, CORES, job);
            if (round > 0) {
                runs.add(run);
            }
        }
        long modelBytes = Files.size(Preparation.model(folder));
        Folder.delete(folder);
        return new Measured(table.rows(), table.tokens(), modelBytes, runs);
    }
}
