package sluice.cell.weights.file;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import sluice.cell.model.Gate;

/** The order of the four gate blocks in a file. Converts to the canonical order i, f, g, o. */
public enum GateOrder {
    /** i, f, g, o: PyTorch ({@code torch.nn.LSTM}), and Keras since version 2. */
    IFGO(Gate.INPUT, Gate.FORGET, Gate.CANDIDATE, Gate.OUTPUT),
    /** i, o, f, g: ONNX. Its documentation calls the candidate c. */
    IOFG(Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CANDIDATE),
    /** i, g, f, o: Keras 1, which has separate tensors for each gate and calls the candidate c. */
    IGFO(Gate.INPUT, Gate.CANDIDATE, Gate.FORGET, Gate.OUTPUT);

    @SuppressWarnings("ImmutableEnumChecker") // never modified or exposed
    private final Gate[] gates; // index: block in the file

    GateOrder(Gate... gates) {
        this.gates = gates;
    }

    /** The gate of a block of the file. Blocks count from 0. */
    public Gate gate(int block) {
        return gates[block];
    }

    /** Whether the order is already the canonical one. */
    public boolean isCanonical() {
        return this == IFGO;
    }

    /**
     * Copies four consecutive blocks into canonical order.
     *
     * @param values an array that contains the blocks
     * @param from index of the first value of the first block
     * @param block number of values in each block
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
