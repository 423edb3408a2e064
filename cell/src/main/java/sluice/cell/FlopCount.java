package sluice.cell;

import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * Floating-point operations that scoring takes: two for each weight that is multiplied. Additions of biases and the activation functions
 * are not counted.
 *
 * @param step operations of one step through all layers; the input product is 0 for a first layer that uses a lookup table
 * @param answer operations of one answered step in the output layer; 0 if no requested output needs it
 * @param answersEachStep whether the output layer computes every step, or the last one only
 * @param windowSteps steps that are computed for one answer, if each step is answered; 1 without windows
 */
public record FlopCount(long step, long answer, boolean answersEachStep, int windowSteps) {
    public static FlopCount of(LstmModel model, InputKind input, ScoreRequest request) {
        return of(
                model, input, request, model.output().map(OutputLayer::classes).orElse(0));
    }

    /**
     * The same for sequences with candidates.
     *
     * @param candidates of a sequence, on average
     */
    public static FlopCount of(LstmModel model, InputKind input, ScoreRequest request, double candidates) {
        int inFirstLayer = model.layers().get(0).directions().size();
        long step = 0;
        for (int at = 0; at < model.directions().size(); at++) {
            LstmDirection direction = model.directions().get(at);
            boolean looksUp = at < inFirstLayer && input.takesTokens();
            long read = direction.outputWidth() + (looksUp ? 0 : direction.inputWidth());
            step += 2 * 4L * direction.hiddenWidth() * read;
            step += direction
                    .projection()
                    .map(projection -> 2L * projection.rows() * projection.columns())
                    .orElse(0L);
        }
        long answer = request.needsOutputLayer()
                ? model.output()
                        .map(output -> 2L * computed(output.classes(), candidates, request) * output.width())
                        .orElse(0L)
                : 0;
        boolean each = request.at() == Steps.EACH || request.needsTargets();
        return new FlopCount(
                step, answer, each, request.windows().map(Windows::length).orElse(1));
    }

    /** Classes whose logits are computed for an answer. */
    private static long computed(int classes, double candidates, ScoreRequest request) {
        boolean all = !request.hasCandidates() || request.needsSum() || request.needsTargets();
        return all ? classes : Math.min(classes, Math.round(candidates));
    }

    /**
     * @param sequences their number
     * @param steps number of steps of all of them together
     */
    public double of(double sequences, double steps) {
        return step * steps + answer * (answersEachStep ? steps / windowSteps : sequences);
    }
}
