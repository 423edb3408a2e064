package sluice.cell.reference;

import breeze.linalg.DenseMatrix;
import breeze.linalg.DenseVector;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * A whole network of {@link LstmCell}s: stacked layers, both directions, one sequence at a time, float64.
 *
 * <p>Immutable; may be shared by threads.
 */
public final class ReferenceLstm {
    private final LstmModel model;
    private final List<LstmCell> cells; // as LstmModel.directions()
    private final DenseMatrix<Object> outputWeights; // V: (K, H), or null
    private final DenseVector<Object> outputBias; // d: (K), or null

    public ReferenceLstm(LstmModel model) {
        this.model = model;
        this.cells = model.directions().stream().map(LstmCell::new).toList();
        this.outputWeights =
                model.output().map(OutputLayer::weights).map(Algebra::matrix).orElse(null);
        this.outputBias =
                model.output().map(layer -> Algebra.vector(layer.bias())).orElse(null);
    }

    /**
     * What one sequence of n steps leaves behind.
     *
     * @param hidden the top layer's output at each step, {@code (n, width)}
     * @param cell the top layer's cell state at each step, {@code (n, width)}
     * @param finalHidden of each direction of each layer, after the last token it reads
     * @param finalCell the same of the cell states
     */
    public record Run(double[][] hidden, double[][] cell, double[][] finalHidden, double[][] finalCell) {}

    /**
     * Runs one sequence.
     *
     * @param inputs {@code x_1 .. x_n}, each of the model's input width; none for an empty sequence
     * @param initialHidden of each direction of each layer, as {@link LstmModel#directions()} lists them
     * @param initialCell the same of the cell states
     */
    public Run run(double[][] inputs, double[][] initialHidden, double[][] initialCell) {
        List<DenseVector<Object>> layerInputs = new ArrayList<>();
        for (double[] input : inputs) {
            layerInputs.add(Algebra.vector(input));
        }
        double[][] finalHidden = new double[cells.size()][];
        double[][] finalCell = new double[cells.size()][];
        List<DenseVector<Object>> layerCells = List.of();
        int at = 0;
        for (LstmLayer layer : model.layers()) {
            List<DenseVector<Object>> outputs = null;
            List<DenseVector<Object>> memories = null;
            for (LstmDirection direction : layer.directions()) {
                LstmCell.State start =
                        new LstmCell.State(Algebra.vector(initialHidden[at]), Algebra.vector(initialCell[at]));
                List<LstmCell.State> states = runDirection(cells.get(at), direction.reversed(), layerInputs, start);
                LstmCell.State end =
                        states.isEmpty() ? start : states.get(direction.reversed() ? 0 : states.size() - 1);
                finalHidden[at] = Algebra.array(end.h());
                finalCell[at] = Algebra.array(end.c());
                outputs = beside(outputs, states.stream().map(LstmCell.State::h).toList());
                memories =
                        beside(memories, states.stream().map(LstmCell.State::c).toList());
                at++;
            }
            layerInputs = outputs;
            layerCells = memories;
        }
        return new Run(arrays(layerInputs), arrays(layerCells), finalHidden, finalCell);
    }

    /** The states after each step, by the step's place in the sequence, whichever way it was read. */
    private static List<LstmCell.State> runDirection(
            LstmCell cell, boolean reversed, List<DenseVector<Object>> inputs, LstmCell.State start) {
        List<DenseVector<Object>> reading = new ArrayList<>(inputs);
        if (reversed) {
            Collections.reverse(reading);
        }
        List<LstmCell.State> states = new ArrayList<>();
        LstmCell.State state = start;
        for (DenseVector<Object> x : reading) {
            state = cell.step(x, state);
            states.add(state);
        }
        if (reversed) {
            Collections.reverse(states);
        }
        return states;
    }

    private static List<DenseVector<Object>> beside(List<DenseVector<Object>> left, List<DenseVector<Object>> right) {
        if (left == null) {
            return right;
        }
        List<DenseVector<Object>> joined = new ArrayList<>();
        for (int step = 0; step < right.size(); step++) {
            double[] a = Algebra.array(left.get(step));
            double[] b = Algebra.array(right.get(step));
            double[] both = new double[a.length + b.length];
            System.arraycopy(a, 0, both, 0, a.length);
            System.arraycopy(b, 0, both, a.length, b.length);
            joined.add(Algebra.vector(both));
        }
        return joined;
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
        return Algebra.array(Algebra.softmax(Algebra.vector(logits(hidden))));
    }
}
