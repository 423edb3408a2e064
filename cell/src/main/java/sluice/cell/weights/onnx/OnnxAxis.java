package sluice.cell.weights.onnx;

import sluice.cell.model.ModelException;

/**
 * One axis of what flows through a graph, the same object wherever it is carried to: nodes may move it, and lay it
 * together with its neighbours, but they can't hide it.
 *
 * <p>What an axis of the input is, steps or batch, shows where an LSTM reads it.
 */
final class OnnxAxis {
    /** What an axis counts. */
    enum Role {
        /** An axis of the input that no LSTM has read yet. */
        OPEN("an axis"),
        STEPS("the steps"),
        BATCH("the batch"),
        /** What a step is made of: numbers of an embedding's row, or features. */
        WIDTH("the width"),
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

        /** {@code the steps} and such, as messages say it. */
        String description() {
            return description;
        }
    }

    private final String name;
    private final long size; // -1 where it is open
    private Role role;

    private OnnxAxis(String name, long size, Role role) {
        this.name = name;
        this.size = size;
        this.role = role;
    }

    /** @param size -1 where the graph leaves it open */
    static OnnxAxis ofInput(String input, int at, long size) {
        return new OnnxAxis("axis %d of input '%s'".formatted(at, input), size, Role.OPEN);
    }

    static OnnxAxis of(Role role, long size) {
        return new OnnxAxis(role.description(), size, role);
    }

    /** -1 where it is open. */
    long size() {
        return size;
    }

    Role role() {
        return role;
    }

    /** Whether it comes from the input: its size is that of what is scored. */
    boolean isInput() {
        return role == Role.OPEN || role == Role.STEPS || role == Role.BATCH;
    }

    /**
     * Settles what an axis of the input is.
     *
     * @throws ModelException where it is settled otherwise
     */
    void settle(Role settled) {
        if (role != Role.OPEN && role != settled) {
            throw new ModelException("%s is %s here, but %s elsewhere: expected one of them; check the order of axes"
                    .formatted(name, settled.description(), role.description()));
        }
        role = settled;
    }

    /** Whether two axes can stand in each other's place. */
    boolean matches(OnnxAxis other) {
        return this == other || (!isInput() && role == other.role && size == other.size);
    }

    /** {@code the steps}, {@code 64 hidden units} and such. */
    @Override
    public String toString() {
        return role == Role.OPEN ? name : role.description() + (size < 0 ? "" : " (" + size + ")");
    }
}
