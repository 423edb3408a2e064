package sluice.cell.reference;

import breeze.linalg.DenseVector;
import sluice.cell.model.LstmDirection;

/** The function from the state before a step to the state after it. Immutable. */
interface Cell {
    /** The cell of these weights. */
    static Cell of(LstmDirection weights) {
        return weights.variant().isPlain() ? new LstmCell(weights) : new VariantCell(weights);
    }

    /**
     * Computes one step.
     *
     * @param x {@code x_t}, width I
     * @param before {@code h_{t-1}} and {@code c_{t-1}}
     */
    LstmCell.Step step(DenseVector<Object> x, LstmCell.State before);
}
