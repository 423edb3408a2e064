package sluice.cell;

import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * Widths of a model's output vectors. Computed once, because the sizes of answers are estimated for every row.
 * Immutable.
 */
public final class AnswerWidths {
    private final int classes;
    private final int hidden;
    private final int[] cells; // of each layer, all directions together
    private final long state;

    public AnswerWidths(LstmModel model) {
        this.classes = model.output().map(OutputLayer::classes).orElse(0);
        this.hidden = model.outputWidth();
        this.cells = model.layers().stream().mapToInt(AnswerWidths::cells).toArray();
        this.state = model.directions().stream()
                .mapToLong(direction -> (long) direction.outputWidth() + direction.hiddenWidth())
                .sum();
    }

    private AnswerWidths(AnswerWidths model, int classes) {
        this.classes = classes;
        this.hidden = model.hidden;
        this.cells = model.cells;
        this.state = model.state;
    }

    /** The widths of answers about this many candidates. */
    public AnswerWidths ofCandidates(int count) {
        return new AnswerWidths(this, count);
    }

    private static int cells(LstmLayer layer) {
        return layer.directions().stream().mapToInt(LstmDirection::hiddenWidth).sum();
    }

    /** K, or the number of candidates; 0 without an output layer. */
    public int classes() {
        return classes;
    }

    /** Width of the top layer's output. */
    public int hidden() {
        return hidden;
    }

    /** Cells of the top layer, all directions together. */
    public int cell() {
        return cells[cells.length - 1];
    }

    /**
     * Cells of the layer whose gates are requested, all directions together.
     *
     * @throws IllegalArgumentException where the model has no such layer
     */
    public int gate(ScoreRequest request) {
        return cells[request.gatesLayer(cells.length)];
    }

    /** Numbers in the final h and c of all layers and directions. */
    public long state() {
        return state;
    }
}
