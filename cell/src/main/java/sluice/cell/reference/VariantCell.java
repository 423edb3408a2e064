package sluice.cell.reference;

import static sluice.cell.reference.Algebra.clip;
import static sluice.cell.reference.Algebra.hadamard;
import static sluice.cell.reference.Algebra.matrix;
import static sluice.cell.reference.Algebra.oneMinus;
import static sluice.cell.reference.Algebra.product;
import static sluice.cell.reference.Algebra.sum;
import static sluice.cell.reference.Algebra.vector;

import breeze.linalg.DenseMatrix;
import breeze.linalg.DenseVector;
import java.util.Optional;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;

/**
 * An {@link LstmCell} with the additions of later papers and frameworks.
 *
 * <pre>
 *   i_t = f(clip(U_i x_t + W_i h_{t-1} + b_i + p_i * c_{t-1}))
 *   f_t = f(clip(U_f x_t + W_f h_{t-1} + b_f + p_f * c_{t-1}))      or, coupled, 1 - i_t
 *   g_t = g(clip(U_g x_t + W_g h_{t-1} + b_g))
 *   c_t = f_t * c_{t-1} + i_t * g_t
 *   o_t = f(clip(U_o x_t + W_o h_{t-1} + b_o + p_o * c_t))          reads the new cell state
 *   h_t = o_t * h(c_t)
 * </pre>
 *
 * <p>These are the equations of the ONNX operator LSTM. Peepholes {@code p}: Gers and Schmidhuber, "Recurrent nets that time and
 * count", IJCNN 2000. See {@link CellVariant} for the options, and {@link LstmCell} for the plain cell of most models.
 */
final class VariantCell implements Cell {
    private final Sum input;
    private final Sum forget;
    private final Sum candidate;
    private final Sum output;
    private final DenseVector<Object> pInput, pForget, pOutput; // (H)
    private final ReferenceActivation ofGates, ofCandidate, ofCell; // f, g, h
    private final double clip;
    private final boolean coupled;
    private final Optional<DenseMatrix<Object>> projection; // (P, H)

    VariantCell(LstmDirection weights) {
        CellVariant variant = weights.variant();
        input = new Sum(weights, Gate.INPUT);
        forget = new Sum(weights, Gate.FORGET);
        candidate = new Sum(weights, Gate.CANDIDATE);
        output = new Sum(weights, Gate.OUTPUT);
        float[] none = new float[weights.hiddenWidth()];
        pInput = vector(variant.peepholes().map(CellVariant.Peepholes::input).orElse(none));
        pForget = vector(variant.peepholes().map(CellVariant.Peepholes::forget).orElse(none));
        pOutput = vector(variant.peepholes().map(CellVariant.Peepholes::output).orElse(none));
        ofGates = new ReferenceActivation(variant.gate());
        ofCandidate = new ReferenceActivation(variant.candidate());
        ofCell = new ReferenceActivation(variant.output());
        clip = variant.clip();
        coupled = variant.coupled();
        projection = weights.projection().map(Algebra::matrix);
    }

    @Override
    public LstmCell.Step step(DenseVector<Object> x, LstmCell.State before) {
        DenseVector<Object> i = gate(input.of(x, before.h()), pInput, before.c());
        DenseVector<Object> f = coupled ? oneMinus(i) : gate(forget.of(x, before.h()), pForget, before.c());
        DenseVector<Object> g = ofCandidate.of(clip(candidate.of(x, before.h()), clip));
        DenseVector<Object> c = sum(hadamard(f, before.c()), hadamard(i, g));
        DenseVector<Object> o = gate(output.of(x, before.h()), pOutput, c);
        DenseVector<Object> h = hadamard(o, ofCell.of(c));
        return new LstmCell.Step(
                new LstmCell.State(projection.map(r -> product(r, h)).orElse(h), c), new LstmCell.Gates(i, f, g, o));
    }

    /** {@code f(clip(z + p * c))}. */
    private DenseVector<Object> gate(DenseVector<Object> z, DenseVector<Object> p, DenseVector<Object> c) {
        return ofGates.of(clip(sum(z, hadamard(p, c)), clip));
    }

    /** {@code U x_t + W h_{t-1} + b} of one gate. */
    private record Sum(DenseMatrix<Object> u, DenseMatrix<Object> w, DenseVector<Object> b) {
        Sum(LstmDirection weights, Gate gate) {
            this(matrix(weights.inputWeights(gate)), matrix(weights.hiddenWeights(gate)), vector(weights.bias(gate)));
        }

        DenseVector<Object> of(DenseVector<Object> x, DenseVector<Object> before) {
            return sum(product(u, x), product(w, before), b);
        }
    }
}
