package sluice.cell.reference;

import breeze.linalg.DenseMatrix;
import breeze.linalg.DenseVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * A whole network of {@link LstmCell}s, or of their variants: stacked layers, both directions, one sequence at a time, float64.
 *
 * <p>Immutable; may be shared by threads.
 */
public final class ReferenceLstm {
    private final LstmModel model;
    private final List<Cell> cells; // in the order of LstmModel.directions()
    private final DenseMatrix<Object> outputWeights; // V: (K, H), or null
    private final DenseVector<Object> outputBias; // d: (K), or null

    public ReferenceLstm(LstmModel model) {
        this.model = model;
        this.cells = model.directions().stream().map(Cell::of).toList();
        this.outputWeights =
                model.output().map(OutputLayer::weights).map(Algebra::matrix).orElse(null);
        this.outputBias =
                model.output().map(layer -> Algebra.vector(layer.bias())).orElse(null);
    }

    /**
     * The result of one sequence of n steps.
     *
     * @param hidden the top layer's output at each step, {@code (n, width)}
     * @param cell the top layer's cell state at each step, {@code (n, width)}; two directions always concatenated
     * @param gates gates and cell states of the requested layer at each step; empty if no layer was requested
     * @param finalHidden hidden state of each direction of each layer after the last token that it reads
     * @param finalCell cell states of the same
     * @param largestState largest magnitude in h or c after any step of the directions with a variant cell, which may be unbounded; NaN
     *     if a value is NaN
     */
    public record Run(
            double[][] hidden,
            double[][] cell,
            List<Gates> gates,
            double[][] finalHidden,
            double[][] finalCell,
            double largestState) {}

    /**
     * One step of one layer: {@code i_t}, {@code f_t}, {@code g_t}, {@code o_t} and {@code c_t}, two directions
     * always concatenated, regardless of how the layer merges its outputs.
     */
    public record Gates(double[] input, double[] forget, double[] candidate, double[] output, double[] cell) {}

    /** Runs one sequence as {@link #run(double[][], double[][], double[][], OptionalInt)} does, without gates. */
    public Run run(double[][] inputs, double[][] initialHidden, double[][] initialCell) {
        return run(inputs, initialHidden, initialCell, OptionalInt.empty());
    }

    /**
     * Runs one sequence.
     *
     * @param inputs {@code x_1 .. x_n}, each of the model's input width; none for an empty sequence
     * @param initialHidden hidden state of each direction of each layer, in the order of {@link LstmModel#directions()}
     * @param initialCell cell states in the same order
     * @param gatesLayer the layer whose gates are returned, 0 the lowest
     */
    public Run run(double[][] inputs, double[][] initialHidden, double[][] initialCell, OptionalInt gatesLayer) {
        List<DenseVector<Object>> layerInputs = new ArrayList<>();
        for (double[] input : inputs) {
            layerInputs.add(Algebra.vector(input));
        }
        double[][] finalHidden = new double[cells.size()][];
        double[][] finalCell = new double[cells.size()][];
        List<DenseVector<Object>> layerCells = List.of();
        List<Gates> gates = List.of();
        double largest = 0;
        int at = 0;
        int depth = 0;
        for (LstmLayer layer : model.layers()) {
            List<List<LstmCell.Step>> directions = new ArrayList<>();
            List<DenseVector<Object>> outputs = null;
            List<DenseVector<Object>> memories = null;
            for (LstmDirection direction : layer.directions()) {
                LstmCell.State start =
                        new LstmCell.State(Algebra.vector(initialHidden[at]), Algebra.vector(initialCell[at]));
                List<LstmCell.Step> steps = runDirection(cells.get(at), direction.reversed(), layerInputs, start);
                List<LstmCell.State> states =
                        steps.stream().map(LstmCell.Step::after).toList();
                directions.add(steps);
                LstmCell.State end =
                        states.isEmpty() ? start : states.get(direction.reversed() ? 0 : states.size() - 1);
                finalHidden[at] = Algebra.array(end.h());
                finalCell[at] = Algebra.array(end.c());
                List<DenseVector<Object>> shown =
                        states.stream().map(LstmCell.State::h).toList();
                List<DenseVector<Object>> kept =
                        states.stream().map(LstmCell.State::c).toList();
                if (!direction.variant().isPlain()) {
                    largest = Math.max(largest, Math.max(largest(shown), largest(kept)));
                }
                outputs = outputs == null ? shown : merged(layer.merge(), outputs, shown);
                memories = memories == null ? kept : merged(LstmLayer.Merge.CONCAT, memories, kept);
                at++;
            }
            if (gatesLayer.equals(OptionalInt.of(depth))) {
                gates = gates(directions, memories);
            }
            depth++;
            layerInputs = outputs;
            layerCells = memories;
        }
        return new Run(arrays(layerInputs), arrays(layerCells), gates, finalHidden, finalCell, largest);
    }

