package sluice.cell.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.StepRows;

/**
 * The fused step alone, with as many inputs as hidden units. Rows are read and written in random order, as in the walk of a prefix
 * tree.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StepBenchmark {
    @Param({"vector", "scalar"})
    public String kernel;

    @Param({"64", "256", "512", "650"})
    public int width;

    @Param({"64", "256"})
    public int rows;

    private Kernel chosen;
    private GatePanels gates;
    private StepRows places;
    private float[] input; // (rows, I)
    private float[] hidden; // (2 rows, H): the first half is read, the second half is written
    private float[] cell; // (2 rows, H), as hidden

    /** Number of operations in one step of all rows: those of the matrix products. */
    static double operations(int width, int rows) {
        return 8.0 * width * (width + width) * rows;
    }

    @Setup
    public void prepare() {
        RandomWeights random = new RandomWeights(width);
        chosen = KernelNames.kernel(kernel);
        gates = GatePanels.of(random.direction(width, width));
        input = random.floats(rows * width, 1);
        hidden = random.floats(2 * rows * width, 1);
        cell = random.floats(2 * rows * width, 1);
        places = new StepRows(rows);
        int[] inputs = random.permutation(rows);
        int[] previous = random.permutation(rows);
        int[] next = random.permutation(rows);
        for (int row = 0; row < rows; row++) {
            places.add(0, inputs[row], previous[row], rows + next[row]);
        }
    }

    @Benchmark
    public float[] step() {
        chosen.step(gates, places, input, hidden, cell, hidden);
        return hidden;
    }
}
