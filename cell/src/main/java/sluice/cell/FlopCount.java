package sluice.cell;

import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/**
 * What answering costs in floating-point operations, by the textbook's count: two for each weight that is multiplied.
 *
 * @param step of a step through all layers; what the first layer looks up costs nothing
 * @param answer of an answered step through the output layer; 0 where nothing of it is asked
 * @param answersEachStep whether every step is answered, or the last alone
 */
public record FlopCount(long step, long answer, boolean answersEachStep) {
    /** The work that a request makes of a model. */
    public static FlopCount of(LstmModel model, InputKind input, ScoreRequest request) {
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
        boolean asked = request.emissions().stream().anyMatch(OutputKind::needsOutputLayer);
        long answer = asked
                ? model.output()
                        .map(output -> 2L * output.classes() * output.width())
                        .orElse(0L)
                : 0;
        boolean each = request.at() == Steps.EACH || request.needsTargets();
        return new FlopCount(step, answer, each);
    }

    /** Of so many sequences that have so many steps together. */
    public double of(double sequences, double steps) {
        return step * steps + answer * (answersEachStep ? steps : sequences);
    }
}