    /**
     * The gates of one layer.
     *
     * @param directions the steps of each direction, by their index in the sequence
     */
    private static List<Gates> gates(List<List<LstmCell.Step>> directions, List<DenseVector<Object>> cells) {
        List<Gates> gates = new ArrayList<>();
        for (int step = 0; step < cells.size(); step++) {
            int here = step;
            List<LstmCell.Gates> both =
                    directions.stream().map(steps -> steps.get(here).gates()).toList();
            gates.add(new Gates(
                    concatenated(both, LstmCell.Gates::i),
                    concatenated(both, LstmCell.Gates::f),
                    concatenated(both, LstmCell.Gates::g),
                    concatenated(both, LstmCell.Gates::o),
                    Algebra.array(cells.get(step))));
        }
        return gates;
    }

    private static double[] concatenated(
            List<LstmCell.Gates> directions, Function<LstmCell.Gates, DenseVector<Object>> gate) {
        return directions.stream()
                .flatMapToDouble(direction -> Arrays.stream(Algebra.array(gate.apply(direction))))
                .toArray();
    }

    /** The result of each step, by its index in the sequence, for either direction. */
    private static List<LstmCell.Step> runDirection(
            Cell cell, boolean reversed, List<DenseVector<Object>> inputs, LstmCell.State start) {
        List<DenseVector<Object>> reading = new ArrayList<>(inputs);
        if (reversed) {
            Collections.reverse(reading);
        }
        List<LstmCell.Step> steps = new ArrayList<>();
        LstmCell.State state = start;
        for (DenseVector<Object> x : reading) {
            LstmCell.Step step = cell.step(x, state);
            steps.add(step);
            state = step.after();
        }
        if (reversed) {
            Collections.reverse(steps);
        }
        return steps;
    }

    private static double largest(List<DenseVector<Object>> vectors) {
        double largest = 0;
        for (DenseVector<Object> vector : vectors) {
            for (double value : Algebra.array(vector)) {
                largest = Math.max(largest, Math.abs(value)); // NaN if a value is NaN
            }
        }
        return largest;
    }

    private static List<DenseVector<Object>> merged(
            LstmLayer.Merge merge, List<DenseVector<Object>> forward, List<DenseVector<Object>> backward) {
        List<DenseVector<Object>> merged = new ArrayList<>();
        for (int step = 0; step < backward.size(); step++) {
            double[] both = merged(merge, Algebra.array(forward.get(step)), Algebra.array(backward.get(step)));
            merged.add(Algebra.vector(both));
        }
        return merged;
    }

    private static double[] merged(LstmLayer.Merge merge, double[] forward, double[] backward) {
        if (merge == LstmLayer.Merge.CONCAT) {
            double[] both = Arrays.copyOf(forward, forward.length + backward.length);
            System.arraycopy(backward, 0, both, forward.length, backward.length);
            return both;
        }
        double[] merged = new double[forward.length];
        for (int unit = 0; unit < merged.length; unit++) {
            merged[unit] = switch (merge) {
                case SUM -> forward[unit] + backward[unit];
                case MUL -> forward[unit] * backward[unit];
                case AVERAGE -> (forward[unit] + backward[unit]) / 2;
                case CONCAT -> throw new AssertionError("concatenated outputs are not merged unit by unit");
            };
        }
        return merged;
    }

    /**
     * The top layer's output for these hidden states, after a step or before the first.
     *
     * @param hidden h of each direction of the top layer
     */
    public double[] shown(double[]... hidden) {
        LstmLayer top = model.layers().get(model.layers().size() - 1);
        return hidden.length == 1 ? hidden[0] : merged(top.merge(), hidden[0], hidden[1]);
    }

    private static double[][] arrays(List<DenseVector<Object>> vectors) {
        return vectors.stream().map(Algebra::array).toArray(double[][]::new);
    }

    /** {@code V h + d}: the logits of one hidden state. */
    public double[] logits(double[] hidden) {
        return Algebra.array(Algebra.sum(Algebra.product(outputWeights, Algebra.vector(hidden)), outputBias));
    }

    /** {@code y_t = softmax(V h_t + d)}. */
    public double[] probabilities(double[] hidden) {
        return probabilities(hidden, 1);
    }

    /** {@code softmax((V h_t + d) / temperature)}. */
    public double[] probabilities(double[] hidden, double temperature) {
        return Algebra.array(Algebra.softmax(Algebra.vector(scaled(logits(hidden), temperature))));
    }

    /** Logits divided by a temperature. */
    public static double[] scaled(double[] logits, double temperature) {
        return Arrays.stream(logits).map(logit -> logit / temperature).toArray();
    }
}
