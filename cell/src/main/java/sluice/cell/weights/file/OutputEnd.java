package sluice.cell.weights.file;

/** What a file that describes its whole network computes last, and so which output kind gives the numbers of the file. */
public enum OutputEnd {
    /** The output layer itself. A framework's loss may apply a softmax or a sigmoid that the file doesn't have. */
    LINEAR("its output layer: --emit logits"),
    SIGMOID("a sigmoid: --emit sigmoid"),
    SOFTMAX("a softmax: --emit softmax"),
    LOG_SOFTMAX("a log-softmax: --emit softmax for the probabilities, loglik or logprob for logarithms"),
    ARGMAX("the most probable class: --emit prediction");

    /** The note on a file without an output layer. */
    public static final String NO_LAYER = "no output layer: the model gives hidden states";

    private final String advice;

    OutputEnd(String advice) {
        this.advice = advice;
    }

    /**
     * What the file ends in, and the output kind that gives it: {@code ends in a sigmoid: --emit sigmoid}.
     *
     * @param classes number of outputs; a single one has no softmax
     */
    public String sentence(int classes) {
        String ends = "ends in " + advice;
        if (this != LINEAR) {
            return ends;
        }
        return classes > 1
                ? ends
                        + "; for probabilities --emit softmax (trained with cross-entropy) or sigmoid (binary cross-entropy)"
                : ends + "; for the probability --emit sigmoid (trained with binary cross-entropy)";
    }
}
