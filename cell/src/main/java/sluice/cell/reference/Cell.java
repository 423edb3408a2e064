package sluice.cell.reference;

import breeze.linalg.DenseVector;
import sluice.cell.model.LstmDirection;

/** What turns the state before a step into the state after it. Immutable. */
interface Cell {
    /** The cell that these weights belong to. */
    static Cell of(LstmDirection weights) {
        return weights.variant().isPlain() ? new LstmCell(weights) : new VariantCell(weights);
    }

    /**
     * One step.
     *
     * @param x {@code x_t}, width I
     * @param before {@code h_{t-1}} and {@code c_{t-1}}
     */
    LstmCell.Step step(DenseVector<Object> x, LstmCell.State before);
}
