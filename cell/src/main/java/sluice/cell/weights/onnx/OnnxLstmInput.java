package sluice.cell.weights.onnx;

import java.util.List;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/** The axes of X, an LSTM node's input: which of them are steps, which are the batch. */
record OnnxLstmInput(List<OnnxAxis> steps, List<OnnxAxis> batch) {
    /**
     * Reads the axes, and settles by them what the axes of the graph's input are.
     *
     * @param batchFirst whether X is (batch, steps, I), layout 1, in place of (steps, batch, I)
     * @throws ModelException where X has other axes, or is nothing that an LSTM can read
     */
    static OnnxLstmInput of(OnnxSignal x, boolean batchFirst, long width) {
        if (x.isPart()) {
            throw new ModelException("reads %s; expected the input as it is".formatted(x.describe()));
        }
        if (x.rank() != 3) {
            throw new ModelException("reads %s, expected 3 axes: steps, batch and width".formatted(x.describe()));
        }
        OnnxLstmInput axes = new OnnxLstmInput(
                x.dimensions().get(batchFirst ? 1 : 0), x.dimensions().get(batchFirst ? 0 : 1));
        axes.requireSteps(x);
        axes.requireBatch(x);
        requireWidth(x, width);
        if (x.flipped() != null && !axes.steps.contains(x.flipped())) {
            throw new ModelException("reads %s backward, expected that of its steps alone".formatted(x.flipped()));
        }
        return axes;
    }

    /** No axis at all where a file scores one step at a time. */
    private void requireSteps(OnnxSignal x) {
        if (steps.size() > 1 || !steps.stream().allMatch(OnnxAxis::isInput)) {
            throw new ModelException("reads %s as steps, in %s: expected one axis of the input; check layout"
                    .formatted(steps, x.describe()));
        }
        steps.forEach(axis -> axis.settle(Role.STEPS));
    }

    private void requireBatch(OnnxSignal x) {
        if (!batch.stream().allMatch(OnnxAxis::isInput)) {
            throw new ModelException("reads %s as the batch, in %s: expected axes of the input; check layout"
                    .formatted(batch, x.describe()));
        }
        batch.forEach(axis -> axis.settle(Role.BATCH));
    }

    private static void requireWidth(OnnxSignal x, long width) {
        boolean fits;
        if (x.content() instanceof Hidden hidden) {
            boolean each = hidden.parts().stream().allMatch(part -> part.at() == At.EACH);
            if (!each) {
                throw new ModelException("reads one step of %s, expected each"
                        .formatted(x.content().place()));
            }
            fits = x.endsInAllUnits() && x.axisSize(-1) == width;
        } else {
            fits = isInputOfWidth(x, width);
        }
        if (!fits) {
            throw new ModelException("reads %s, expected a last axis of %d numbers, as W says; export the model again"
                    .formatted(x.describe(), width));
        }
    }

    private static boolean isInputOfWidth(OnnxSignal x, long width) {
        List<OnnxAxis> axes = x.wide(2);
        if (x.content() instanceof OnnxContent.Raw) {
            boolean one = axes.isEmpty() && width == 1;
            boolean fits = axes.size() == 1
                    && (axes.get(0).size() == width || axes.get(0).size() < 0);
            axes.forEach(axis -> axis.settle(Role.WIDTH));
            return one || fits;
        }
        boolean isInput = x.content() instanceof OnnxContent.Embedded || x.content() instanceof OnnxContent.OneHot;
        return isInput
                && axes.size() == 1
                && axes.get(0).role() == Role.WIDTH
                && axes.get(0).size() == width;
    }
}
