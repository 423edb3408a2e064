package sluice.cell.weights.keras;

import java.util.List;
import java.util.Optional;

/** Finds the arrays of each layer. */
interface KerasWeights {
    /** The part of a layer that owns the arrays. Wrapper layers have several parts. */
    enum Part {
        OWN(""),
        /** The layer inside a TimeDistributed. */
        WRAPPED("layer/"),
        FORWARD("forward_layer/"),
        BACKWARD("backward_layer/");

        private final String folder;

        Part(String folder) {
            this.folder = folder;
        }

        /** Path of this part below its layer in the newer format, with a trailing slash. */
        String folder() {
            return folder;
        }
    }

    /**
     * Returns the arrays of a layer, in the order of Keras.
     *
     * @throws sluice.cell.model.ModelException if the file has none, or lacks one that it lists
     */
    List<Hdf5Dataset> of(KerasLayer layer, Part part);

    /** All arrays of a layer, also those that no part lists. Empty if the file has none. */
    List<Hdf5Dataset> all(KerasLayer layer);

    /** The major version of Keras that writes weights in this form, if only one does. */
    default Optional<Integer> major() {
        return Optional.empty();
    }

    /** The Keras version stored with the weights, if any. */
    default Optional<String> version() {
        return Optional.empty();
    }
}
