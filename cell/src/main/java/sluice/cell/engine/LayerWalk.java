package sluice.cell.engine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import sluice.cell.LstmState;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.GateProbe;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.StepRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Readout;

/**
 * Runs a batch layer by layer: of a model with a backward direction, whose first output depends on the last token, or of a few sequences.
 * Order of work: layers, then directions, then time steps, then all sequences that are long enough for the step. Sequences that have ended
 * are skipped, so there is no padding.
 */
final class LayerWalk {
    private final PackedModel packed;
    private final LstmModel model;
    private final Kernel kernel;
    private final CellStep cellStep;
    private final GateProbe probe;
    private final FirstLayer firstLayer;

    LayerWalk(PackedModel packed, Kernel kernel, FirstLayer firstLayer) {
        this.packed = packed;
        this.model = packed.model();
        this.kernel = kernel;
        this.cellStep = new CellStep(packed, kernel);
        this.probe = new GateProbe(kernel);
        this.firstLayer = firstLayer;
    }

    /**
     * The result of a batch.
     *
     * @param hidden the top layer's output
     * @param steps the top layer's output of each step, regardless of the readout; null if not requested
     * @param cell the top layer's cell states, or null if not requested
     * @param gates gate values of the requested layer, or null if not requested
     * @param states final state of each sequence, or an empty list if not requested
     * @param overflown indexes of the sequences in which a state overflowed
     */
    record Run(
            LayerOutput hidden,
            LayerOutput steps,
            LayerOutput cell,
            LayerGates gates,
            List<LstmState> states,
            BitSet overflown) {}

