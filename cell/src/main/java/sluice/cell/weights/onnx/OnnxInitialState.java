package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.ModelException;

/** An initial state of an LSTM node: {@code initial_h} or {@code initial_c}. */
final class OnnxInitialState {
    private final OnnxArray array; // (D, N, H), or (N, D, H) if batchFirst; may be null
    private final OnnxFill fill; // used if array is null; null if the state is an input
    private final boolean batchFirst;
    private final String input; // the graph input that it is, or null

    private OnnxInitialState(OnnxArray array, OnnxFill fill, boolean batchFirst, String input) {
        this.array = array;
        this.fill = fill;
        this.batchFirst = batchFirst;
        this.input = input;
    }

    /** All values are the same number. */
    static OnnxInitialState filled(OnnxFill fill, boolean batchFirst) {
        return new OnnxInitialState(null, fill, batchFirst, null);
    }

    /** @param batchFirst whether the axes are (N, D, H) and not (D, N, H) */
    static OnnxInitialState constant(OnnxArray array, boolean batchFirst) {
        return new OnnxInitialState(array, null, batchFirst, null);
    }

    /** An input of the graph; sequences start from zeros instead. */
    static OnnxInitialState input(String name) {
        return new OnnxInitialState(null, null, false, name);
    }

    /**
     * The state of one direction, of length H: what all sequences of a batch start from.
     *
     * @throws ModelException if its shape is wrong, or it differs between the sequences of a batch
     */
    float[] values(int direction, int directions, int h) {
        float[] state = new float[h];
        if (array == null) {
            if (fill != null) {
                requireShape(directions, h);
                Arrays.fill(state, fill.number());
            }
            return state;
        }
        long[] shape = {1, 1, 1}; // broadcasting: missing leading axes have size 1
        for (int at = 0; at < array.shape().rank() && array.shape().rank() <= shape.length; at++) {
            shape[shape.length - array.shape().rank() + at] = array.shape().dimension(at);
        }
        long batch = shape[batchFirst ? 0 : 1];
        long blocks = shape[batchFirst ? 1 : 0];
        if (array.shape().rank() > shape.length
                || shape[2] != h
                || batch < 1
                || (blocks != directions && blocks != 1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its initial state is tensor %s, expected shape %s with %d direction%s and H = %d; correct it in the model",
                    array.describe(),
                    batchFirst ? "(N, D, H)" : "(D, N, H)",
                    directions,
                    directions == 1 ? "" : "s",
                    h));
        }
        float[] values = array.finiteFloats();
        int block = blocks == 1 ? 0 : direction;
        for (int row = 0; row < batch; row++) {
            int from = (int) (batchFirst ? row * blocks + block : block * batch + row) * h;
            float[] start = Arrays.copyOfRange(values, from, from + h);
            if (row > 0 && !Arrays.equals(start, state)) {
                throw new ModelException(
                        "its initial state %s differs between the rows of its batch, expected the same for every sequence"
                                .formatted(array.describe()));
            }
            state = start;
        }
        return state;
    }

    private void requireShape(int directions, int h) {
        List<OnnxSize> sizes = fill.sizes();
        if (sizes == null) {
            return;
        }
        boolean fits = sizes.size() == 3
                && isOrUnknown(sizes.get(2), h)
                && isOrUnknown(sizes.get(batchFirst ? 1 : 0), directions);
        if (!fits) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its initial state is %s, expected shape %s with %d direction%s and H = %d; correct it in the model",
                    fill.describe(),
                    batchFirst ? "(N, D, H)" : "(D, N, H)",
                    directions,
                    directions == 1 ? "" : "s",
                    h));
        }
    }

    /** The size of an axis of another input is not known. */
    private static boolean isOrUnknown(OnnxSize size, long expected) {
        return size.isNumber()
                ? size.number() == expected
                : size.axes() == null || size.axes().stream().allMatch(axis -> axis.role() == OnnxAxis.Role.UNASSIGNED);
    }

    /** Whether it is an input of the graph. */
    boolean isInput() {
        return input != null;
    }

    boolean isInput(String name) {
        return name.equals(input);
    }

    /** @param which {@code hidden} or {@code cell} */
    Optional<String> note(String which) {
        return Optional.ofNullable(input)
                .map(name ->
                        "the initial %s state is input '%s' of the graph, which is ignored: sequences start from zeros, or from"
                                        .formatted(which, name)
                                + " the state passed with them");
    }
}
