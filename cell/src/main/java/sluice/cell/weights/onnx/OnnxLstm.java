package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.CellVariant.Peepholes;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.Shape;

/**
 * An LSTM node: its weights, checked by their shapes, and what it reads.
 *
 * <p>ONNX's gates are i, o, f, c, where c is the canonical g; peepholes are i, o, f. The operator is defined by its
 * page in ONNX's list of operators, versions 7, 14 and 22.
 */
final class OnnxLstm {
    /** Which input {@code sequence_lens} is. */
    static final int SEQUENCE_LENS = 4;

    /** How the gates stand in W, R and B. */
    static final GateOrder GATES = GateOrder.IOFG;

    private static final List<String> ATTRIBUTES = List.of(
            "activation_alpha",
            "activation_beta",
            "activations",
            "clip",
            "direction",
            "hidden_size",
            "input_forget",
            "layout",
            "output_sequence"); // of the first version, which some writers still add

    private final OnnxNode node;
    private final OnnxArray inputWeights; // W: (D, 4H, I)
    private final OnnxArray hiddenWeights; // R: (D, 4H, H)
    private final OnnxArray bias; // B: (D, 8H), or null
    private final OnnxArray peepholes; // P: (D, 3H), or null
    private final OnnxInitialState initialHidden;
    private final OnnxInitialState initialCell;
    private final List<Activation> activations; // f, g, h of each direction
    private final OnnxContent below;
    private final boolean inputFlipped;

    /** What an LSTM node holds constant. */
    record Weights(OnnxArray input, OnnxArray hidden, OnnxArray bias, OnnxArray peepholes) {}

    /**
     * @param below what it reads
     * @param inputFlipped whether it reads that backward
     * @throws ModelException where shapes or attributes contradict each other
     */
    OnnxLstm(
            OnnxNode node,
            Weights weights,
            OnnxInitialState initialHidden,
            OnnxInitialState initialCell,
            OnnxContent below,
            boolean inputFlipped) {
        node.requireOnly(ATTRIBUTES);
        this.node = node;
        this.inputWeights = weights.input();
        this.hiddenWeights = weights.hidden();
        this.bias = weights.bias();
        this.peepholes = weights.peepholes();
        this.initialHidden = initialHidden;
        this.initialCell = initialCell;
        this.below = below;
        this.inputFlipped = inputFlipped;
        requireShapes();
        this.activations = OnnxActivations.of(node, directions());
    }

    private void requireShapes() {
        int directions = directions(node);
        Shape hidden = hiddenWeights.shape();
        long h = hidden.rank() == 3 ? hidden.dimension(2) : 0;
        long rows = Gate.COUNT * h;
        require("R", hiddenWeights, hidden.rank() == 3 && h > 0, "(D, 4H, H)");
        requireHiddenSize(h);
        require("R", hiddenWeights, hidden.equals(Shape.of(directions, rows, h)), shown(directions, rows, h));
        Shape input = inputWeights.shape();
        boolean inputFits = input.rank() == 3 && input.equals(Shape.of(directions, rows, input.dimension(2)));
        require("W", inputWeights, inputFits && input.dimension(2) > 0, "(%d, %d, I)".formatted(directions, rows));
        if (bias != null) {
            require("B", bias, bias.shape().equals(Shape.of(directions, 2 * rows)), shown(directions, 2 * rows));
        }
        if (peepholes != null) {
            require("P", peepholes, peepholes.shape().equals(Shape.of(directions, 3 * h)), shown(directions, 3 * h));
        }
    }

    private void requireHiddenSize(long h) {
        long said = node.number("hidden_size", h);
        if (said != h) {
            throw new ModelException("hidden_size is %d, but R %s has H = %d: expected the same; export it again"
                    .formatted(said, hiddenWeights.describe(), h));
        }
    }

    private static String shown(long... shape) {
        return Shape.of(shape).toString();
    }

    private static void require(String input, OnnxArray array, boolean fits, String expected) {
        if (!fits) {
            throw new ModelException("%s is tensor %s, expected shape %s; export the model again"
                    .formatted(input, array.describe(), expected));
        }
    }

    /**
     * D, by the attribute {@code direction}.
     *
     * @throws ModelException where that is none that we know
     */
    static int directions(OnnxNode node) {
        return switch (node.text("direction", "forward")) {
            case "forward", "reverse" -> 1;
            case "bidirectional" -> 2;
            default ->
                throw new ModelException("direction is '%s', expected forward, reverse or bidirectional"
                        .formatted(node.text("direction", "")));
        };
    }

