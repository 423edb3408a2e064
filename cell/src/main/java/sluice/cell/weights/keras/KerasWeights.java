package sluice.cell.weights.keras;

import java.util.List;
import java.util.Optional;

/** Where the arrays of each layer are. */
interface KerasWeights {
    /** Whose arrays are meant, of a layer that may wrap others. */
    enum Part {
        OWN(""),
        /** Of the layer that a TimeDistributed repeats. */
        WRAPPED("layer/"),
        FORWARD("forward_layer/"),
        BACKWARD("backward_layer/");

        private final String folder;

        Part(String folder) {
            this.folder = folder;
        }

        /** Where the newer files have it, below its layer; with a slash at its end. */
        String folder() {
            return folder;
        }
    }

    /**
     * The arrays of a layer, in the order in which Keras keeps them.
     *
     * @throws sluice.cell.model.ModelException where the file has none, or not all that it names
     */
    List<Hdf5Dataset> of(KerasLayer layer, Part part);

    /** What else the file says about the version that wrote it. */
    default Optional<String> version() {
        return Optional.empty();
    }
}
