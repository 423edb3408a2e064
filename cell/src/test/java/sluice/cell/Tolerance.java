package sluice.cell;

import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * All tolerances of the tests, as formulas.
 *
 * <p>Answers to the same sequence in another batch, on another kernel or with other output kinds have no tolerance: see {@link
 * SameBits}.
 */
public final class Tolerance {
    /** Half an ULP of 1: the relative error of one float32 operation. */
    public static final double FLOAT = 0x1p-24;

    /** The same for float64. */
    public static final double DOUBLE = 0x1p-53;

    /** Factor by which the rounding error of a step may grow in later steps and layers. */
    private static final double CARRY = 1;

    /** The difference between PyTorch's own float32 and float64 results, with a margin; a second value for saturated gates. */
    private static final double TORCH_PROBABILITY = 1e-6;

    private static final double TORCH_STATE = 1e-5;
    private static final double TORCH_RELATIVE = 1e-5;
    private static final double TORCH_STRESS = 1e-4;

    /**
     * PyTorch's two biases are added up and rounded to float32 when a model is read, so that even the reference starts with an error of
     * half an ULP.
     */
    private static final double ORACLE_RELATIVE = 4 * FLOAT;

    private static final double ONNX_STATE = 1e-5;
    private static final double ONNX_ROUGH = 1e-4;

    private static final double KERAS = 1e-5;

    private Tolerance() {}

    /**
     * Tolerance of probabilities against PyTorch's; the reference's values and those of the files are each rounded to float32 once.
     */
    public static double torchProbability(KernelChoice kernel, boolean stress) {
        if (kernel == KernelChoice.REFERENCE) {
            return 2 * FLOAT;
        }
        return stress ? TORCH_STRESS : TORCH_PROBABILITY;
    }

    /** Tolerance of h and c against PyTorch's. */
    public static double torchState(KernelChoice kernel, boolean stress, double expected) {
        if (kernel == KernelChoice.REFERENCE) {
            return 2 * FLOAT * Math.max(1, Math.abs(expected));
        }
        return stress ? TORCH_STRESS : TORCH_STATE;
    }

    /** Tolerance of a log-likelihood or one of its terms against PyTorch's float64 value. */
    public static double torchLogProbability(KernelChoice kernel, double expected) {
        return (kernel == KernelChoice.REFERENCE ? ORACLE_RELATIVE : TORCH_RELATIVE) * Math.max(1, Math.abs(expected));
    }

    /** The same for the reference if no bias was rounded: float64 sums in another order, over a few hundred steps. */
    public static double torchLogProbabilityUnrounded(double expected) {
        return 1e-12 * Math.max(1, Math.abs(expected));
    }

    /** Tolerance of a log-likelihood's term, which the engine returns as float32. */
    public static double torchTerm(KernelChoice kernel, double expected) {
        return torchLogProbability(kernel, expected) + FLOAT * Math.abs(expected);
    }

    /**
     * Tolerance of h and c against the float32 values in the tests of ONNX and ONNX Runtime.
     *
     * @param rough whether those values are imprecise themselves, according to their source
     */
    public static double onnxState(boolean rough, double expected) {
        return (rough ? ONNX_ROUGH : ONNX_STATE) * Math.max(1, Math.abs(expected));
    }

    /** Tolerance of h and c against PyTorch's float32 values with large cell states, where both have rounding errors. */
    public static double torchSingle() {
        return TORCH_STRESS;
    }

    /** Tolerance against Keras, as in Keras' own tests: an absolute part and a part relative to the expected value. */
    public static double keras(double expected) {
        return KERAS + KERAS * Math.abs(expected);
    }

    /** Tolerance of h and c against ONNX Runtime's own tests, whose values have few digits. */
    public static double onnxRuntime() {
        return 1e-5;
    }

    /** Tolerance of one step of the reference against the same formulas in plain doubles. */
    public static double oracleStep() {
        return 8 * DOUBLE;
    }

