package sluice.cell.engine;

import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * Estimates the memory, in bytes, that scoring a sequence takes: its input and its answer. For a model with a backward direction also
 * the states of two consecutive layers at all steps, and the gates of the requested layer.
 */
final class MemoryEstimate {
    private static final long ARRAY_HEADER = 16;
    private static final long SEQUENCE = 300; // bytes of the objects of a sequence and its answer, without their arrays

    private final long stateFloats; // per step
    private final long hiddenFloats; // per step
    private final long cellFloats; // per step
    private final long finalFloats; // per sequence
    private final long classes;
    private final long[] cells; // cells of each layer, both directions together
    private final boolean looksAhead;

    MemoryEstimate(LstmModel model) {
        long input = model.embedding().isPresent() ? 1 : model.inputWidth(); // an overestimate for one-hot tokens
        long widest = 0;
        long below = 0;
        long ends = 0;
        LstmLayer top = null;
        for (LstmLayer layer : model.layers()) {
            long here = 0;
            for (LstmDirection direction : layer.directions()) {
                here += direction.outputWidth() + 2L * direction.hiddenWidth();
                ends += direction.outputWidth() + direction.hiddenWidth();
            }
            here += layer.directions().size() > 1 ? layer.outputWidth() : 0;
            widest = Math.max(widest, below + here);
            below = layer.outputWidth();
            top = layer;
        }
        this.stateFloats = input + (model.looksAhead() ? widest : 0);
        this.finalFloats = ends;
        this.hiddenFloats = model.outputWidth();
        this.cellFloats = top == null ? 0 : cells(top);
        this.classes = model.output().map(OutputLayer::classes).orElse(0);
        this.cells = model.layers().stream().mapToLong(MemoryEstimate::cells).toArray();
        this.looksAhead = model.looksAhead();
    }

    private static long cells(LstmLayer layer) {
        return layer.directions().stream().mapToLong(LstmDirection::hiddenWidth).sum();
    }

    /** @param length in steps */
    long bytes(ScoreRequest request, int length) {
        long steps = request.at() == Steps.LAST ? 1 : length;
        long bytes = SEQUENCE + Float.BYTES * stateFloats * (length + 1L);
        for (OutputKind emission : request.emissions()) {
            bytes += switch (emission) {
                case SOFTMAX -> steps * row(classes);
                case PREDICTION, LOGPROB, RANK -> steps * Float.BYTES;
                case TOPK -> steps * 2 * row(request.topK());
                case LOGLIK -> ARRAY_HEADER;
                case HIDDEN -> steps * row(hiddenFloats);
                case CELL -> steps * row(cellFloats);
                case STATE -> row(finalFloats);
                case GATES -> gates(cells[request.gatesLayer(cells.length)], length);
            };
        }
        return bytes;
    }

    /** Four gates and the cell state at each step; for a model with a backward direction also the layer's table of gates. */
    private long gates(long width, int length) {
        long kept = looksAhead ? Gate.COUNT * Float.BYTES * width * (length + 1L) : 0;
        return kept + length * (2 * ARRAY_HEADER + (Gate.COUNT + 1) * row(width));
    }

    private static long row(long floats) {
        return ARRAY_HEADER + Float.BYTES * floats;
    }
}
