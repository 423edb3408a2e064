package sluice.cell.weights.file;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a file that describes its whole network computes last, and so which output kind gives the numbers of the file. */
public enum OutputEnd {
    /** The output layer itself. A framework's loss may apply a softmax or a sigmoid that the file doesn't have. */
    LINEAR("its output layer, without a softmax or sigmoid: --emit logits", "softmax", "sigmoid"),
    SIGMOID("a sigmoid: --emit sigmoid"),
    SOFTMAX("a softmax: --emit softmax"),
    LOG_SOFTMAX("a log-softmax: --emit softmax for the probabilities, loglik or logprob for logarithms"),
    ARGMAX("the most probable class: --emit prediction");

    private final String advice;
    private final String[] ifTheLossAppliesIt;

    OutputEnd(String advice, String... ifTheLossAppliesIt) {
        this.advice = advice;
        this.ifTheLossAppliesIt = ifTheLossAppliesIt;
    }

    /**
     * What the file ends in, and the output kind that gives it: {@code ends in a sigmoid: --emit sigmoid}.
     *
     * @param classes number of outputs; a single one has no softmax
     */
    public String sentence(int classes) {
        String others = Stream.of(ifTheLossAppliesIt)
                .filter(kind -> classes > 1 || !kind.equals("softmax"))
                .collect(Collectors.joining(" or "));
        return "ends in " + advice + (others.isEmpty() ? "" : ", or %s if the loss applied it".formatted(others));
    }
}