    /**
     * Tolerance of a few steps of the reference with unbounded activations and inputs near 1: the rounding error of a step may grow
     * tenfold per step.
     */
    public static double oracleSteps(int steps, double expected) {
        return Math.pow(10, steps) * DOUBLE * Math.max(1, Math.abs(expected));
    }

    /**
     * Tolerance of h and c, engine against reference. Each layer adds the rounding error of its longest chain, which grows like the
     * square root of the number of terms, {@code sqrt(terms) * 2^-24 * largest sum}, and propagates to later steps and layers.
     *
     * @param largest largest magnitude of the compared values; inputs and c may exceed 1
     */
    public static double state(LstmModel model, double largest) {
        double rounding = 0;
        double input = Math.max(1, largest);
        for (LstmDirection direction : model.directions()) {
            int terms = direction.inputWidth() + direction.outputWidth() + direction.hiddenWidth();
            double sum = Math.max(1, rowSum(direction.inputWeights()) + rowSum(direction.hiddenWeights()));
            rounding += Math.sqrt(terms) * FLOAT * sum * input;
        }
        return CARRY * rounding;
    }

    /**
     * Tolerance of a plain cell's state against {@code f * c + i * g} of the returned gates. Both come from the same pre-activations, but
     * the step uses quotients over a common denominator: seven exponentials with a few ULP each.
     *
     * @param kept {@code f * c}
     * @param entered {@code i * g}
     */
    public static double cellOfGates(double kept, double entered) {
        return 32 * FLOAT * (Math.abs(kept) + Math.abs(entered)) + Float.MIN_NORMAL;
    }

    /** Tolerance of a logit: the error of the state times a row of V, and the rounding of the row's chain. */
    public static double logit(LstmModel model, double largest) {
        Matrix weights = model.output().orElseThrow().weights();
        return rowSum(weights) * state(model, largest)
                + Math.sqrt(weights.columns()) * FLOAT * (1 + rowSum(weights) * largest);
    }

    /** Tolerance of a probability: a softmax changes by at most half of the change of its logits, plus the rounding of its sums. */
    public static double probability(LstmModel model, double largest) {
        return logit(model, largest) / 2
                + softmaxRelative(model.output().orElseThrow().classes(), 1);
    }

    /** Tolerance of a sigmoid, whose slope is at most a quarter; its exponential, sum and quotient round. */
    public static double sigmoid(LstmModel model, double largest) {
        return logit(model, largest) / 4 + 4 * FLOAT;
    }

    /** Tolerance of a log-probability: the errors of its logit and of the normaliser. */
    public static double logProbability(LstmModel model, double largest, double expected) {
        return 2 * logit(model, largest)
                + softmaxRelative(model.output().orElseThrow().classes(), 1)
                + FLOAT * Math.abs(expected);
    }

    /** Tolerance of the sum of K rounded probabilities against 1. */
    public static double sumOfProbabilities(int classes) {
        return (classes + SUM_ROUNDINGS) * FLOAT;
    }

    /** Rounding of a softmax: a lane adds 64 values, then a tree of four levels, the block's sum, the quotient and the product. */
    private static final int SUM_ROUNDINGS = 64 + 4 + 4;

    /**
     * Relative tolerance of a probability for exact logits: the subtraction of the maximum rounds, which is an error of the exponent;
     * the exponential and the sum round as well.
     *
     * @param spread largest logit minus this one
     */
    public static double softmaxRelative(int classes, double spread) {
        return (Math.min(classes, SUM_ROUNDINGS) + spread + 8) * FLOAT;
    }

    private static double rowSum(Matrix matrix) {
        double largest = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            double sum = 0;
            for (int column = 0; column < matrix.columns(); column++) {
                sum += Math.abs(matrix.at(row, column));
            }
            largest = Math.max(largest, sum);
        }
        return largest;
    }
}
