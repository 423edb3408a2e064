package sluice.cell.weights.keras;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.keras.KerasWeights.Part;

/** Builds the LSTM layers of a model: LSTM, CuDNNLSTM and Bidirectional. */
final class KerasRecurrent {
    private static final Map<String, Merge> MERGES =
            Map.of("concat", Merge.CONCAT, "sum", Merge.SUM, "mul", Merge.MUL, "ave", Merge.AVERAGE);

    private final KerasArrays arrays;
    private final KerasVersion version;
    private final Consumer<String> notes;
    private GateOrder gates = KerasLstm.GATES;

    /** @param version the Keras version that wrote the model */
    KerasRecurrent(KerasArrays arrays, KerasVersion version, Consumer<String> notes) {
        this.arrays = arrays;
        this.version = version;
        this.notes = notes;
    }

    /** Gate order in the file. */
    GateOrder gates() {
        return gates;
    }

    static boolean isRecurrent(KerasLayer layer) {
        return KerasLstm.isLstm(layer) || layer.kind().equals(KerasStack.BIDIRECTIONAL);
    }

    /** The wrapped layer of a wrapper. */
    static KerasLayer inner(KerasLayer wrapper) {
        return wrapper.inner("layer")
                .orElseThrow(() -> new ModelException(
                        "%s wraps no layer, expected one under 'layer' of its settings".formatted(wrapper.describe())));
    }

    /** Whether it outputs one row for each step. */
    static boolean isSequence(KerasLayer layer) {
        KerasLayer one = layer.kind().equals(KerasStack.BIDIRECTIONAL) ? inner(layer) : layer;
        return one.flag(false, "return_sequences");
    }

    /** Whether it reads its input from the last step to the first. */
    static boolean isReversed(KerasLayer layer) {
        return KerasLstm.isLstm(layer) && layer.flag(false, "go_backwards");
    }

    /** @param reversed whether its input is in reverse order of the tokens */
    LstmLayer layer(KerasLayer layer, boolean reversed) {
        return layer.kind().equals(KerasStack.BIDIRECTIONAL) ? bidirectional(layer, reversed) : single(layer, reversed);
    }

    private LstmLayer single(KerasLayer layer, boolean reversed) {
        requireScorable(layer);
        LstmDirection direction = direction(layer, arrays.of(layer, Part.OWN));
        return LstmLayer.of(reversed ^ isReversed(layer) ? direction.backward() : direction);
    }

    private LstmLayer bidirectional(KerasLayer wrapper, boolean reversed) {
        KerasLayer forward = inner(wrapper);
        KerasLayer backward = wrapper.inner("backward_layer").orElse(forward);
        for (KerasLayer layer : List.of(forward, backward)) {
            if (!KerasLstm.isLstm(layer)) {
                throw KerasRefusals.of(layer, false);
            }
            requireScorable(layer);
        }
        boolean readsForward = wrapper.inner("backward_layer").isPresent() && !isReversed(backward);
        if (reversed || isReversed(forward) || readsForward) {
            throw new ModelException(
                    "%s has a forward layer that goes backwards, or a backward one that doesn't; expected go_backwards in the backward layer only"
                            .formatted(wrapper.describe()));
        }
        Merge merge = MERGES.get(wrapper.config().path("merge_mode").asText(""));
        if (merge == null) {
            throw new ModelException("%s has merge_mode %s, expected concat, sum, mul or ave"
                    .formatted(
                            wrapper.describe(),
                            NameList.shortened(
                                    wrapper.config().path("merge_mode").toString())));
        }
        return LstmLayer.bidirectional(
                direction(forward, arrays.of(wrapper, Part.FORWARD)),
                direction(backward, arrays.of(wrapper, Part.BACKWARD)).backward(),
                merge);
    }

    private LstmDirection direction(KerasLayer layer, List<Hdf5Dataset> found) {
        KerasLstm lstm = new KerasLstm(layer, found);
        if (lstm.isKeras1()) {
            gates = KerasLstm.KERAS_1_GATES;
        }
        return lstm.direction(version);
    }

    private void requireScorable(KerasLayer layer) {
        if (layer.flag(false, "time_major")) {
            throw new ModelException("%s has time_major true, expected sequences one by one; build it without"
                    .formatted(layer.describe()));
        }
        if (layer.flag(false, "stateful")) {
            notes.accept(
                    "%s is stateful: Keras continues from the state of the previous batch, here each sequence starts from the initial state"
                            .formatted(layer.describe()));
        }
    }
}
