package sluice.cell.engine;

import sluice.cell.AnswerWidths;
import sluice.cell.ClassChoice;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
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

    private static final long CANDIDATE = 2; // numbers of a candidate beside its answers: the class, a logit

    private final AnswerWidths widths;
    private final long inputFloats; // a step
    private final long stateFloats; // a step, with those of the input
    private final boolean looksAhead;

    MemoryEstimate(LstmModel model) {
        long input = model.embedding().isPresent() ? 1 : model.inputWidth(); // too many for one-hot tokens
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
        this.inputFloats = input;
        this.stateFloats = input + (model.looksAhead() ? widest : 0);
        this.looksAhead = model.looksAhead();
    }

    long bytes(ScoreRequest request, Sequence sequence) {
        return bytes(request, sequence.length(), sequence.classes());
    }

    /** @param length of the sequence, in steps */
    long bytes(ScoreRequest request, int length, ClassChoice choice) {
        long bytes = Float.BYTES * stateFloats * (length + 1L) + answerBytes(request, length, choice);
        if (looksAhead && request.pooling() != Pooling.LAST) {
            bytes += Float.BYTES * (long) widths.hidden() * (length + 1L);
        }
        return looksAhead && request.asksFor(OutputKind.GATES) ? bytes + gatesTable(request, length) : bytes;
    }

    /** Of these bytes, those of the answer and of the objects of its sequence. */
    long answerBytes(ScoreRequest request, int length, ClassChoice choice) {
        long steps = request.answers(length);
        long chosen = choice.excluded().length;
        AnswerWidths answered = widths;
        if (choice.hasCandidates()) {
            int candidates = choice.candidates().length;
            chosen += CANDIDATE * candidates;
            answered = widths.ofCandidates(candidates);
        }
        long bytes = SEQUENCE + Integer.BYTES * chosen;
        for (OutputKind kind : request.kinds()) {
            long value = OBJECT_HEADER * kind.objects() + Float.BYTES * kind.numbers(answered, request);
            bytes += kind.isPerSequence() ? value : steps * value;
        }
        return bytes;
    }

    /** Bytes of the input of one sequence. */
    long inputBytes(int length) {
        return Float.BYTES * inputFloats * (length + 1L);
    }

    /** The gates of all steps, which are kept until the backward direction has been read. */
    private long gatesTable(ScoreRequest request, int length) {
        return Gate.COUNT * Float.BYTES * (long) widths.gate(request) * (length + 1L);
    }
}