    int directions() {
        return directions(node);
    }

    /** I. */
    long inputWidth() {
        return inputWeights.shape().dimension(2);
    }

    /** H. */
    long hiddenWidth() {
        return hiddenWeights.shape().dimension(2);
    }

    /** {@code node 'LSTM_3' (LSTM)}. */
    String describe() {
        return node.describe();
    }

    String name() {
        return node.name();
    }

    /** Whether one of its initial states is this input of the graph. */
    boolean startsFrom(String input) {
        return initialHidden.isInput(input) || initialCell.isInput(input);
    }

    /** What it reads. */
    OnnxContent below() {
        return below;
    }

    /** Whether a direction reads from the sequence's last token to its first. */
    boolean reversed(int direction) {
        boolean backward = direction == 1 || node.text("direction", "forward").equals("reverse");
        return backward != inputFlipped;
    }

    /** Reads the values of one direction. */
    LstmDirection direction(int at) {
        try {
            return read(at);
        } catch (ModelException e) {
            throw new ModelException(describe() + ": " + e.getMessage(), e);
        }
    }

    private LstmDirection read(int at) {
        int h = (int) hiddenWidth();
        LstmDirection direction = LstmDirection.plain(
                matrix(inputWeights, at, (int) inputWidth()), matrix(hiddenWeights, at, h), biasSum(at, h));
        float[] hidden = initialHidden.values(at, directions(), h);
        float[] cell = initialCell.values(at, directions(), h);
        LstmDirection started = isZero(hidden) && isZero(cell) ? direction : direction.startingFrom(hidden, cell);
        LstmDirection varied = started.with(variant(at, h));
        return reversed(at) ? varied.backward() : varied;
    }

    private static boolean isZero(float[] state) {
        for (float value : state) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static Matrix matrix(OnnxArray array, int direction, int columns) {
        int rows = (int) array.shape().dimension(1);
        array.source().take((long) rows * columns);
        float[] values = array.finiteReals();
        int block = rows / Gate.COUNT * columns;
        float[] canonical = GATES.canonical(values, direction * Gate.COUNT * block, block);
        return Matrix.of(rows, columns, canonical);
    }

    /** Wb and Rb, added in float64; zeros where there is no B. */
    private float[] biasSum(int direction, int h) {
        float[] canonical = new float[Gate.COUNT * h];
        if (bias == null) {
            return canonical;
        }
        float[] values = bias.finiteReals();
        int from = direction * 2 * Gate.COUNT * h;
        for (int at = 0; at < canonical.length; at++) {
            float sum = (float) ((double) values[from + at] + values[from + Gate.COUNT * h + at]);
            if (!Float.isFinite(sum)) {
                throw new ModelException("the halves of B %s add up to %s at %d, expected a finite number of float32"
                        .formatted(bias.describe(), sum, at));
            }
            canonical[GATES.gate(at / h).block() * h + at % h] = sum;
        }
        return canonical;
    }

    private CellVariant variant(int direction, int h) {
        int from = direction * OnnxActivations.PER_DIRECTION;
        CellVariant variant = CellVariant.PLAIN.withActivations(
                activations.get(from), activations.get(from + 1), activations.get(from + 2));
        if (node.has("clip")) {
            variant = variant.withClip(node.real("clip", 0));
        }
        if (node.number("input_forget", 0) != 0) {
            variant = variant.withCoupledGates();
        }
        return peepholes(direction, h).map(variant::withPeepholes).orElse(variant);
    }

    private Optional<Peepholes> peepholes(int direction, int h) {
        if (peepholes == null) {
            return Optional.empty();
        }
        float[] values = peepholes.finiteReals();
        float[][] gates = new float[3][h];
        for (int gate = 0; gate < gates.length; gate++) {
            System.arraycopy(values, (3 * direction + gate) * h, gates[gate], 0, h);
        }
        return isZero(values) ? Optional.empty() : Optional.of(new Peepholes(gates[0], gates[2], gates[1]));
    }

    /** Notes on what the file says of states and lengths. */
    List<String> notes() {
        Optional<String> lengths = node.hasInput(SEQUENCE_LENS)
                ? Optional.of("its sequence_lens are left out: here each sequence has its own length")
                : Optional.empty();
        return Stream.of(initialHidden.note("hidden"), initialCell.note("cell"), lengths)
                .flatMap(Optional::stream)
                .map(note -> describe() + ": " + note)
                .toList();
    }
}