    /**
     * Runs a batch.
     *
     * @param readout which states the top layer's last step holds
     * @param gatesLayer the layer whose gates are kept, if requested
     */
    Run run(
            SequenceBatch batch,
            Readout readout,
            boolean withSteps,
            boolean withCell,
            boolean withStates,
            OptionalInt gatesLayer) {
        List<LstmState> starts = starts(batch);
        List<LstmState> ends = withStates ? blankStates(batch.size()) : List.of();
        registerTokens(batch);
        LayerOutput below = null;
        List<StepStates> tables = List.of();
        LayerOutput steps = null;
        LayerGates gates = null;
        BitSet overflown = new BitSet();
        int direction = 0;
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            tables = new ArrayList<>();
            boolean withGates = gatesLayer.equals(OptionalInt.of(depth));
            List<float[]> gateTables = new ArrayList<>();
            for (LstmDirection weights : layer.directions()) {
                StepStates table = new StepStates(batch, weights);
                start(table, starts, direction);
                float[] gateTable = withGates ? LayerGates.table(batch, weights) : null;
                run(batch, table, direction, below, gateTable);
                finish(table, ends, direction);
                if (packed.variant(direction) != null) {
                    findOverflown(batch, table, overflown);
                }
                tables.add(table);
                gateTables.add(gateTable);
                direction++;
            }
            depth++;
            gates = withGates ? new LayerGates(tables, gateTables) : gates;
            boolean top = direction == model.directions().size();
            below = LayerOutput.hidden(batch, tables, layer.merge(), top ? readout : Readout.LAST_STEP);
            if (top && withSteps) {
                steps = readout == Readout.LAST_STEP
                        ? below
                        : LayerOutput.hidden(batch, tables, layer.merge(), Readout.LAST_STEP);
            }
        }
        LayerOutput cells = withCell ? LayerOutput.cell(batch, tables, readout) : null;
        return new Run(below, steps, cells, gates, ends, overflown);
    }

    private static void findOverflown(SequenceBatch batch, StepStates table, BitSet overflown) {
        int width = table.direction().hiddenWidth();
        for (int s = 0; s < batch.size(); s++) {
            if (VariantEquations.overflown(table.cell(), table.finalRow(s) * width, width)) {
                overflown.set(s);
            }
        }
    }

    private void registerTokens(SequenceBatch batch) {
        if (firstLayer.needsTokens()) {
            firstLayer.clear();
            for (int token : batch.tokens()) {
                firstLayer.add(token);
            }
            firstLayer.prepare(batch.steps());
        }
    }

    private List<LstmState> starts(SequenceBatch batch) {
        LstmState initial = LstmState.initial(model);
        List<LstmState> starts = new ArrayList<>(batch.size());
        for (int s = 0; s < batch.size(); s++) {
            starts.add(batch.sequence(s).start().orElse(initial));
        }
        return starts;
    }

    private List<LstmState> blankStates(int count) {
        int directions = model.directions().size();
        List<LstmState> states = new ArrayList<>(count);
        for (int s = 0; s < count; s++) {
            states.add(new LstmState(new float[directions][], new float[directions][]));
        }
        return states;
    }

    private static void start(StepStates table, List<LstmState> starts, int direction) {
        for (int s = 0; s < starts.size(); s++) {
            table.start(s, starts.get(s).hidden()[direction], starts.get(s).cell()[direction]);
        }
    }

    private static void finish(StepStates table, List<LstmState> ends, int direction) {
        for (int s = 0; s < ends.size(); s++) {
            int row = table.finalRow(s);
            ends.get(s).hidden()[direction] =
                    row(table.hidden(), row, table.direction().outputWidth());
            ends.get(s).cell()[direction] =
                    row(table.cell(), row, table.direction().hiddenWidth());
        }
    }

    private static float[] row(float[] table, int row, int width) {
        float[] copy = new float[width];
        System.arraycopy(table, row * width, copy, 0, width);
        return copy;
    }

    /**
     * Runs all steps of one direction of one layer.
     *
     * @param gates table that receives the gate values, or null
     */
    private void run(SequenceBatch batch, StepStates table, int direction, LayerOutput below, float[] gates) {
        boolean reversed = table.direction().reversed();
        InputTerms terms =
                below != null && InputTerms.suit(batch) ? new InputTerms(packed.gates(direction), batch, kernel) : null;
        GatePanels panels = panels(direction, below, terms);
        LinearPanels projection = packed.projection(direction);
        float[] input = below == null ? firstLayer.input(batch.inputs()) : below.values();
        float[] shown = projection == null ? table.hidden() : new float[table.cell().length];
        StepRows rows = new StepRows(batch.size());
        int[] from = new int[projection == null ? 0 : batch.size()];
        int[] to = new int[from.length];
        int longest = batch.size() == 0 ? 0 : batch.length(batch.longestFirst()[0]);
        for (int time = 0; time < longest; time++) {
            rows.clear();
            if (terms != null) {
                terms.compute(batch, below, time, reversed);
            }
            for (int s : batch.longestFirst()) {
                if (batch.length(s) <= time) {
                    break;
                }
                int step = batch.step(s, time, reversed);
                if (terms != null) {
                    int start = terms.start(batch, rows.count(), time);
                    rows.add(start, 0, table.rowBefore(s, step), table.rowAfter(s, step));
                } else {
                    add(rows, batch, s, step, table, below);
                }
                if (projection != null) {
                    int after = table.rowAfter(s, step);
                    from[rows.count() - 1] = after * projection.inputs();
                    to[rows.count() - 1] = after * projection.outputs();
                }
            }
            cellStep.step(direction, panels, rows, input, table.hidden(), table.cell(), shown);
            if (gates != null) {
                probe.read(packed.variant(direction), panels, rows, input, table.hidden(), table.cell(), gates);
            }
            if (projection != null) {
                kernel.multiply(projection, 0, projection.outputs(), shown, from, rows.count(), table.hidden(), to);
            }
        }
    }

    private GatePanels panels(int direction, LayerOutput below, InputTerms terms) {
        if (terms != null) {
            return terms.recurrent();
        }
        return below == null ? firstLayer.gates(direction) : packed.gates(direction);
    }

    private void add(StepRows rows, SequenceBatch batch, int s, int step, StepStates table, LayerOutput below) {
        int before = table.rowBefore(s, step);
        int after = table.rowAfter(s, step);
        int at = batch.offset(s) + step;
        if (below != null) {
            rows.add(0, below.row(batch, s, step), before, after);
        } else if (batch.hasInputs()) {
            rows.add(batch.start(s, step), at, before, after);
        } else {
            firstLayer.addToken(rows, batch.tokens()[at], before, after);
        }
    }
}
