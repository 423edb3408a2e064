package sluice.job.output;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/** The shapes of what a model answers to a request, for whoever only has the numbers. */
record VectorShapes(ScoreRequest request, LstmModel model) {
    /** {@code (steps, 29)}, or {@code (29)} where the last step alone is answered; of gates, that of each. */
    String of(OutputKind emission) {
        return switch (emission) {
            case SOFTMAX -> stepsOf(model.output().map(OutputLayer::classes).orElseThrow());
            case HIDDEN -> stepsOf(model.outputWidth());
            case CELL -> stepsOf(cells(model.layers().size() - 1));
            case GATES -> stepsOf(cells(request.gatesLayer(model)));
            case LOGPROB -> "(steps - 1)";
            case PREDICTION, TOPK, LOGLIK, RANK, STATE ->
                throw new IllegalArgumentException(emission + " is no vector of float32");
        };
    }

    private String stepsOf(int width) {
        return (request.at() == Steps.EACH ? "(steps, %d)" : "(%d)").formatted(width);
    }

    private int cells(int layer) {
        LstmLayer chosen = model.layers().get(layer);
        return chosen.directions().stream().mapToInt(LstmDirection::hiddenWidth).sum();
    }
}
