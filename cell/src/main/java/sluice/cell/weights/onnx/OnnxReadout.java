package sluice.cell.weights.onnx;

import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/**
 * The states of the topmost layer that the output of a graph is computed from: those of each step, those at the last step,
 * or the final state of each direction. The final state of a backward direction is that of the first step.
 */
record OnnxReadout(Hidden top) {
    /** The final states of each direction, or else the states of each step. */
    static Hidden orEach(Hidden top) {
        return new OnnxReadout(top).areFinalStates() ? top : top.at(At.EACH);
    }

    /** Whether all directions are read at this place. */
    boolean isAll(At at) {
        return top.parts().stream().allMatch(part -> part.at() == at);
    }

    boolean areFinalStates() {
        return top.parts().stream().allMatch(part -> part.at() == (part.reversed() ? At.FIRST : At.LAST));
    }

    /**
     * @param reader what reads the states, in messages
     * @throws ModelException if they are others
     */
    Readout of(String reader) {
        if (isAll(At.EACH) || isAll(At.LAST)) {
            return Readout.LAST_STEP;
        }
        if (areFinalStates()) {
            return Readout.FINAL_STATES;
        }
        throw new ModelException(
                "%s %s at %s: expected each step, the last step, or the final state of each direction; in PyTorch, select h[:, -1] or torch.cat((h_n[-2], h_n[-1]), 1)"
                        .formatted(
                                reader,
                                top.describe(),
                                top.parts().stream().map(OnnxReadout::format).collect(Collectors.joining(" and "))));
    }

    private static String format(DirectionOutput part) {
        String direction = part.reversed() ? "the backward direction" : "the forward direction";
        return switch (part.at()) {
            case EACH -> "each step of " + direction;
            case FIRST -> "the first step of " + direction;
            case LAST -> "the last step of " + direction;
        };
    }

    /** Which steps the graph has an output for. */
    String note() {
        if (isAll(At.EACH)) {
            return "the graph has an output for each step, like --at each";
        }
        if (isAll(At.LAST)) {
            return "the graph has an output for the last step, like --at last; --at each gives answers that the graph does not";
        }
        return top.parts().size() == 1
                ? "the graph has an output for the final state of the backward direction, like --at last"
                : "the graph has an output for the final state of each direction (h_n), like --at last";
    }
}
