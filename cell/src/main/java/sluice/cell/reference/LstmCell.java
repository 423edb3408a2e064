package sluice.cell.reference;

import static sluice.cell.reference.Algebra.hadamard;
import static sluice.cell.reference.Algebra.matrix;
import static sluice.cell.reference.Algebra.product;
import static sluice.cell.reference.Algebra.sigmoid;
import static sluice.cell.reference.Algebra.sum;
import static sluice.cell.reference.Algebra.tanh;
import static sluice.cell.reference.Algebra.vector;

import breeze.linalg.DenseMatrix;
import breeze.linalg.DenseVector;
import java.util.Optional;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * One LSTM cell, written as in the papers.
 *
 * <pre>
 *   f_t = sigmoid(U_f x_t + W_f h_{t-1} + b_f)      forget gate: what stays in the memory
 *   i_t = sigmoid(U_i x_t + W_i h_{t-1} + b_i)      input gate: what enters the memory
 *   o_t = sigmoid(U_o x_t + W_o h_{t-1} + b_o)      output gate: what the memory shows
 *   g_t = tanh   (U_g x_t + W_g h_{t-1} + b_g)      candidate state
 *   c_t = f_t * c_{t-1} + i_t * g_t
 *   h_t = o_t * tanh(c_t)
 * </pre>
 *
 * <p>Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997, with the forget gate of Gers,
 * Schmidhuber and Cummins, "Learning to forget", Neural Computation 12(10), 2000. With a projection {@code R} the last line is
 * {@code h_t = R (o_t * tanh(c_t))} (Sak, Senior and Beaufays 2014). The seventh equation, {@code y_t = softmax(V h_t + d)},
 * belongs to the whole network: {@link ReferenceLstm#probabilities}. {@link VariantCell} has peepholes, other activations and so on.
 */
final class LstmCell implements Cell {
    private final DenseMatrix<Object> uForget, uInput, uOutput, uCandidate; // (H, I)
    private final DenseMatrix<Object> wForget, wInput, wOutput, wCandidate; // (H, P)
    private final DenseVector<Object> bForget, bInput, bOutput, bCandidate; // (H)
    private final Optional<DenseMatrix<Object>> projection; // (P, H)

    /** Ignores the {@linkplain sluice.cell.model.CellVariant variant} of the weights; {@link Cell#of} respects it. */
    LstmCell(LstmDirection weights) {
        uForget = matrix(weights.inputWeights(Gate.FORGET));
        uInput = matrix(weights.inputWeights(Gate.INPUT));
        uOutput = matrix(weights.inputWeights(Gate.OUTPUT));
        uCandidate = matrix(weights.inputWeights(Gate.CANDIDATE));
        wForget = matrix(weights.hiddenWeights(Gate.FORGET));
        wInput = matrix(weights.hiddenWeights(Gate.INPUT));
        wOutput = matrix(weights.hiddenWeights(Gate.OUTPUT));
        wCandidate = matrix(weights.hiddenWeights(Gate.CANDIDATE));
        bForget = vector(weights.bias(Gate.FORGET));
        bInput = vector(weights.bias(Gate.INPUT));
        bOutput = vector(weights.bias(Gate.OUTPUT));
        bCandidate = vector(weights.bias(Gate.CANDIDATE));
        projection = weights.projection().map(Algebra::matrix);
    }

    /** The state after one step: {@code h_t} of width P and {@code c_t} of width H. */
    record State(DenseVector<Object> h, DenseVector<Object> c) {}

    /** {@code i_t}, {@code f_t}, {@code g_t} and {@code o_t}, each of width H. */
    record Gates(DenseVector<Object> i, DenseVector<Object> f, DenseVector<Object> g, DenseVector<Object> o) {}

    /** The result of one step: the state after it, and its gates. */
    record Step(State after, Gates gates) {}

    @Override
    public Step step(DenseVector<Object> x, State before) {
        DenseVector<Object> f = sigmoid(sum(product(uForget, x), product(wForget, before.h), bForget));
        DenseVector<Object> i = sigmoid(sum(product(uInput, x), product(wInput, before.h), bInput));
        DenseVector<Object> o = sigmoid(sum(product(uOutput, x), product(wOutput, before.h), bOutput));
        DenseVector<Object> g = tanh(sum(product(uCandidate, x), product(wCandidate, before.h), bCandidate));
        DenseVector<Object> c = sum(hadamard(f, before.c), hadamard(i, g));
        DenseVector<Object> h = hadamard(o, tanh(c));
        return new Step(new State(projection.map(r -> product(r, h)).orElse(h), c), new Gates(i, f, g, o));
    }
}
