package sluice.cell.weights.onnx;

import java.util.Locale;
import sluice.cell.model.ModelException;

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

    private final String name;
    private final long size; // -1 if dynamic
    private Role role;

    private OnnxAxis(String name, long size, Role role) {
        this.name = name;
        this.size = size;
        this.role = role;
    }

    /** @param size -1 if dynamic */
    static OnnxAxis ofInput(String input, int at, long size) {
        return new OnnxAxis(String.format(Locale.ROOT, "axis %d of input '%s'", at, input), size, Role.UNASSIGNED);
    }

    static OnnxAxis of(Role role, long size) {
        return new OnnxAxis(role.description(), size, role);
    }

    /** The size, or -1 if dynamic. */
    long size() {
        return size;
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
                            .formatted(name, assigned.description(), role.description()));
        }
        role = assigned;
    }

    /** Whether two axes are the same, or have the same role and size. */
    boolean matches(OnnxAxis other) {
        return this == other || (!isInput() && role == other.role && size == other.size);
    }

    /** The axis in messages: {@code the steps}, {@code the hidden units (64)}. */
    @Override
    public String toString() {
        return role == Role.UNASSIGNED ? name : role.description() + (size < 0 ? "" : " (" + size + ")");
    }
}
