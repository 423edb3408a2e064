package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
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
 * An LSTM node: weights with checked shapes, and its input.
 *
 * <p>The gate order of ONNX is i, o, f, c, where c is g in the canonical order. The order of peepholes is i, o, f. See
 * the operator LSTM of the ONNX documentation, versions 7, 14 and 22.
 */
final class OnnxLstm {
    /** Index of the input {@code sequence_lens}. */
    static final int SEQUENCE_LENS = 4;

    /** Order of the gates in W, R and B. */
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
            "output_sequence"); // of version 1; some writers still set it

    private final OnnxNode node;
    private final OnnxArray inputWeights; // W: (D, 4H, I)
    private final OnnxArray hiddenWeights; // R: (D, 4H, H)
    private final OnnxArray bias; // B: (D, 8H); may be null
    private final OnnxArray peepholes; // P: (D, 3H); may be null
    private final OnnxInitialState initialHidden;
    private final OnnxInitialState initialCell;
    private final List<Activation> activations; // f, g, h of each direction
    private final OnnxContent below;
    private final boolean inputFlipped;
    private Optional<Long> padding = Optional.empty();
    private List<String> inputNotes = List.of();

    /** The constant inputs of an LSTM node. */
    record Weights(OnnxArray input, OnnxArray hidden, OnnxArray bias, OnnxArray peepholes) {}

    /**
     * @param below its input
     * @param inputFlipped whether the input is reversed in time
     * @throws ModelException if shapes or attributes contradict each other
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
        require("R", hiddenWeights, hidden.equals(Shape.of(directions, rows, h)), format(directions, rows, h));
        Shape input = inputWeights.shape();
        boolean inputFits = input.rank() == 3 && input.equals(Shape.of(directions, rows, input.dimension(2)));
        require(
                "W",
                inputWeights,
                inputFits && input.dimension(2) > 0,
                String.format(Locale.ROOT, "(%d, %d, I)", directions, rows));
        if (bias != null) {
            require("B", bias, bias.shape().equals(Shape.of(directions, 2 * rows)), format(directions, 2 * rows));
        }
        if (peepholes != null) {
            require("P", peepholes, peepholes.shape().equals(Shape.of(directions, 3 * h)), format(directions, 3 * h));
        }
    }

    private void requireHiddenSize(long h) {
        long declared = node.number("hidden_size", h);
        if (declared != h) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "hidden_size is %d, but R %s has H = %d: expected the same; export it again",
                    declared,
                    hiddenWeights.describe(),
                    h));
        }
    }

    private static String format(long... shape) {
        return Shape.of(shape).toString();
    }

    private static void require(String input, OnnxArray array, boolean fits, String expected) {
        if (!fits) {
            throw new ModelException("%s is tensor %s, expected shape %s; export the model again"
                    .formatted(input, array.describe(), expected));
        }
    }

    /**
     * The number of directions, D, by the attribute {@code direction}.
     *
     * @throws ModelException if the attribute has an unknown value
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

    /** The input width, I. */
    long inputWidth() {
        return inputWeights.shape().dimension(2);
    }

    /** The number of hidden units, H. */
    long hiddenWidth() {
        return hiddenWeights.shape().dimension(2);
    }

    /** The node in messages: {@code node 'LSTM_3' (LSTM)}. */
    String describe() {
        return node.describe();
    }

    String name() {
        return node.name();
    }

    /** Whether its input is reversed in time. */
    boolean isInputFlipped() {
        return inputFlipped;
    }

    /** Sets the token that its sequence lengths leave out. */
    void setPadding(Optional<Long> token) {
        this.padding = token;
    }

    /** The token that its sequence lengths leave out. */
    Optional<Long> padding() {
        return padding;
    }

    /** Notes on its input. */
    void setInputNotes(List<String> notes) {
        this.inputNotes = notes;
    }

    List<String> inputNotes() {
        return inputNotes;
    }

    /** Whether its hidden state starts from an input of the graph. */
    boolean startsFromInput() {
        return initialHidden.isInput();
    }

    /** Whether an initial state is this graph input. */
    boolean startsFrom(String input) {
        return initialHidden.isInput(input) || initialCell.isInput(input);
    }

    /** Its input. */
    OnnxContent below() {
        return below;
    }

    /** Whether a direction reads from the last step to the first. */
    boolean reversed(int direction) {
        boolean backward = direction == 1 || node.text("direction", "forward").equals("reverse");
        return backward != inputFlipped;
    }

    /** Reads the weights of one direction. */
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
        array.source().count((long) rows * columns);
        float[] values = array.finiteFloats();
        int block = rows / Gate.COUNT * columns;
        float[] canonical = GATES.canonical(values, direction * Gate.COUNT * block, block);
        return Matrix.of(rows, columns, canonical);
    }

    /** Wb + Rb, added in float64; zeros if there is no B. */
    private float[] biasSum(int direction, int h) {
        float[] canonical = new float[Gate.COUNT * h];
        if (bias == null) {
            return canonical;
        }
        float[] values = bias.finiteFloats();
        int from = direction * 2 * Gate.COUNT * h;
        for (int at = 0; at < canonical.length; at++) {
            float sum = (float) ((double) values[from + at] + values[from + Gate.COUNT * h + at]);
            if (!Float.isFinite(sum)) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the sum of Wb and Rb in B %s is %s at index %d, expected a finite float32",
                        bias.describe(),
                        sum,
                        at));
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
            variant = variant.withClip(node.floatValue("clip", 0));
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
        float[] values = peepholes.finiteFloats();
        float[][] gates = new float[3][h];
        for (int gate = 0; gate < gates.length; gate++) {
            System.arraycopy(values, (3 * direction + gate) * h, gates[gate], 0, h);
        }
        return isZero(values) ? Optional.empty() : Optional.of(new Peepholes(gates[0], gates[2], gates[1]));
    }

    /** Notes on inputs of the node that are ignored: initial states and sequence lengths. */
    List<String> notes() {
        Optional<String> lengths = node.hasInput(SEQUENCE_LENS)
                ? Optional.of("its sequence_lens input is ignored: each sequence has its own length")
                : Optional.empty();
        return Stream.of(initialHidden.note("hidden"), initialCell.note("cell"), lengths)
                .flatMap(Optional::stream)
                .map(note -> describe() + ": " + note)
                .toList();
    }
}
