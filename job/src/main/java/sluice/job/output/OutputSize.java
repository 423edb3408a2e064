package sluice.job.output;

import java.util.Optional;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.job.message.HumanText;

/** How many bytes answers take where they are written, before they are compressed; probabilities hardly compress. */
public final class OutputSize {
    private static final int GATES = 5; // arrays: three gates, the candidate and the cell state
    private static final double MUCH = 1L << 40;

    private OutputSize() {}

    /** What a user may not have meant. */
    public static Optional<String> warning(double bytes, ScoreRequest request) {
        if (bytes < MUCH) {
            return Optional.empty();
        }
        boolean distributions = request.asksFor(OutputKind.SOFTMAX) && request.at() == Steps.EACH;
        String remedy = distributions
                ? ": softmax at each step is most of it; topk, rank or loglik tell what matters in a hundredth"
                : "";
        return Optional.of("the output would take %s%s".formatted(HumanText.size(bytes), remedy));
    }

    /** Of a row with so many steps, on average. */
    public static double answerBytes(LstmModel model, ScoreRequest request, double steps) {
        double answered = request.at() == Steps.EACH ? steps : 1;
        double bytes = 0;
        for (OutputKind emission : request.emissions()) {
            bytes += switch (emission) {
                case SOFTMAX ->
                    answered
                            * Float.BYTES
                            * model.output().map(OutputLayer::classes).orElse(0);
                case PREDICTION -> answered * Integer.BYTES;
                case TOPK -> answered * request.topK() * (Integer.BYTES + Float.BYTES);
                case LOGLIK -> 2 * Double.BYTES + Integer.BYTES;
                case LOGPROB, RANK -> Math.max(0, steps - 1) * Float.BYTES;
                case HIDDEN -> answered * Float.BYTES * model.outputWidth();
                case CELL ->
                    answered * Float.BYTES * cellWidth(model, model.layers().size() - 1);
                case GATES -> answered * GATES * Float.BYTES * cellWidth(model, request.gatesLayer(model));
                case STATE -> Float.BYTES * (double) stateWidth(model);
            };
        }
        return bytes;
    }

    private static int cellWidth(LstmModel model, int layer) {
        return model.layers().get(layer).directions().stream()
                .mapToInt(LstmDirection::hiddenWidth)
                .sum();
    }

    private static int stateWidth(LstmModel model) {
        return model.directions().stream()
                .mapToInt(direction -> direction.hiddenWidth() + direction.outputWidth())
                .sum();
    }
}
