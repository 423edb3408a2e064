package sluice.cell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/**
 * Random weights and whole random models, each from one seed.
 *
 * <p>{@code -Dsluice.seed=N} puts N in the place of the last of the {@link #seeds}, so that a failure can be repeated
 * and new ground can be searched.
 */
public final class Samples {
    private static final int FIXED_SEEDS = 29;
    private static final long LAST_SEED = 20_000;
    private static final int[] WIDTHS = {1, 2, 3, 5, 7, 8, 15, 16, 17, 24, 33};
    private static final int[] VOCABULARIES = {2, 3, 11, 40, 63, 64, 65, 130};
    private static final float GAIN = 2; // over 1 / sqrt(fan-in): gates that move, without being stuck at 0 and 1

    private final long seed;
    private final SplittableRandom random;

    /** @param seed says it all */
    public Samples(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    /** The seeds of every random test. */
    public static List<Long> seeds() {
        return LongStream.concat(
                        LongStream.rangeClosed(1, FIXED_SEEDS), LongStream.of(Long.getLong("sluice.seed", LAST_SEED)))
                .boxed()
                .toList();
    }

    /** A model of any kind that there is. */
    public Sample any() {
        InputKind input = InputKind.values()[random.nextInt(InputKind.values().length)];
        int vocabulary = pick(VOCABULARIES);
        int width = input == InputKind.ONE_HOT ? vocabulary : pick(WIDTHS);
        Optional<Embedding> embedding =
                input == InputKind.EMBEDDING ? Optional.of(embedding(vocabulary, width)) : Optional.empty();
        List<LstmLayer> layers = layers(1 + random.nextInt(3), width);
        int top = layers.get(layers.size() - 1).outputWidth();
        Optional<OutputLayer> output = random.nextInt(6) == 0 ? Optional.empty() : Optional.of(output(vocabulary, top));
        return new Sample(seed, new LstmModel(embedding, layers, output), input);
    }

    private List<LstmLayer> layers(int depth, int inputWidth) {
        boolean projected = random.nextInt(4) == 0;
        boolean bidirectional = random.nextInt(3) == 0;
        boolean biased = random.nextInt(4) != 0;
        boolean started = random.nextInt(4) == 0;
        List<LstmLayer> layers = new ArrayList<>();
        int width = inputWidth;
        for (int at = 0; at < depth; at++) {
            int hidden = pick(WIDTHS);
            int shown = projected ? 1 + random.nextInt(hidden) : hidden;
            LstmDirection forward = direction(width, hidden, shown, biased, started);
            LstmLayer layer = bidirectional
                    ? LstmLayer.bidirectional(
                            forward,
                            direction(width, hidden, shown, biased, started).backward())
                    : LstmLayer.of(forward);
            layers.add(layer);
            width = layer.outputWidth();
        }
        return layers;
    }

    private LstmDirection direction(int input, int hidden, int shown, boolean biased, boolean started) {
        float[] bias = biased ? floats(Gate.COUNT * hidden, 1) : new float[Gate.COUNT * hidden];
        LstmDirection direction = shown == hidden
                ? LstmDirection.plain(weights(hidden, input), weights(hidden, hidden), bias)
                : LstmDirection.projected(
                        weights(hidden, input),
                        weights(hidden, shown),
                        bias,
                        matrix(shown, hidden, GAIN / (float) Math.sqrt(hidden)));
        return started ? direction.startingFrom(floats(shown, 1), floats(hidden, 2)) : direction;
    }

    /** A plain cell, with a bias. */
    public LstmDirection direction(int input, int hidden) {
        return direction(input, hidden, hidden, true, false);
    }

    /** A cell with a projection, and a bias. */
    public LstmDirection projected(int input, int hidden, int shown) {
        return LstmDirection.projected(
                weights(hidden, input),
                weights(hidden, shown),
                floats(Gate.COUNT * hidden, 1),
                matrix(shown, hidden, 1));
    }

    /** A language model over one plain layer: an embedding, a cell, as many classes as tokens. */
    public Sample languageModel(int vocabulary, int width, int hidden) {
        LstmModel model = new LstmModel(
                Optional.of(embedding(vocabulary, width)),
                List.of(LstmLayer.of(direction(width, hidden))),
                Optional.of(output(vocabulary, hidden)));
        return new Sample(seed, model, InputKind.EMBEDDING);
    }

    private Matrix weights(int hidden, int columns) {
        return matrix(Gate.COUNT * hidden, columns, GAIN / (float) Math.sqrt(columns));
    }

    public Embedding embedding(int tokens, int width) {
        return new Embedding(matrix(tokens, width, 2));
    }

    public OutputLayer output(int classes, int width) {
        return new OutputLayer(matrix(classes, width, 3 / (float) Math.sqrt(width)), floats(classes, 1));
    }

    public Matrix matrix(int rows, int columns, float magnitude) {
        return Matrix.of(rows, columns, floats(rows * columns, magnitude));
    }

    /** Uniform in {@code [-magnitude, magnitude)}. */
    public float[] floats(int count, float magnitude) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = (float) random.nextDouble(-magnitude, magnitude);
        }
        return values;
    }

    /** Whole numbers from -8 to 8, as floats: their sums of products are exact in any order. */
    public float[] integers(int count) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = random.nextInt(-8, 9);
        }
        return values;
    }

    public int[] tokens(int count, int vocabulary) {
        return random.ints(count, 0, vocabulary).toArray();
    }

    /** {@code 0 .. count - 1}, in any order. */
    public int[] permutation(int count) {
        int[] order = new int[count];
        for (int at = 0; at < count; at++) {
            int other = random.nextInt(at + 1);
            order[at] = order[other];
            order[other] = at;
        }
        return order;
    }

    private int pick(int[] choices) {
        return choices[random.nextInt(choices.length)];
    }
}
