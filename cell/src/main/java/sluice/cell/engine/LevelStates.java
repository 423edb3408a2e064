package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import sluice.cell.LstmState;
import sluice.cell.StepGates;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.GateProbe;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.StepRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * h and c of all layers for two consecutive levels of a prefix tree (or of several parts of the tree that are walked together): the
 * current level and its parents. The levels alternate between the two halves of each table. For one thread.
 */
final class LevelStates {
    private final PackedModel packed;
    private final Kernel kernel;
    private final CellStep cellStep;
    private final List<LstmDirection> layers;
    private final int band; // largest number of nodes in a level
    private final float[][] hidden; // for each layer: (2 band, P)
    private final float[][] cell; // for each layer: (2 band, H)
    private final float[][] shown; // for each layer: (2 band, H) with a projection, else the same array as hidden
    private final StepRows rows;
    private final int[] shownOffsets; // (band): of the nodes, where a projection reads them
    private final int[] hiddenOffsets; // (band): and where it writes them
    private final GateProbe probe;
    private final int gatesLayer; // layer whose gates are kept, or -1
    private final float[] gates; // (2 band, 4H) of that layer, or empty
    private int half; // 0 or 1: the half that holds the current level

    /** @param gatesLayer layer whose gates are kept, if requested */
    LevelStates(PackedModel packed, Kernel kernel, int band, OptionalInt gatesLayer) {
        this.packed = packed;
        this.kernel = kernel;
        this.cellStep = new CellStep(packed, kernel);
        this.layers = packed.model().directions();
        this.band = band;
        this.hidden = new float[layers.size()][];
        this.cell = new float[layers.size()][];
        this.shown = new float[layers.size()][];
        for (int layer = 0; layer < hidden.length; layer++) {
            LstmDirection direction = layers.get(layer);
            hidden[layer] = new float[2 * band * direction.outputWidth()];
            cell[layer] = new float[2 * band * direction.hiddenWidth()];
            shown[layer] =
                    packed.projection(layer) == null ? hidden[layer] : new float[2 * band * direction.hiddenWidth()];
        }
        this.rows = new StepRows(band);
        this.shownOffsets = new int[band];
        this.hiddenOffsets = new int[band];
        this.probe = new GateProbe(kernel);
        this.gatesLayer = gatesLayer.orElse(-1);
        this.gates = gatesLayer.isPresent()
                ? new float[2 * band * Gate.COUNT * layers.get(this.gatesLayer).hiddenWidth()]
                : new float[0];
    }

    /** Bytes that a node takes in both halves. */
    static int bytes(List<LstmDirection> layers) {
        return layers.stream()
                .mapToInt(layer -> 2 * Float.BYTES * (layer.outputWidth() + layer.hiddenWidth()))
                .sum();
    }

    /** Sets the state of a node of the current level. */
    void put(int node, LstmState state) {
        for (int layer = 0; layer < hidden.length; layer++) {
            copyInto(state.hidden()[layer], hidden[layer], half * band + node);
            copyInto(state.cell()[layer], cell[layer], half * band + node);
        }
    }

    private static void copyInto(float[] row, float[] table, int at) {
        System.arraycopy(row, 0, table, at * row.length, row.length);
    }

    /** Starts the next level. Nodes are added by {@link #addNode} and computed by {@link #step}. */
    void nextLevel() {
        half = 1 - half;
        rows.clear();
    }

    /**
     * Adds a node to the new level.
     *
     * @param parent its parent's index in the previous level
     * @param token the token that the first layer reads
     */
    void addNode(int parent, FirstLayer firstLayer, int token) {
        firstLayer.addToken(rows, token, before(parent), after(rows.count()));
    }

    /**
     * Adds a node to the new level.
     *
     * @param parent its parent's index in the previous level
     * @param start the row of the first layer's lookup table at which its chain starts, 0 without a table
     * @param input the row of {@link StepInputs} that the first layer reads
     */
    void addNode(int parent, int start, int input) {
        rows.add(start, input, before(parent), after(rows.count()));
    }

    private int before(int node) {
        return (1 - half) * band + node;
    }

    private int after(int node) {
        return half * band + node;
    }

    /**
     * Computes the added nodes, layer by layer.
     *
     * @param inputs rows of {@link StepInputs}, or empty
     */
    void step(FirstLayer firstLayer, float[] inputs) {
        step(0, firstLayer.gates(0), firstLayer.input(inputs));
        rows.readFromLayerBelow();
        for (int layer = 1; layer < hidden.length; layer++) {
            step(layer, packed.gates(layer), hidden[layer - 1]);
        }
    }

    private void step(int layer, GatePanels panels, float[] input) {
        cellStep.step(layer, panels, rows, input, hidden[layer], cell[layer], shown[layer]);
        if (layer == gatesLayer) {
            probe.read(packed.variant(layer), panels, rows, input, hidden[layer], cell[layer], gates);
        }
        LinearPanels projection = packed.projection(layer);
        if (projection != null) {
            project(projection, shown[layer], hidden[layer]);
        }
    }

    private void project(LinearPanels projection, float[] from, float[] to) {
        int count = rows.count();
        for (int node = 0; node < count; node++) {
            shownOffsets[node] = after(node) * projection.inputs();
            hiddenOffsets[node] = after(node) * projection.outputs();
        }
        kernel.multiply(projection, 0, projection.outputs(), from, shownOffsets, count, to, hiddenOffsets);
    }

    /** The top layer's hidden states; {@link #topOffset} gives the place of a node. */
    float[] top() {
        return hidden[hidden.length - 1];
    }

    int topOffset(int node) {
        return after(node) * topWidth();
    }

    int topWidth() {
        return layers.get(hidden.length - 1).outputWidth();
    }

    /** A copy of the top layer's hidden state of a node of the current level. */
    float[] topHidden(int node) {
        return row(hidden[hidden.length - 1], topWidth(), node);
    }

    /** A copy of the top layer's cell state of a node of the current level. */
    float[] topCell(int node) {
        return row(cell[hidden.length - 1], layers.get(hidden.length - 1).hiddenWidth(), node);
    }

    /** A copy of the requested layer's gates in the step that computed a node of the current level. */
    StepGates gates(int node) {
        return StepGates.ofRow(
                gates, cell[gatesLayer], after(node), layers.get(gatesLayer).hiddenWidth());
    }

    /** A copy of all layers' states of a node of the current level. */
    LstmState state(int node) {
        float[][] h = new float[hidden.length][];
        float[][] c = new float[hidden.length][];
        for (int layer = 0; layer < h.length; layer++) {
            h[layer] = row(hidden[layer], layers.get(layer).outputWidth(), node);
            c[layer] = row(cell[layer], layers.get(layer).hiddenWidth(), node);
        }
        return new LstmState(h, c);
    }

    /** Whether a state overflowed at a node of the current level or at one of its ancestors. */
    boolean overflown(int node) {
        for (int layer = 0; layer < cell.length; layer++) {
            int width = layers.get(layer).hiddenWidth();
            if (packed.variant(layer) != null && VariantEquations.overflown(cell[layer], after(node) * width, width)) {
                return true;
            }
        }
        return false;
    }

    private float[] row(float[] table, int width, int node) {
        int offset = after(node) * width;
        return Arrays.copyOfRange(table, offset, offset + width);
    }
}
