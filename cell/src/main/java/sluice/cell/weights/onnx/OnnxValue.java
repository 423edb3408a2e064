package sluice.cell.weights.onnx;

import java.util.List;
import sluice.cell.model.ModelException;

/** What is known of one value of a graph, and what the nodes that only move numbers make of it. */
sealed interface OnnxValue permits OnnxConstant, OnnxRows, OnnxSizes, OnnxSignal, OnnxShapeless {
    /** What it is, as messages say it. */
    String describe();

    default OnnxValue transpose(int[] order) {
        throw cant("transposed");
    }

    /**
     * Adds axes of size 1.
     *
     * @param axes where in the result they stand
     */
    default OnnxValue unsqueeze(long[] axes) {
        throw cant("unsqueezed");
    }

    /**
     * Takes axes of size 1 away.
     *
     * @param axes or null for all of them
     */
    default OnnxValue squeeze(long[] axes) {
        throw cant("squeezed");
    }

    default OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        throw cant("reshaped");
    }

    default OnnxValue flatten(long axis) {
        throw cant("flattened");
    }

    default OnnxValue slice(long axis, long start, long end, long step) {
        throw cant("sliced");
    }

    /** Takes one place of an axis, or some, which are then its new places. */
    default OnnxValue gather(long axis, OnnxArray places) {
        throw cant("gathered from");
    }

    /** A value of whole numbers, or of real ones. */
    default OnnxValue cast(boolean whole) {
        return this;
    }

    /** The sizes of its axes. */
    default OnnxSizes shape() {
        throw cant("asked for its shape");
    }

    /** The size of one axis, for a split into equal parts; -1 where it isn't known. */
    default long axisSize(long axis) {
        throw cant("split");
    }

    default ModelException cant(String done) {
        return new ModelException("%s is %s, which can't be followed; export the model with constants folded"
                .formatted(describe(), done));
    }

    /** An axis counted from the front: -1 is the last of {@code rank}. */
    static int axis(long axis, int rank) {
        if (axis < -rank || axis >= rank) {
            throw new ModelException("axis %d of %d, expected %d to %d".formatted(axis, rank, -rank, rank - 1));
        }
        return (int) (axis < 0 ? axis + rank : axis);
    }
}
