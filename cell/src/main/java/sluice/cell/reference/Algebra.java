package sluice.cell.reference;

import breeze.generic.UFunc;
import breeze.linalg.DenseMatrix;
import breeze.linalg.DenseMatrix$mcD$sp;
import breeze.linalg.DenseVector;
import breeze.linalg.DenseVector$mcD$sp;
import breeze.linalg.operators.HasOps$;
import sluice.cell.model.Matrix;

/**
 * Breeze operators as Java methods. The operators take implicit Scala objects, which Java code must pass explicitly.
 *
 * <p>All values are float64. Products use netlib, which uses a native BLAS if the machine has one, so the reference is compared within a
 * tolerance and never bit by bit. {@link #softmax} is the softmax of neural networks; {@code breeze.linalg.softmax} is log-sum-exp.
 */
final class Algebra {
    private static final HasOps$ OPS = HasOps$.MODULE$;

    private Algebra() {}

    static DenseVector<Object> vector(double... values) {
        return new DenseVector$mcD$sp(values);
    }

    static DenseVector<Object> vector(float[] values) {
        return vector(widen(values));
    }

    static DenseMatrix<Object> matrix(Matrix matrix) {
        boolean rowMajor = true;
        return new DenseMatrix$mcD$sp(
                matrix.rows(), matrix.columns(), widen(matrix.values()), 0, matrix.columns(), rowMajor);
    }

    /** The values of a vector in a new array. */
    static double[] array(DenseVector<Object> vector) {
        double[] array = new double[vector.length()];
        for (int at = 0; at < array.length; at++) {
            array[at] = vector.apply$mcD$sp(at);
        }
        return array;
    }

    static DenseVector<Object> product(DenseMatrix<Object> matrix, DenseVector<Object> vector) {
        return OPS.impl_OpMulMatrix_DMD_DVD_eq_DVD().apply(matrix, vector);
    }

    static DenseVector<Object> sum(DenseVector<Object> a, DenseVector<Object> b) {
        return OPS.impl_OpAdd_DV_DV_eq_DV_Double().apply(a, b);
    }

    static DenseVector<Object> sum(DenseVector<Object> a, DenseVector<Object> b, DenseVector<Object> c) {
        return sum(sum(a, b), c);
    }

    /** The element-wise product. */
    static DenseVector<Object> hadamard(DenseVector<Object> a, DenseVector<Object> b) {
        UFunc.UImpl2<?, DenseVector<Object>, DenseVector<Object>, DenseVector<Object>> times =
                OPS.impl_Op_DV_DV_eq_DV_Double_OpMulScalar();
        return times.apply(a, b);
    }

    /** {@code 1 - z}. */
    static DenseVector<Object> oneMinus(DenseVector<Object> z) {
        double[] values = array(z);
        for (int at = 0; at < values.length; at++) {
            values[at] = 1 - values[at];
        }
        return vector(values);
    }

    /** Clamps each value to plus or minus a threshold, which may be infinite. */
    static DenseVector<Object> clip(DenseVector<Object> z, double threshold) {
        double[] values = array(z);
        for (int at = 0; at < values.length; at++) {
            values[at] = Math.max(-threshold, Math.min(threshold, values[at]));
        }
        return vector(values);
    }

    static DenseVector<Object> sigmoid(DenseVector<Object> z) {
        double[] values = array(z);
        for (int at = 0; at < values.length; at++) {
            values[at] = 1 / (1 + StrictMath.exp(-values[at]));
        }
        return vector(values);
    }

    static DenseVector<Object> tanh(DenseVector<Object> z) {
        double[] values = array(z);
        for (int at = 0; at < values.length; at++) {
            values[at] = StrictMath.tanh(values[at]);
        }
        return vector(values);
    }

    /** {@code exp(z_k) / sum_j exp(z_j)}, with the maximum subtracted from each z, so that nothing overflows. */
    static DenseVector<Object> softmax(DenseVector<Object> z) {
        double[] values = array(z);
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (int at = 0; at < values.length; at++) {
            values[at] = StrictMath.exp(values[at] - max);
            sum += values[at];
        }
        for (int at = 0; at < values.length; at++) {
            values[at] /= sum;
        }
        return vector(values);
    }

    private static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        for (int at = 0; at < values.length; at++) {
            wide[at] = values[at];
        }
        return wide;
    }
}
