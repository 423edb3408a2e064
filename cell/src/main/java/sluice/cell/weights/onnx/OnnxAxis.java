package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * One axis of a value that depends on a graph input. The same object identifies the axis in all values derived from it:
 * operators may move it or merge it with its neighbours.
 *
 * <p>Axes of an input get their role, steps or batch, when an LSTM reads them.
 */
final class OnnxAxis {
    /** The meaning of an axis. */
    enum Role {
        /** An axis of an input that no LSTM has read yet. */
        UNASSIGNED("an axis"),
        STEPS("the steps"),
        BATCH("the batch"),
        /** The values of a step: an embedding vector, or features. */
        WIDTH("the width"),
        /** The layers of a stack, above the directions of each: {@code h_n.view(layers, directions, batch, H)}. */
        LAYERS("the layers"),
        /** The directions of a layer. */
        DIRECTIONS("the directions"),
        /** The hidden units of one direction. */
        UNITS("the hidden units"),
        /** The logits of an output layer. */
        CLASSES("the classes");

        private final String description;

        Role(String description) {
            this.description = description;
        }

        /** The role in messages: {@code the steps}. */
        String description() {
            return description;
        }
    }

    private final String input; // null if it is no axis of an input
    private final int position; // in the shape of the input
    private final OnnxPort.Axis axis;
    private Role role;

    private OnnxAxis(String input, int position, OnnxPort.Axis axis, Role role) {
        this.input = input;
        this.position = position;
        this.axis = axis;
        this.role = role;
    }

    static OnnxAxis ofInput(String input, int position, OnnxPort.Axis axis) {
        return new OnnxAxis(input, position, axis, Role.UNASSIGNED);
    }

    static OnnxAxis of(Role role, long size) {
        return new OnnxAxis(null, 0, new OnnxPort.Axis("", size), role);
    }

    /** Whether both are axes of the same input, this one before the other. */
    boolean isBefore(OnnxAxis other) {
        return input != null && input.equals(other.input) && position < other.position;
    }

    /** The name in the file; empty for an axis without a name. */
    String label() {
        return axis.name();
    }

    /** The axis of the input in messages, whatever its role: {@code axis 0 of input 'x' ('batch')}. */
    String place() {
        String label = label().isEmpty() ? "" : " ('" + NameList.shortened(label()) + "')";
        return String.format(Locale.ROOT, "axis %d of input '%s'%s", position, input, label);
    }

    /** The size, or -1 if dynamic. */
    long size() {
        return axis.size();
    }

    /** Whether it selects outputs of LSTM directions. */
    boolean isSelection() {
        return role == Role.LAYERS || role == Role.DIRECTIONS;
    }

    Role role() {
        return role;
    }

    /** Whether this is an axis of a graph input other than its width. The size then depends on the scored sequences. */
    boolean isInput() {
        return role == Role.UNASSIGNED || role == Role.STEPS || role == Role.BATCH;
    }

    /**
     * Assigns the role of an input axis.
     *
     * @throws ModelException if it already has another role
     */
    void assign(Role assigned) {
        if (role != Role.UNASSIGNED && role != assigned) {
            throw new ModelException(
                    "%s is %s here, but %s elsewhere: expected the same meaning; check the order of axes"
                            .formatted(place(), assigned.description(), role.description()));
        }
        role = assigned;
    }

    /** Whether two axes are the same, or have the same role and size. */
    boolean matches(OnnxAxis other) {
        return this == other || (!isInput() && role == other.role && size() == other.size());
    }

    /** The axis in messages: {@code the steps}, {@code the hidden units (64)}. */
    @Override
    public String toString() {
        return role == Role.UNASSIGNED ? place() : role.description() + (size() < 0 ? "" : " (" + size() + ")");
    }

    /** Axes in messages: {@code the steps, the classes (7)}. */
    static String list(List<OnnxAxis> axes) {
        return axes.isEmpty()
                ? "no axis"
                : axes.stream().map(OnnxAxis::toString).collect(Collectors.joining(", "));
    }

    /** The axes of all dimensions in messages: {@code the batch, the steps * the classes (7), 1}. */
    static String listAll(List<List<OnnxAxis>> dimensions) {
        return dimensions.stream()
                .map(axes -> axes.isEmpty()
                        ? "1"
                        : axes.stream().map(OnnxAxis::toString).collect(Collectors.joining(" * ")))
                .collect(Collectors.joining(", "));
    }
}
