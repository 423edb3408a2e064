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
 * h and c of all layers at two neighbouring levels of a prefix tree, or of several parts of one that are walked together: the current
 * level, and the one before or after it. The two take turns in the halves of each table. Scratch of one thread.
 */
final class LevelStates {
    private final CompiledModel compiled;
    private final Kernel kernel;
    private final CellStep cellStep;
    private final List<LstmDirection> layers;
    private final int band; // the most nodes that a level may have
    private final float[][] hidden; // of each layer: (2 band, P)
    private final float[][] cell; // of each layer: (2 band, H)
    private final float[][] shown; // of each layer: (2 band, H) where it has a projection, else its hidden
    private final StepRows rows;
    private final GateProbe probe;
    private final int gatesLayer; // the one whose gates are kept, or -1
    private final float[] gates; // of that layer: (2 band, 4H), or empty
    private int half; // the one that holds the current level

    /** @param gatesLayer whose gates are kept, if any's are */
    LevelStates(CompiledModel compiled, Kernel kernel, int band, OptionalInt gatesLayer) {
        this.compiled = compiled;
        this.kernel = kernel;
        this.cellStep = new CellStep(compiled, kernel);
        this.layers = compiled.model().directions();
        this.band = band;
        this.hidden = new float[layers.size()][];
        this.cell = new float[layers.size()][];
        this.shown = new float[layers.size()][];
        for (int layer = 0; layer < hidden.length; layer++) {
            LstmDirection direction = layers.get(layer);
            hidden[layer] = new float[2 * band * direction.outputWidth()];
            cell[layer] = new float[2 * band * direction.hiddenWidth()];
            shown[layer] =
                    compiled.projection(layer) == null ? hidden[layer] : new float[2 * band * direction.hiddenWidth()];
        }
        this.rows = new StepRows(band);
        this.probe = new GateProbe(kernel);
        this.gatesLayer = gatesLayer.orElse(-1);
        this.gates = gatesLayer.isPresent()
                ? new float[2 * band * Gate.COUNT * layers.get(this.gatesLayer).hiddenWidth()]
                : new float[0];
    }

    /** The bytes that a node of a level takes, in both halves. */
    static int bytes(List<LstmDirection> layers) {
        return layers.stream()
                .mapToInt(layer -> 2 * Float.BYTES * (layer.outputWidth() + layer.hiddenWidth()))
                .sum();
    }

    /** Makes this the state of a node of the current level. */
    void put(int node, LstmState state) {
        for (int layer = 0; layer < hidden.length; layer++) {
            put(state.hidden()[layer], hidden[layer], half * band + node);
            put(state.cell()[layer], cell[layer], half * band + node);
        }
    }

    private static void put(float[] row, float[] table, int at) {
        System.arraycopy(row, 0, table, at * row.length, row.length);
    }

    /** Begins the next level: its nodes are listed by {@link #grow} and computed by {@link #step}. */
    void descend() {
        half = 1 - half;
        rows.clear();
    }

    /** Lists a node of the level begun: its parent in the level before, and what its first layer reads. */
    void grow(int parent, FirstLayer firstLayer, int token) {
        firstLayer.addToken(rows, token, before(parent), after(rows.count()));
    }

    /** Lists a node of the level begun, whose first layer reads this row of the table of features. */
    void grow(int parent, int feature) {
        rows.add(0, feature, before(parent), after(rows.count()));
    }

    private int before(int node) {
        return (1 - half) * band + node;
    }

    private int after(int node) {
        return half * band + node;
    }

    /**
     * Computes the nodes listed, layer by layer.
     *
     * @param features rows of features, where the model reads them
     */
    void step(FirstLayer firstLayer, float[] features) {
        step(0, firstLayer.gates(0), firstLayer.input(features));
        rows.readWhatIsWritten();
        for (int layer = 1; layer < hidden.length; layer++) {
            step(layer, compiled.gates(layer), hidden[layer - 1]);
        }
    }

    private void step(int layer, GatePanels panels, float[] input) {
        cellStep.step(layer, panels, rows, input, hidden[layer], cell[layer], shown[layer]);
        if (layer == gatesLayer) {
            probe.read(compiled.variant(layer), panels, rows, input, hidden[layer], cell[layer], gates);
        }
        LinearPanels projection = compiled.projection(layer);
        if (projection != null) {
            int[] from = new int[rows.count()];
            int[] to = new int[rows.count()];
            Arrays.setAll(from, node -> after(node) * projection.inputs());
            Arrays.setAll(to, node -> after(node) * projection.outputs());
            kernel.multiply(projection, 0, projection.outputs(), shown[layer], from, from.length, hidden[layer], to);
        }
    }

    /** The top layer's hidden states, where {@link #topOffset} tells a node's. */
    float[] top() {
        return hidden[hidden.length - 1];
    }

    int topOffset(int node) {
        return after(node) * topWidth();
    }

    int topWidth() {
        return layers.get(hidden.length - 1).outputWidth();
    }

    /** The top layer's hidden state of a node of the current level, a copy. */
    float[] topHidden(int node) {
        return row(hidden[hidden.length - 1], topWidth(), node);
    }

    /** The top layer's cell state of a node of the current level, a copy. */
    float[] topCell(int node) {
        return row(cell[hidden.length - 1], layers.get(hidden.length - 1).hiddenWidth(), node);
    }

    /** What the gates of the chosen layer did on the way to a node of the current level, a copy. */
    StepGates gates(int node) {
        return StepGates.ofRow(
                gates, cell[gatesLayer], after(node), layers.get(gatesLayer).hiddenWidth());
    }

    /** All layers' states of a node of the current level, a copy. */
    LstmState state(int node) {
        float[][] h = new float[hidden.length][];
        float[][] c = new float[hidden.length][];
        for (int layer = 0; layer < h.length; layer++) {
            h[layer] = row(hidden[layer], layers.get(layer).outputWidth(), node);
            c[layer] = row(cell[layer], layers.get(layer).hiddenWidth(), node);
        }
        return new LstmState(h, c);
    }

    /** Whether a state has overflown on the way to a node of the current level. */
    boolean overflown(int node) {
        for (int layer = 0; layer < cell.length; layer++) {
            int width = layers.get(layer).hiddenWidth();
            if (compiled.variant(layer) != null
                    && VariantEquations.overflown(cell[layer], after(node) * width, width)) {
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
