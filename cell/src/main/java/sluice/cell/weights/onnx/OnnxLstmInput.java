package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/** The step and batch axes of X, the input of an LSTM node. */
record OnnxLstmInput(List<OnnxAxis> steps, List<OnnxAxis> batch) {
    /**
     * Checks the axes of X and assigns their roles.
     *
     * @param batchFirst whether X has the axes (batch, steps, I), layout 1, instead of (steps, batch, I)
     * @throws ModelException if X has other axes, or an LSTM can't read it
     */
    static OnnxLstmInput of(OnnxSignal x, boolean batchFirst, long width) {
        if (x.isDerivedInput()) {
            throw new ModelException("reads %s; expected an unchanged input".formatted(x.describe()));
        }
        if (x.rank() != 3) {
            throw new ModelException("reads %s, expected 3 axes: steps, batch and width".formatted(x.describe()));
        }
        OnnxLstmInput axes = new OnnxLstmInput(
                x.dimensions().get(batchFirst ? 1 : 0), x.dimensions().get(batchFirst ? 0 : 1));
        axes.requireSteps(x);
        axes.requireBatch(x);
        requireWidth(x, width);
        if (x.content() instanceof OnnxContent.SideBySide several) {
            several.assignRoles();
        }
        if (x.flipped() != null && !axes.steps.contains(x.flipped())) {
            throw new ModelException("reads %s in reverse, expected only its steps in reverse".formatted(x.flipped()));
        }
        return axes;
    }

    /** There is no step axis if the graph scores one step at a time. */
    private void requireSteps(OnnxSignal x) {
        if (steps.size() > 1 || !steps.stream().allMatch(OnnxAxis::isInput)) {
            throw new ModelException("reads %s as steps, in %s: expected one axis of the input; check layout"
                    .formatted(OnnxAxis.list(steps), x.describe()));
        }
        steps.forEach(axis -> axis.assign(Role.STEPS));
    }

    private void requireBatch(OnnxSignal x) {
        if (!batch.stream().allMatch(OnnxAxis::isInput)) {
            throw new ModelException("reads %s as the batch, in %s: expected axes of the input; check layout"
                    .formatted(OnnxAxis.list(batch), x.describe()));
        }
        batch.forEach(axis -> axis.assign(Role.BATCH));
    }

    private static void requireWidth(OnnxSignal x, long width) {
        boolean fits;
        if (x.content() instanceof Hidden hidden) {
            boolean each = hidden.parts().stream().allMatch(part -> part.at() == At.EACH);
            if (!each) {
                throw new ModelException("reads one step of %s, expected all steps"
                        .formatted(x.content().describe()));
            }
            fits = x.endsInAllUnits() && x.axisSize(-1) == width;
        } else {
            fits = isInputOfWidth(x, width);
        }
        if (!fits) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "reads %s, expected a last axis of size %d, the input width of W; export the model again",
                    x.describe(),
                    width));
        }
    }

    private static boolean isInputOfWidth(OnnxSignal x, long width) {
        List<OnnxAxis> axes = x.nontrivialAxes(2);
        if (x.content() instanceof OnnxContent.Raw raw) {
            if (raw.numbers() == OnnxContent.Raw.Numbers.CAST_TO_WHOLE) {
                throw new ModelException(
                        "reads %s cast to integers, which leaves out the fractions, expected the numbers themselves; apply the cast to the rows, and export the model without it"
                                .formatted(raw.describe()));
            }
            boolean one = axes.isEmpty() && width == 1;
            boolean fits = axes.size() == 1
                    && (axes.get(0).size() == width || axes.get(0).size() < 0);
            axes.forEach(axis -> axis.assign(Role.WIDTH));
            return one || fits;
        }
        boolean isInput = x.content() instanceof OnnxContent.Embedded
                || x.content() instanceof OnnxContent.OneHot
                || x.content() instanceof OnnxContent.SideBySide;
        return isInput
                && axes.size() == 1
                && axes.get(0).role() == Role.WIDTH
                && axes.get(0).size() == width;
    }
}
