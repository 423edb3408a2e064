package sluice.cell.bench;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.Softmax;

/** The logits of the output layer alone, a block of columns at a time, for the engine's number of rows per group. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OutputBenchmark {
    private static final int ROWS = 48;
    private static final int WIDTH = 200;
    private static final int CLASSES = 10_000;

    @Param({"vector", "scalar"})
    public String kernel;

    private Kernel chosen;
    private LinearPanels output;
    private float[] hidden; // (ROWS, WIDTH)
    private int[] places;
    private float[] logits; // (ROWS, BLOCK)
    private int[] blocks;

    static double operations() {
        return 2.0 * WIDTH * CLASSES * ROWS;
    }

    @Setup
    public void prepare() {
        RandomWeights random = new RandomWeights(WIDTH);
        chosen = KernelNames.kernel(kernel);
        output = LinearPanels.of(random.matrix(CLASSES, WIDTH, 1), random.floats(CLASSES, 1));
        hidden = random.floats(ROWS * WIDTH, 1);
        places = Arrays.stream(random.permutation(ROWS)).map(row -> row * WIDTH).toArray();
        logits = new float[ROWS * Softmax.BLOCK];
        blocks = new int[ROWS];
        Arrays.setAll(blocks, row -> row * Softmax.BLOCK);
    }

    @Benchmark
    public float[] multiply() {
        for (int first = 0; first < CLASSES; first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, CLASSES - first);
            chosen.multiply(output, first, count, hidden, places, ROWS, logits, blocks);
        }
        return logits;
    }
}
