package sluice.cell.kernel;

/**
 * The normaliser of one softmax, gathered block by block as logits pass by: {@code y_j = exp(z_j - max) / sum}.
 *
 * <p>Blocks come in the order of their columns, each with its own maximum and the sum of exponentials over it. Whatever is asked
 * of a step (all probabilities, the best few, the likelihood of one) divides by the same two numbers, and so shows the same bits.
 */
public final class Softmax {
    /** Columns in a block. */
    public static final int BLOCK = 1024;

    /** Lanes that a block's sum is taken over. */
    public static final int LANES = 16;

    private float max;
    private double sum;
    private double logSum; // NaN until it is asked for

    /** Adds up {@value #LANES} lanes as a tree of halves, in place. */
    static float sumOfLanes(float[] lanes) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; lane++) {
                lanes[lane] += lanes[lane + half];
            }
        }
        return lanes[0];
    }

    /** Forgets all blocks. */
    public void clear() {
        max = Float.NEGATIVE_INFINITY;
        sum = 0;
        logSum = Double.NaN;
    }

    /** The next block: its largest logit, and the sum of {@code exp(logit - blockMax)} over it. */
    public void add(float blockMax, float blockSum) {
        logSum = Double.NaN;
        if (blockMax > max) {
            sum = sum * GateFunctions.exp(max - blockMax) + blockSum;
            max = blockMax;
        } else {
            sum += (double) blockSum * GateFunctions.exp(blockMax - max);
        }
    }

    /** The largest logit. */
    public float max() {
        return max;
    }

    /** What {@code exp(logit - max)} is multiplied by to be a probability. */
    public float scale() {
        return (float) (1 / sum);
    }

    /** The probability of a column with this logit. */
    public float probability(float logit) {
        return GateFunctions.exp(logit - max) * scale();
    }

    /** The natural logarithm of {@link #probability}, from the logit itself, so that it doesn't underflow. */
    public double logProbability(float logit) {
        if (Double.isNaN(logSum)) {
            logSum = StrictMath.log(sum); // once for all that is asked of a step
        }
        return (double) logit - max - logSum;
    }
}
