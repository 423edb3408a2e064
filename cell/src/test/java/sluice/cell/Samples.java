package sluice.cell;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/**
 * Random weights and random models, each from one seed.
 *
 * <p>{@code -Dsluice.seed=N} replaces the last of the {@link #seeds} by N, to repeat a failure or to try other models.
 */
public final class Samples {
    private static final int FIXED_SEEDS = 29;
    private static final long LAST_SEED = 20_000;
    private static final int[] WIDTHS = {1, 2, 3, 5, 7, 8, 15, 16, 17, 24, 33};
    private static final int[] VOCABULARIES = {2, 3, 11, 40, 63, 64, 65, 130};
    private static final InputKind[] ONE_INPUT = {InputKind.EMBEDDING, InputKind.ONE_HOT, InputKind.FEATURES};
    private static final float GAIN = 2; // times 1 / sqrt(fan-in): gates vary and do not saturate at 0 or 1

    /** Activations with values between 0 and 1. */
    private static final Activation.Kind[] FRACTIONS = {Activation.Kind.SIGMOID, Activation.Kind.HARD_SIGMOID};

    /** Activations with values between -1 and 1, for parameters up to 1. */
    private static final Activation.Kind[] BOUNDED = {
        Activation.Kind.SIGMOID,
        Activation.Kind.HARD_SIGMOID,
        Activation.Kind.TANH,
        Activation.Kind.SCALED_TANH,
        Activation.Kind.SOFTSIGN
    };

    /** The activations of ONNX. An exponential that is fed back soon exceeds every limit. */
    private static final Activation.Kind[] OPEN =
            EnumSet.range(Activation.Kind.SIGMOID, Activation.Kind.SOFTPLUS).toArray(Activation.Kind[]::new);

    private final long seed;
    private final SplittableRandom random;

    /** @param seed determines everything that is generated */
    public Samples(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    /** The seeds of all random tests. */
    public static List<Long> seeds() {
        return LongStream.concat(
                        LongStream.rangeClosed(1, FIXED_SEEDS), LongStream.of(Long.getLong("sluice.seed", LAST_SEED)))
                .boxed()
                .toList();
    }

    /**
     * For each seed a model of plain cells and one of variants; for a bidirectional top layer also one with a readout of final states, and
     * for each third seed one with several inputs.
     */
    public static List<Sample> everyKind() {
        return seeds().stream()
                .flatMap(seed -> {
                    Sample plain = new Samples(seed).any();
                    Sample read = plain.readFrom(Readout.FINAL_STATES);
                    Stream<Sample> both = Stream.of(plain, new Samples(seed).anyVariant());
                    Stream<Sample> parts = seed % 3 == 0 ? Stream.of(new Samples(seed).anyParts()) : Stream.empty();
                    return Stream.concat(
                            read.model().readout() == Readout.FINAL_STATES
                                    ? Stream.concat(both, Stream.of(read))
                                    : both,
                            parts);
                })
                .toList();
    }

    /** A random model of plain cells. */
    public Sample any() {
        return any(false);
    }

    /** A random model of variant cells whose states do not overflow within the length of a test's sequences. */
    public Sample anyVariant() {
        return any(true);
    }

    private Sample any(boolean varied) {
        InputKind input = ONE_INPUT[random.nextInt(ONE_INPUT.length)];
        int vocabulary = pick(VOCABULARIES);
        int width = input == InputKind.ONE_HOT ? vocabulary : pick(WIDTHS);
        Optional<Embedding> embedding =
                input == InputKind.EMBEDDING ? Optional.of(embedding(vocabulary, width)) : Optional.empty();
        List<LstmLayer> layers = layers(1 + random.nextInt(3), width, varied);
        int top = layers.get(layers.size() - 1).outputWidth();
        Optional<OutputLayer> output = random.nextInt(6) == 0 ? Optional.empty() : Optional.of(output(vocabulary, top));
        return new Sample(seed, new LstmModel(embedding, layers, output), input);
    }

    /** A random model with two to five inputs, the tokens of one of which are its classes; variants for every second seed. */
    public Sample anyParts() {
        int count = 2 + random.nextInt(4);
        int target = random.nextInt(count);
        int classes = pick(VOCABULARIES);
        List<InputPart> parts = new ArrayList<>();
        int width = 0;
        for (int at = 0; at < count; at++) {
            int wide = pick(WIDTHS);
            parts.add(
                    at == target || random.nextBoolean()
                            ? InputPart.tokens(
                                    "t" + at, embedding(at == target ? classes : 2 + random.nextInt(3), wide))
                            : InputPart.numbers("n" + at, wide));
            width += wide;
        }
        List<LstmLayer> layers = layers(1 + random.nextInt(2), width, seed % 2 == 0);
        OutputLayer output = output(classes, layers.get(layers.size() - 1).outputWidth());
        LstmModel model = LstmModel.ofParts(parts, layers, Optional.of(output), Readout.LAST_STEP);
        return new Sample(seed, model, InputKind.PARTS);
    }

    private List<LstmLayer> layers(int depth, int inputWidth, boolean varied) {
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
            if (varied) {
                forward = varied(forward);
            }
            LstmLayer layer = bidirectional
                    ? bidirectional(forward, direction(width, hidden, shown, biased, started), varied)
                    : LstmLayer.of(varied && random.nextInt(4) == 0 ? forward.backward() : forward);
            layers.add(layer);
            width = layer.outputWidth();
        }
        return layers;
    }

