package sluice.cell.engine;

import sluice.cell.AnswerWidths;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/**
 * Heap that scoring a sequence takes, in bytes: its input and its answer. A stack that also reads backward additionally keeps the states
 * of two neighbouring layers at all steps, and the gates of the requested layer.
 */
final class MemoryEstimate {
    private static final long OBJECT_HEADER = 16;
    private static final long SEQUENCE = 300; // the objects of a sequence and its answer, without their arrays

    private final AnswerWidths widths;
    private final long stateFloats; // a step
    private final boolean looksAhead;

    MemoryEstimate(LstmModel model) {
        long input = model.embedding().isPresent() ? 1 : model.inputWidth(); // too many for one-hot tokens
        input += model.parts().size();
        long widest = 0;
        long below = 0;
        for (LstmLayer layer : model.layers()) {
            long here = 0;
            for (LstmDirection direction : layer.directions()) {
                here += direction.outputWidth() + 2L * direction.hiddenWidth();
            }
            here += layer.directions().size() > 1 ? layer.outputWidth() : 0;
            widest = Math.max(widest, below + here);
            below = layer.outputWidth();
        }
        this.widths = new AnswerWidths(model);
        this.stateFloats = input + (model.looksAhead() ? widest : 0);
        this.looksAhead = model.looksAhead();
    }

    /** @param length of the sequence, in steps */
    long bytes(ScoreRequest request, int length) {
        long steps = request.at() == Steps.LAST ? 1 : length;
        long bytes = SEQUENCE + Float.BYTES * stateFloats * (length + 1L);
        for (OutputKind kind : request.kinds()) {
            long value = OBJECT_HEADER * kind.objects() + Float.BYTES * kind.numbers(widths, request);
            bytes += kind.isPerSequence() ? value : steps * value;
        }
        return looksAhead && request.asksFor(OutputKind.GATES) ? bytes + gatesTable(request, length) : bytes;
    }

    /** The gates of all steps, which are kept until the backward direction has been read. */
    private long gatesTable(ScoreRequest request, int length) {
        return Gate.COUNT * Float.BYTES * (long) widths.gate(request) * (length + 1L);
    }
}
