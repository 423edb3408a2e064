package sluice.cell.engine;

import java.util.List;
import sluice.cell.LstmState;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.StepRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.model.LstmDirection;

/**
 * Consecutive steps of one sequence, layer by layer: of a layer above the first, the input's terms of all steps are computed by one read of
 * their weights, and then each step reads the recurrent weights alone. The chains, and so the bits, are those of a step that computes both.
 * For one thread.
 */
final class StepRun {
    /** Steps of a run. */
    static final int STEPS = 32;

    private static final float[] NO_INPUT = {};

    private final PackedModel packed;
    private final Kernel kernel;
    private final FirstLayer firstLayer;
    private final CellStep cellStep;
    private final Layer[] layers;
    private final StepRows steps = new StepRows(STEPS); // as the first layer reads them
    private final StepRows step = new StepRows(1);

    StepRun(PackedModel packed, Kernel kernel) {
        this.packed = packed;
        this.kernel = kernel;
        this.firstLayer = FirstLayer.withoutTokenTable(packed);
        this.cellStep = new CellStep(packed, kernel);
        List<LstmDirection> directions = packed.model().directions();
        this.layers = new Layer[directions.size()];
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer] =
                    new Layer(directions.get(layer), packed.projection(layer), layer == 0 ? null : packed.gates(layer));
        }
    }

    /** Lets the kernel's scratch grow to a full run, so that later calls allocate nothing. */
    void warmUp() {
        for (int layer = 1; layer < layers.length; layer++) {
            multiplyInputs(layer, STEPS);
        }
    }

    /** States of a layer: row 0 is the state before the run, row t + 1 the state after step t. */
    private static final class Layer {
        private final LinearPanels inputs; // null for the first layer
        private final GatePanels recurrent; // null as well
        private final float[] starts; // (steps, panels): results of inputs
        private final int width; // H
        private final float[] hidden; // (steps + 1, P)
        private final float[] cell; // (steps + 1, H)
        private final float[] shown; // (steps + 1, H) with a projection, else the same array as hidden
        private final LinearPanels projection; // or null
        private final int[] outputOffsets = new int[STEPS]; // in hidden, of the steps
        private final int[] startOffsets = new int[STEPS];
        private final int[] from = new int[1];
        private final int[] to = new int[1];

        Layer(LstmDirection direction, LinearPanels projection, GatePanels panels) {
            this.inputs = panels == null ? null : panels.inputMap();
            this.starts = new float[inputs == null ? 0 : Math.multiplyExact(STEPS, inputs.outputs())];
            this.recurrent = panels == null ? null : panels.afterInputs(starts);
            this.width = direction.hiddenWidth();
            this.hidden = new float[Math.multiplyExact(STEPS + 1, direction.outputWidth())];
            this.cell = new float[Math.multiplyExact(STEPS + 1, direction.hiddenWidth())];
            this.shown = projection == null ? hidden : new float[cell.length];
            this.projection = projection;
            for (int at = 0; at < STEPS; at++) {
                outputOffsets[at] = (at + 1) * direction.outputWidth();
                startOffsets[at] = inputs == null ? 0 : at * inputs.outputs();
            }
        }

        void begin(float[] h, float[] c) {
            System.arraycopy(h, 0, hidden, 0, h.length);
            System.arraycopy(c, 0, cell, 0, c.length);
        }

        void end(int count, float[] h, float[] c) {
            System.arraycopy(hidden, count * h.length, h, 0, h.length);
            System.arraycopy(cell, count * c.length, c, 0, c.length);
        }
    }

    /** Starts a run. */
    void clear() {
        steps.clear();
    }

    boolean isFull() {
        return steps.count() == STEPS;
    }

    /** Number of steps. */
    int count() {
        return steps.count();
    }

    /** Adds a step that reads a token. */
    void addToken(int token) {
        firstLayer.addToken(steps, token, steps.count(), steps.count() + 1);
    }

    /**
     * Adds a step that reads the next row of {@link StepInputs}.
     *
     * @param start the row of the first layer's lookup table at which its chain starts, 0 without a table
     */
    void addInput(int start) {
        steps.add(start, steps.count(), steps.count(), steps.count() + 1);
    }

    /**
     * Computes the added steps.
     *
     * @param inputs rows of {@link StepInputs}, or empty
     * @param state the state before, replaced by the state after
     */
    void run(float[] inputs, LstmState state) {
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer].begin(state.hidden()[layer], state.cell()[layer]);
        }
        for (int at = 0; at < count(); at++) {
            step.copy(steps, at, 1);
            step(0, firstLayer.gates(0), firstLayer.input(inputs), at);
        }
        for (int layer = 1; layer < layers.length; layer++) {
            if (count() == 1) {
                step.readFromLayerBelow();
                step(layer, packed.gates(layer), layers[layer - 1].hidden, 0);
            } else {
                steps(layer);
            }
        }
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer].end(count(), state.hidden()[layer], state.cell()[layer]);
        }
    }

    /** The input's terms of all steps, then step by step the others. */
    private void steps(int layer) {
        multiplyInputs(layer, count());
        for (int at = 0; at < count(); at++) {
            step.clear();
            step.add(at, 0, at, at + 1);
            step(layer, layers[layer].recurrent, NO_INPUT, at);
        }
    }

    private void multiplyInputs(int layer, int count) {
        Layer below = layers[layer - 1];
        Layer here = layers[layer];
        int outputs = here.inputs.outputs();
        kernel.multiply(
                here.inputs, 0, outputs, below.hidden, below.outputOffsets, count, here.starts, here.startOffsets);
    }

    private void step(int layer, GatePanels panels, float[] input, int at) {
        Layer here = layers[layer];
        cellStep.step(layer, panels, step, input, here.hidden, here.cell, here.shown);
        if (here.projection != null) {
            here.from[0] = (at + 1) * here.projection.inputs();
            here.to[0] = (at + 1) * here.projection.outputs();
            kernel.multiply(
                    here.projection, 0, here.projection.outputs(), here.shown, here.from, 1, here.hidden, here.to);
        }
    }

    /** Whether a state overflowed in this run or before. */
    boolean overflown() {
        for (int layer = 0; layer < layers.length; layer++) {
            Layer here = layers[layer];
            if (packed.variant(layer) != null
                    && VariantEquations.overflown(here.cell, count() * here.width, here.width)) {
                return true;
            }
        }
        return false;
    }
}
