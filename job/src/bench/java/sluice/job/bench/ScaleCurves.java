package sluice.job.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Measures how the cost of Sluice's job grows: writes a table of all points and a picture of all {@link Curve}s.
 *
 * <p>Each curve has its own JVM with one core. Each point has one warm-up run.
 */
public final class ScaleCurves {
    /** Heap for a model of 500 MB, which is read, kept and packed. */
    private static final String HEAP = "-Xmx4g";

    private ScaleCurves() {}

    /** Arguments: number of measured rounds, output directory of the table and the picture, working directory. */
    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        Path results = Files.createDirectories(Path.of(arguments[1]));
        Path root = Files.createTempDirectory(Path.of(arguments[2]), "curves");
        Path table = results.resolve("curves.csv");
        try (PrintWriter csv = new PrintWriter(Files.newBufferedWriter(table))) {
            csv.println(
                    "curve,x,rows,tokens,model_bytes,seconds,cpu_seconds,task_cpu_seconds,scoring_seconds,computed_steps,"
                            + "peak_heap_bytes,peak_resident_bytes,allocated_bytes,output_bytes");
            CurvePlot plot = new CurvePlot();
            for (Curve curve : Curve.values()) {
                measure(curve, root, arguments[0], csv, plot);
            }
            plot.write(results.resolve("curves.png"));
        } catch (ChildException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } finally {
            Folder.delete(root);
        }
        System.out.println(table);
    }

    private static void measure(Curve curve, Path root, String rounds, PrintWriter csv, CurvePlot plot) {
        List<Double> x = new ArrayList<>();
        List<Double> all = new ArrayList<>();
        List<Double> scoring = new ArrayList<>();
        String name = curve.name().toLowerCase(Locale.ROOT).replace('_', '-');
        try (ChildProcess runner = ChildProcess.start(
                CurveRunner.class, List.of(HEAP), root.resolve(name + ".log"), curve.name(), root.toString(), rounds)) {
            for (Curve.Point point : curve.points()) {
                System.err.printf("%s %,d%n", name, point.x());
                CurveRunner.Measured measured = runner.ask(Long.toString(point.x()), CurveRunner.Measured.class);
                csv.println(line(name, point.x(), measured));
                csv.flush();
                x.add((double) point.x());
                all.add(curve.unit().of(median(measured, RunMeasurement::seconds), measured.tokens()));
                scoring.add(curve.unit()
                        .of(median(measured, run -> run.scored().stages().scoring()), measured.tokens()));
            }
        }
        plot.add(curve, x, all, scoring);
    }

    private static String line(String curve, long x, CurveRunner.Measured measured) {
        return "%s,%d,%d,%d,%d,%.3f,%.3f,%.3f,%.3f,%.0f,%.0f,%.0f,%.0f,%.0f"
                .formatted(
                        curve,
                        x,
                        measured.rows(),
                        measured.tokens(),
                        measured.modelBytes(),
                        median(measured, RunMeasurement::seconds),
                        median(measured, RunMeasurement::cpuSeconds),
                        median(measured, RunMeasurement::taskCpuSeconds),
                        median(measured, run -> run.scored().stages().scoring()),
                        median(measured, run -> run.scored().computedSteps()),
                        median(measured, RunMeasurement::peakHeapBytes),
                        median(measured, RunMeasurement::peakResidentBytes),
                        median(measured, RunMeasurement::allocatedBytes),
                        median(measured, RunMeasurement::outputBytes));
    }

    private static double median(CurveRunner.Measured measured, ToDoubleFunction<RunMeasurement> value) {
        return Median.of(measured.runs().stream().mapToDouble(value).toArray());
    }
}
