package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Optional;

/**
 * Outputs of an LSTM other than its first. With {@code return_state} it has {@code [output, h, c]}, and a Bidirectional {@code [output,
 * h, c, backward h, backward c]}; a Bidirectional with merge mode null has one output for each direction. What an output layer can read
 * of them is what an LSTM with other settings outputs.
 */
final class KerasStates {
    /** Layer that joins several outputs. */
    static final String JOIN = "Concatenate";

    private static final String SEQUENCES = "return_sequences";
    private static final String MERGE = "merge_mode";
    private static final String CONCAT = "concat";
    private static final String WRAPPED = "layer";

    private KerasStates() {}

    /**
     * Returns the layer whose only output is the join of these outputs of a layer.
     *
     * @param outputs indexes of the outputs, in the order of the join
     * @return empty if there is no such layer
     */
    static Optional<KerasLayer> read(KerasLayer layer, List<Integer> outputs) {
        if (layer.kind().equals(KerasStack.BIDIRECTIONAL)) {
            boolean separate = layer.config().path(MERGE).isNull();
            if (separate && outputs.equals(List.of(0, 1))) {
                return Optional.of(layer.with(MERGE, TextNode.valueOf(CONCAT)));
            }
            if (!separate && outputs.equals(List.of(1, 3))) {
                return Optional.of(ofFinalStates(layer));
            }
        } else if (KerasLstm.isLstm(layer) && outputs.equals(List.of(1))) {
            return Optional.of(layer.with(SEQUENCES, BooleanNode.FALSE));
        }
        return outputs.equals(List.of(0)) ? Optional.of(layer) : Optional.empty();
    }

    /** A Bidirectional that outputs the final states of both directions, joined. */
    private static KerasLayer ofFinalStates(KerasLayer wrapper) {
        ObjectNode inner = KerasRecurrent.inner(wrapper).config().deepCopy();
        ObjectNode wrapped = wrapper.config().get(WRAPPED).deepCopy();
        wrapped.set("config", inner.put(SEQUENCES, false));
        return wrapper.with(WRAPPED, wrapped).with(MERGE, TextNode.valueOf(CONCAT));
    }

    /** Whether a layer joins the outputs that it reads, along the last axis. */
    static boolean isJoin(KerasLayer layer) {
        return layer.kind().equals(JOIN) && layer.axis(-1) == -1;
    }
}
