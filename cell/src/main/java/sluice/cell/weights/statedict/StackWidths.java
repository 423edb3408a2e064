package sluice.cell.weights.statedict;

import java.util.OptionalLong;
import java.util.Set;
import sluice.cell.weights.file.Shape;

/**
 * Widths of a stack of LSTM modules, for what a further layer could be.
 *
 * @param input I of the first module
 * @param between widths between modules; empty if there is only one module
 * @param output width of the top module's output
 */
record StackWidths(long input, Set<Long> between, long output) {
    /** Whether a layer with these weights, (output, input), could be between two of the modules. */
    boolean couldBeBetween(Shape weights) {
        return weights.isMatrix() && weights.rows() == weights.columns() && between.contains(weights.rows());
    }

    /**
     * Whether a layer with these weights could be below the first module.
     *
     * @param embedding width of the embedding; empty if there is no embedding, when a layer below may read any width
     */
    boolean couldBeBelow(Shape weights, OptionalLong embedding) {
        return weights.isMatrix()
                && weights.rows() == input
                && (embedding.isEmpty() || weights.columns() == embedding.getAsLong());
    }
}
