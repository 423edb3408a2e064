package sluice.cell;

import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * How far two numbers may be apart: here and nowhere else, as formulas.
 *
 * <p>The bits of one sequence in another batch, on another kernel, asked for other things, have none: see {@link
 * SameBits}.
 */
public final class Tolerance {
    /** Half a unit in the last place of 1: what one operation of float32 may err, relative to its result. */
    public static final double FLOAT = 0x1p-24;

    /** The same of float64. */
    public static final double DOUBLE = 0x1p-53;

    /** How much a step's rounding may grow while it is carried through the steps and layers after it. */
    private static final double CARRY = 1;

    /** What PyTorch's own two precisions differ by, with room; and once more where gates are driven hard. */
    private static final double TORCH_PROBABILITY = 1e-6;

    private static final double TORCH_STATE = 1e-5;
    private static final double TORCH_RELATIVE = 1e-5;
    private static final double TORCH_STRESS = 1e-4;

    /**
     * PyTorch's two biases are added up and rounded to float32 when a model is made: even the oracle starts half a
     * unit off.
     */
    private static final double ORACLE_RELATIVE = 4 * FLOAT;

    private static final double ONNX_STATE = 1e-5;
    private static final double ONNX_ROUGH = 1e-4;

    private static final double KERAS = 1e-5;

    private Tolerance() {}

    /**
     * Of probabilities against PyTorch's; what the oracle shows and what the files hold is rounded to float32, once
     * each.
     */
    public static double torchProbability(KernelChoice kernel, boolean stress) {
        if (kernel == KernelChoice.REFERENCE) {
            return 2 * FLOAT;
        }
        return stress ? TORCH_STRESS : TORCH_PROBABILITY;
    }

    /** Of h and c against PyTorch's. */
    public static double torchState(KernelChoice kernel, boolean stress, double expected) {
        if (kernel == KernelChoice.REFERENCE) {
            return 2 * FLOAT * Math.max(1, Math.abs(expected));
        }
        return stress ? TORCH_STRESS : TORCH_STATE;
    }

    /** Of a log-likelihood or one of its terms, which PyTorch gave in float64, against it. */
    public static double torchLogProbability(KernelChoice kernel, double expected) {
        return (kernel == KernelChoice.REFERENCE ? ORACLE_RELATIVE : TORCH_RELATIVE) * Math.max(1, Math.abs(expected));
    }

    /** The same of the oracle where no bias was rounded: float64 sums in another order, over a few hundred steps. */
    public static double torchLogProbabilityUnrounded(double expected) {
        return 1e-12 * Math.max(1, Math.abs(expected));
    }

    /** Of one term of a log-likelihood that the engine shows as float32. */
    public static double torchTerm(KernelChoice kernel, double expected) {
        return torchLogProbability(kernel, expected) + FLOAT * Math.abs(expected);
    }

    /**
     * Of h and c against what ONNX's own tests and ONNX Runtime's say, who computed in float32.
     *
     * @param rough whether the numbers there are themselves off, as their source says
     */
    public static double onnxState(boolean rough, double expected) {
        return (rough ? ONNX_ROUGH : ONNX_STATE) * Math.max(1, Math.abs(expected));
    }

    /** Of h and c against PyTorch's in float32, where cell states are large: both are off, each in its own way. */
    public static double torchSingle() {
        return TORCH_STRESS;
    }

    /** Of anything against Keras' answer, as in Keras' own tests: so much, and so much of what is expected. */
    public static double keras(double expected) {
        return KERAS + KERAS * Math.abs(expected);
    }

    /** Of h and c against ONNX Runtime's own tests, whose numbers were written down to a few digits. */
    public static double onnxRuntime() {
        return 1e-5;
    }

    /** Of one step of the oracle against the same formulas in plain doubles. */
    public static double oracleStep() {
        return 8 * DOUBLE;
    }

    /**
     * Of a few steps of the oracle in cells whose activations may have no bound, with inputs near 1: each step's rounding may be
     * carried on tenfold.
     */
    public static double oracleSteps(int steps, double expected) {
        return Math.pow(10, steps) * DOUBLE * Math.max(1, Math.abs(expected));
    }

    /**
     * Of h and c, engine against oracle: each layer adds the rounding of its longest chain, which grows like the root
     * of its terms, {@code sqrt(terms) * 2^-24 * largest sum}, and what it adds is carried on.
     *
     * @param largest the largest magnitude of anything compared, as inputs and c may be beyond 1
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
     * Of a plain cell's state from {@code f * c + i * g} of the gates shown beside it: both come from the same pre-activations, but
     * the step takes its quotients over a common denominator. Seven exponentials and what is made of them, a few units each.
     *
     * @param kept {@code f * c}
     * @param entered {@code i * g}
     */
    public static double cellOfGates(double kept, double entered) {
        return 32 * FLOAT * (Math.abs(kept) + Math.abs(entered)) + Float.MIN_NORMAL;
    }

    /** Of a logit: what the state brings along through a row of V, and the row's own chain. */
    public static double logit(LstmModel model, double largest) {
        Matrix weights = model.output().orElseThrow().weights();
        return rowSum(weights) * state(model, largest)
                + Math.sqrt(weights.columns()) * FLOAT * (1 + rowSum(weights) * largest);
    }

    /** Of a probability: no softmax moves by more than half of what its logits move by, and its own sums round too. */
    public static double probability(LstmModel model, double largest) {
        return logit(model, largest) / 2
                + softmaxRelative(model.output().orElseThrow().classes(), 1);
    }

    /** Of the logarithm of a probability: its logit and the normaliser may both be off. */
    public static double logProbability(LstmModel model, double largest, double expected) {
        return 2 * logit(model, largest)
                + softmaxRelative(model.output().orElseThrow().classes(), 1)
                + FLOAT * Math.abs(expected);
    }

    /** Of a sum of probabilities from 1, each rounded, over K classes. */
    public static double sumOfProbabilities(int classes) {
        return (classes + SUM_ROUNDINGS) * FLOAT;
    }

    /** A lane of a block adds 64 numbers, a tree of four levels follows, then the block, the quotient, the product. */
    private static final int SUM_ROUNDINGS = 64 + 4 + 4;

    /**
     * Of a probability, relative, when the logits are given exactly: the subtraction of the maximum rounds, and that
     * error stands in an exponent; the exponential and the sum round.
     *
     * @param spread the largest logit minus this one
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
