package sluice.cell.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/** Builds small random models. */
public final class Models {
    private Models() {}

    /** A model with an embedding, one layer, and an output layer with a bias. */
    public static LstmModel random(Random random, int tokens, int inputWidth, int hiddenWidth, int classes) {
        return new LstmModel(
                Optional.of(new Embedding(matrix(random, tokens, inputWidth))),
                List.of(LstmLayer.of(direction(random, inputWidth, hiddenWidth))),
                Optional.of(new OutputLayer(matrix(random, classes, hiddenWidth), vector(random, classes))));
    }

    /** A model with an embedding, layers of one or two directions, and an output layer. */
    public static LstmModel stack(Random random, int layers, boolean bidirectional) {
        int inputWidth = 1 + random.nextInt(6);
        int hiddenWidth = 1 + random.nextInt(6);
        List<LstmLayer> stack = new ArrayList<>();
        int below = inputWidth;
        for (int depth = 0; depth < layers; depth++) {
            LstmDirection forward = direction(random, below, hiddenWidth);
            stack.add(
                    bidirectional
                            ? LstmLayer.bidirectional(
                                    forward,
                                    direction(random, below, hiddenWidth).backward())
                            : LstmLayer.of(forward));
            below = stack.get(depth).outputWidth();
        }
        return new LstmModel(
                Optional.of(new Embedding(matrix(random, 2 + random.nextInt(9), inputWidth))),
                stack,
                Optional.of(new OutputLayer(matrix(random, 5, below), vector(random, 5))));
    }

    public static LstmDirection direction(Random random, int inputWidth, int hiddenWidth) {
        return LstmDirection.plain(
                matrix(random, 4 * hiddenWidth, inputWidth),
                matrix(random, 4 * hiddenWidth, hiddenWidth),
                vector(random, 4 * hiddenWidth));
    }

    public static LstmDirection projected(Random random, int inputWidth, int hiddenWidth, int outputWidth) {
        return LstmDirection.projected(
                matrix(random, 4 * hiddenWidth, inputWidth),
                matrix(random, 4 * hiddenWidth, outputWidth),
                vector(random, 4 * hiddenWidth),
                matrix(random, outputWidth, hiddenWidth));
    }

    public static Matrix matrix(Random random, int rows, int columns) {
        return Matrix.of(rows, columns, vector(random, rows * columns));
    }

    public static float[] vector(Random random, int length) {
        float[] values = new float[length];
        for (int at = 0; at < length; at++) {
            values[at] = random.nextFloat() - 0.5f;
        }
        return values;
    }
}
