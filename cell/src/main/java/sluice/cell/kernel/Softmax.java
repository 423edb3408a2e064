package sluice.cell.kernel;

/**
 * The normaliser of one softmax, accumulated block by block: {@code y_j = exp((z_j - max) / T) / sum}, with a temperature T, mostly 1. A
 * division by 1 changes no bits.
 *
 * <p>Blocks are added in the order of their columns, each with its own maximum and its sum of exponentials. All outputs of a step
 * (all probabilities, the top k, the likelihood of a token) use the same maximum and sum, so they agree bit for bit.
 */
public final class Softmax {
    /** Columns in a block. */
    public static final int BLOCK = 1024;

    /** Number of partial sums of a block. */
    public static final int LANES = 16;

    private final float temperature;
    private float max;
    private double sum;
    private double logSum; // NaN until first used

    /** A softmax of temperature 1. */
    public Softmax() {
        this(1);
    }

    /** @param temperature above 0 */
    public Softmax(float temperature) {
        this.temperature = temperature;
    }

    /** Adds up {@value #LANES} lanes in a binary tree, in place. */
    static float sumOfLanes(float[] lanes) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; lane++) {
                lanes[lane] += lanes[lane + half];
            }
        }
        return lanes[0];
    }

    /** Removes all blocks. */
    public void clear() {
        max = Float.NEGATIVE_INFINITY;
        sum = 0;
        logSum = Double.NaN;
    }

    /** Replaces logits by {@code (logit - max) / T}, whose exponentials are added up, or are probabilities before their scale. */
    public void exponents(float[] logits, int offset, int count, float ofMax) {
        for (int at = offset; at < offset + count; at++) {
            logits[at] = (logits[at] - ofMax) / temperature;
        }
    }

    /** Adds the next block: its largest logit, and the sum of {@code exp((logit - blockMax) / T)} over it. */
    public void add(float blockMax, float blockSum) {
        logSum = Double.NaN;
        if (blockMax > max) {
            sum = sum * GateFunctions.exp((max - blockMax) / temperature) + blockSum;
            max = blockMax;
        } else {
            sum += (double) blockSum * GateFunctions.exp((blockMax - max) / temperature);
        }
    }

    /** The largest logit. */
    public float max() {
        return max;
    }

    /** The factor that turns {@code exp((logit - max) / T)} into a probability. */
    public float scale() {
        return (float) (1 / sum);
    }

    /** The probability of a column with this logit. */
    public float probability(float logit) {
        return GateFunctions.exp((logit - max) / temperature) * scale();
    }

    /** The natural logarithm of {@link #probability}, computed from the logit, so that it does not underflow. */
    public double logProbability(float logit) {
        if (Double.isNaN(logSum)) {
            logSum = StrictMath.log(sum); // once for all outputs of a step
        }
        return ((double) logit - max) / temperature - logSum;
    }
}
