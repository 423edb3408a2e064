package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
import sluice.cell.model.ModelException;

/** What is known of one value of a graph, and how operators that only move values transform it. */
sealed interface OnnxValue permits OnnxConstant, OnnxExpanded, OnnxSizes, OnnxSignal, OnnxShapeless {
    /** The value in messages. */
    String describe();

    default OnnxValue transpose(int[] order) {
        throw unsupported("transposed");
    }

    /**
     * Adds axes of size 1.
     *
     * @param axes their indices in the result
     */
    default OnnxValue unsqueeze(long[] axes) {
        throw unsupported("unsqueezed");
    }

    /**
     * Removes axes of size 1.
     *
     * @param axes null for all of them
     */
    default OnnxValue squeeze(long[] axes) {
        throw unsupported("squeezed");
    }

    default OnnxValue reshape(List<OnnxSize> target, boolean zeroIsZero) {
        throw unsupported("reshaped");
    }

    default OnnxValue flatten(long axis) {
        throw unsupported("flattened");
    }

    default OnnxValue slice(long axis, long start, long end, long step) {
        throw unsupported("sliced");
    }

    /** Selects indices of an axis. A scalar index removes the axis. */
    default OnnxValue gather(long axis, OnnxArray indices) {
        throw unsupported("gathered from");
    }

    /** Casts to integers or floats. */
    default OnnxValue cast(boolean toInteger) {
        return this;
    }

    /** The sizes of its axes. */
    default OnnxSizes shape() {
        throw unsupported("asked for its shape");
    }

    /** The size of one axis, or -1 if unknown. */
    default long axisSize(long axis) {
        throw unsupported("split");
    }

    default ModelException unsupported(String operation) {
        return new ModelException("%s is %s, which is not supported; export the model with constants folded"
                .formatted(describe(), operation));
    }

    /** Converts a possibly negative axis to an index: -1 is the last of {@code rank}. */
    static int axis(long axis, int rank) {
        if (axis < -rank || axis >= rank) {
            throw new ModelException(
                    String.format(Locale.ROOT, "axis is %d of %d, expected %d to %d", axis, rank, -rank, rank - 1));
        }
        return (int) (axis < 0 ? axis + rank : axis);
    }
}
