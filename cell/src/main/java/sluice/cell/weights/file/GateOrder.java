package sluice.cell.weights.file;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import sluice.cell.model.Gate;

/** In which order a file has the blocks of the four gates, and how they come into the canonical one: i, f, g, o. */
public enum GateOrder {
    /** i, f, g, o: PyTorch ({@code torch.nn.LSTM}), and Keras since its version 2. */
    IFGO(Gate.INPUT, Gate.FORGET, Gate.CANDIDATE, Gate.OUTPUT),
    /** i, o, f, g: ONNX, which calls the candidate c. */
    IOFG(Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CANDIDATE),
    /** i, g, f, o: Keras 1, with tensors of their own for each gate, and the candidate as c. */
    IGFO(Gate.INPUT, Gate.CANDIDATE, Gate.FORGET, Gate.OUTPUT);

    @SuppressWarnings("ImmutableEnumChecker") // never written, never handed out
    private final Gate[] gates; // by block of the file

    GateOrder(Gate... gates) {
        this.gates = gates;
    }

    /** Which gate a block of the file belongs to, the first block being 0. */
    public Gate gate(int block) {
        return gates[block];
    }

    /** Whether blocks can be taken as they are. */
    public boolean isCanonical() {
        return this == IFGO;
    }

    /**
     * Four blocks, one after another, in canonical order.
     *
     * @param values an array that holds them
     * @param from where the first begins
     * @param block how many values each has
     * @return a new array of {@code 4 * block} values
     */
    public float[] canonical(float[] values, int from, int block) {
        float[] canonical = new float[Gate.COUNT * block];
        for (int at = 0; at < gates.length; at++) {
            System.arraycopy(values, from + at * block, canonical, gates[at].block() * block, block);
        }
        return canonical;
    }

    /** {@code i, o, f, g}. */
    @Override
    public String toString() {
        return Arrays.stream(gates).map(GateOrder::letter).collect(Collectors.joining(", "));
    }

    private static String letter(Gate gate) {
        return gate == Gate.CANDIDATE ? "g" : gate.name().substring(0, 1).toLowerCase(Locale.ROOT);
    }
}