    private LstmLayer bidirectional(LstmDirection forward, LstmDirection other, boolean varied) {
        if (!varied) {
            return LstmLayer.bidirectional(forward, other.backward());
        }
        LstmLayer.Merge[] merges = LstmLayer.Merge.values();
        return LstmLayer.bidirectional(forward, varied(other).backward(), merges[random.nextInt(merges.length)]);
    }

    /** The same direction with a random variant; one in five stays plain. */
    private LstmDirection varied(LstmDirection direction) {
        if (random.nextInt(5) == 0) {
            return direction;
        }
        boolean coupled = random.nextInt(3) == 0;
        boolean opened = random.nextInt(3) > 0; // whether unbounded activations may be used
        CellVariant variant = CellVariant.PLAIN.withActivations(
                activation(coupled ? FRACTIONS : BOUNDED),
                activation(opened ? OPEN : BOUNDED),
                activation(opened ? OPEN : BOUNDED));
        variant = coupled ? variant.withCoupledGates() : variant;
        variant = random.nextInt(3) == 0 ? variant.withClip((float) random.nextDouble(0.1, 3)) : variant;
        variant = random.nextBoolean() ? variant.withPeepholes(peepholes(direction.hiddenWidth())) : variant;
        return (opened ? calm(direction) : direction).with(variant);
    }

    /** A random variant for a cell of this width; any of its activations may be unbounded. */
    public CellVariant anyVariant(int hidden) {
        Activation.Kind[] any = OPEN;
        CellVariant variant = CellVariant.PLAIN.withActivations(activation(any), activation(any), activation(any));
        variant = random.nextInt(3) == 0 ? variant.withCoupledGates() : variant;
        variant = random.nextInt(3) == 0 ? variant.withClip((float) random.nextDouble(0.1, 3)) : variant;
        return random.nextBoolean() ? variant.withPeepholes(peepholes(hidden)) : variant;
    }

    /** A copy with hidden weights so small that an unbounded state grows little when it is fed back. */
    private static LstmDirection calm(LstmDirection direction) {
        float[] values = direction.hiddenWeights().values();
        for (int at = 0; at < values.length; at++) {
            values[at] *= 0x1p-3f;
        }
        return direction;
    }

    private Activation activation(Activation.Kind[] kinds) {
        Activation.Kind kind = kinds[random.nextInt(kinds.length)];
        return random.nextBoolean()
                ? Activation.of(kind)
                : new Activation(kind, (float) random.nextDouble(0.1, 1), (float) random.nextDouble(0.1, 1));
    }

    public CellVariant.Peepholes peepholes(int hidden) {
        return new CellVariant.Peepholes(floats(hidden, 1), floats(hidden, 1), floats(hidden, 1));
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

    /** A plain cell with a bias. */
    public LstmDirection direction(int input, int hidden) {
        return direction(input, hidden, hidden, true, false);
    }

    /** A cell with a projection and a bias. */
    public LstmDirection projected(int input, int hidden, int shown) {
        return LstmDirection.projected(
                weights(hidden, input),
                weights(hidden, shown),
                floats(Gate.COUNT * hidden, 1),
                matrix(shown, hidden, 1));
    }

    /** A language model with one plain layer: an embedding, a cell, and one class for each token. */
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

    /** Values uniform in {@code [-magnitude, magnitude)}. */
    public float[] floats(int count, float magnitude) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = (float) random.nextDouble(-magnitude, magnitude);
        }
        return values;
    }

    /** Integers from -8 to 8 as floats: their sums of products are exact in any order. */
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

    /** {@code 0 .. count - 1} in random order. */
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
