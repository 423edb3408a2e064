package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;

/**
 * Checks that an LSTM node reads as steps what the file says are the steps. A graph that reads the batch as steps is a
 * common mistake: PyTorch's {@code nn.LSTM} without {@code batch_first} over an input of shape (batch, steps).
 */
final class OnnxSteps {
    private static final Pattern BATCH = Pattern.compile("(?i)b|n|bs|bsz|.*batch.*");
    private static final Pattern STEPS =
            Pattern.compile("(?i)s|t|l|seq.*|.*sequence.*|.*time.*|.*steps?|len.*|.*_len(gth)?");
    private static final String DYNAMIC =
            "export it with the steps as a dynamic axis (in torch.onnx.export, dynamic_axes={'x': {0: 'batch', 1: 'steps'}} with the names and axes of your input)";

    private OnnxSteps() {}

    /**
     * Notes on the axes of the input.
     *
     * @param isContinued whether the node starts from states that are inputs of the graph, so that a sequence may be scored
     *     in parts
     * @throws ModelException if sequences have one step, or the names and sizes of the axes contradict their use
     */
    static List<String> check(OnnxLstmInput axes, boolean isContinued) {
        if (axes.steps().isEmpty()) {
            requireContinued(
                    isContinued,
                    "each row of the input is a sequence of one step, since the graph has no axis of steps: expected an input of shape (batch, steps) or (batch, steps, features); in PyTorch, don't add the axis of steps by unsqueeze or view, and "
                            + DYNAMIC);
            return List.of();
        }
        OnnxAxis steps = axes.steps().get(0);
        Optional<OnnxAxis> batch = axes.batch().stream().filter(steps::isBefore).findFirst();
        requireNames(steps, axes.batch());
        if (batch.isPresent() && batch.get().size() != 1) {
            requireSizes(steps, batch.get());
        }
        if (steps.size() == 1) {
            requireContinued(
                    isContinued,
                    "the steps are %s, of size 1, so the graph is defined for sequences of one step only: %s"
                            .formatted(steps.place(), DYNAMIC));
        }
        return notes(steps, batch);
    }

    private static void requireContinued(boolean isContinued, String otherwise) {
        if (!isContinued) {
            throw new ModelException(otherwise);
        }
    }

    private static void requireNames(OnnxAxis steps, List<OnnxAxis> batch) {
        for (OnnxAxis other : batch) {
            boolean isOpposite = (isNamed(steps, BATCH) && !isNamed(other, BATCH))
                    || (isNamed(other, STEPS) && !isNamed(steps, STEPS));
            if (isOpposite) {
                throw new ModelException(
                        "reads %s as the steps and %s as the batch, expected the opposite by their names; in PyTorch, build nn.LSTM with batch_first=True, train it and export it again, or correct the names in dynamic_axes or dynamic_shapes"
                                .formatted(steps.place(), other.place()));
            }
        }
    }

    private static boolean isNamed(OnnxAxis axis, Pattern names) {
        return names.matcher(axis.label()).matches();
    }

    /** A batch after the steps: files are exported for a batch of 1, or of any size. */
    private static void requireSizes(OnnxAxis steps, OnnxAxis batch) {
        if (steps.size() == 1 || (steps.size() < 0 && batch.size() > 1)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "reads %s, of %s, as the steps and %s, of %s, as the batch, expected a batch of 1 or of dynamic size: a batch looks to be read as steps; in PyTorch, build nn.LSTM with batch_first=True, train it and export it again, or if the steps are first, export it with both axes dynamic",
                    steps.place(),
                    size(steps),
                    batch.place(),
                    size(batch)));
        }
    }

    private static String size(OnnxAxis axis) {
        return axis.size() < 0 ? "dynamic size" : "size " + axis.size();
    }

    private static List<String> notes(OnnxAxis steps, Optional<OnnxAxis> batch) {
        List<String> notes = new ArrayList<>();
        if (batch.filter(axis -> axis.size() != 1).isPresent()) {
            notes.add(
                    "the graph reads %s as the steps and %s as the batch: if your input is (batch, steps), the model reads the batch as steps (nn.LSTM without batch_first) and its scores in PyTorch depend on the rows beside"
                            .formatted(steps.place(), batch.get().place()));
        } else if (isNamed(steps, BATCH)) {
            notes.add("the graph reads %s as the steps of one sequence, although its name is that of a batch"
                    .formatted(steps.place()));
        }
        if (steps.size() > 1) {
            notes.add(String.format(
                    Locale.ROOT,
                    "the graph is exported for sequences of %d steps; here sequences of any length are scored, as if the steps were a dynamic axis",
                    steps.size()));
        }
        return notes;
    }
}
