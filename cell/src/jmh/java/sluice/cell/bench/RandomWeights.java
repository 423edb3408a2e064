package sluice.cell.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/** Weights uniform in {@code ±1/sqrt(H)}, as at the start of training; embeddings in ±1. */
public final class RandomWeights {
    private final SplittableRandom random;

    public RandomWeights(long seed) {
        this.random = new SplittableRandom(seed);
    }

    public LstmModel model(Workload.Widths widths) {
        Embedding embedding = new Embedding(matrix(widths.vocabulary(), widths.embedding(), 1));
        List<LstmLayer> layers = new ArrayList<>();
        int input = widths.embedding();
        for (int depth = 0; depth < widths.layers(); depth++) {
            layers.add(LstmLayer.of(direction(input, widths.hidden())));
            input = widths.hidden();
        }
        float magnitude = magnitude(widths.hidden());
        OutputLayer output = new OutputLayer(
                matrix(widths.vocabulary(), widths.hidden(), magnitude), floats(widths.vocabulary(), magnitude));
        return new LstmModel(Optional.of(embedding), layers, Optional.of(output));
    }

    LstmDirection direction(int input, int hidden) {
        float magnitude = magnitude(hidden);
        return LstmDirection.plain(
                matrix(Gate.COUNT * hidden, input, magnitude),
                matrix(Gate.COUNT * hidden, hidden, magnitude),
                floats(Gate.COUNT * hidden, magnitude));
    }

    private static float magnitude(int hidden) {
        return (float) (1 / Math.sqrt(hidden));
    }

    public Matrix matrix(int rows, int columns, float magnitude) {
        return Matrix.of(rows, columns, floats(rows * columns, magnitude));
    }

    public float[] floats(int count, float magnitude) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = (float) random.nextDouble(-magnitude, magnitude);
        }
        return values;
    }

    /** {@code 0 .. count - 1} in random order. */
    int[] permutation(int count) {
        int[] order = new int[count];
        for (int at = 0; at < count; at++) {
            int other = random.nextInt(at + 1);
            order[at] = order[other];
            order[other] = at;
        }
        return order;
    }
}
