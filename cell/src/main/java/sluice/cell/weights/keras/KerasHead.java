package sluice.cell.weights.keras;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.keras.KerasWeights.Part;

/** The output layer of a model, a Dense, and the activation after it. */
final class KerasHead {
    private static final String LINEAR = "linear";
    private static final String SOFTMAX = "softmax";
    private static final String SOFTMAX_LAYER = "Softmax";
    private static final String SIGMOID = "sigmoid";

    private final KerasArrays arrays;
    private OutputLayer output;
    private KerasLayer layer;
    private OutputEnd end = OutputEnd.LINEAR;

    KerasHead(KerasArrays arrays) {
        this.arrays = arrays;
    }

    Optional<OutputLayer> output() {
        return Optional.ofNullable(output);
    }

    /** Name of the output layer, in quotes, for messages. */
    String name() {
        return "'" + NameList.shortened(layer.name()) + "'";
    }

    OutputEnd end() {
        return end;
    }

    static boolean isActivation(KerasLayer layer) {
        return layer.kind().equals("Activation") || layer.kind().equals(SOFTMAX_LAYER);
    }

    /**
     * Adds a Dense.
     *
     * @param owner the layer that the weights are stored under: the Dense itself, or its TimeDistributed
     */
    void addDense(KerasLayer owner, KerasLayer dense, Part part) {
        boolean biased = dense.flag(true, "use_bias", "bias");
        List<Hdf5Dataset> found = arrays.only(owner, part, biased ? 2 : 1);
        Matrix kernel = KerasArrays.matrix(found.get(0), dense, "(H, classes)");
        int classes = kernel.columns();
        if (classes != dense.count("units", "output_dim")) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s of %s has shape %s, expected (H, classes) with %d classes",
                    found.get(0).describe(),
                    dense.describe(),
                    kernel,
                    dense.count("units", "output_dim")));
        }
        float[] bias = new float[classes];
        if (biased) {
            Hdf5Dataset array = found.get(1);
            if (!array.shape().isVectorOf(classes)) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s of %s has shape %s, expected (classes) = (%d)",
                        array.describe(),
                        dense.describe(),
                        array.shape(),
                        classes));
            }
            bias = FiniteValues.require(array.path(), array.shape(), array.read());
        }
        output = new OutputLayer(transposed(kernel), bias);
        layer = dense;
        activate(dense, KerasActivations.name(dense, dense.setting("activation")));
    }

    private static Matrix transposed(Matrix matrix) {
        float[] values = new float[matrix.values().length];
        int at = 0;
        for (int column = 0; column < matrix.columns(); column++) {
            for (int row = 0; row < matrix.rows(); row++) {
                values[at++] = matrix.at(row, column);
            }
        }
        return Matrix.of(matrix.columns(), matrix.rows(), values);
    }

    /**
     * Adds a layer that only applies an activation.
     *
     * @param axes number of axes of what it reads; the last one is the classes
     * @param aboveLstm whether an LSTM is below it
     */
    void addActivation(KerasLayer activation, int axes, boolean aboveLstm) {
        boolean isSoftmax = activation.kind().equals(SOFTMAX_LAYER);
        String name = isSoftmax ? SOFTMAX : KerasActivations.name(activation, activation.setting("activation"));
        if (isSoftmax && activation.axis(-1) != -1 && activation.axis(-1) != axes - 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s goes over axis %s, expected -1 or %d, the classes",
                    activation.describe(),
                    activation.setting("axis"),
                    axes - 1));
        }
        if (output == null && !name.equals(LINEAR)) {
            throw new ModelException("%s applies '%s' without an output layer below it: %s"
                    .formatted(
                            activation.describe(), NameList.shortened(name), KerasRefusals.whatCanBeScored(aboveLstm)));
        }
        activate(activation, name);
    }

    private void activate(KerasLayer activation, String name) {
        if (name.equals(LINEAR)) {
            return;
        }
        boolean isKnown = name.equals(SOFTMAX) || name.equals(SIGMOID);
        if (!isKnown || end != OutputEnd.LINEAR) {
            throw new ModelException(
                    "%s has the activation '%s'%s, expected softmax, sigmoid or linear for an output layer%s"
                            .formatted(
                                    activation.describe(),
                                    NameList.shortened(name),
                                    end == OutputEnd.LINEAR
                                            ? ""
                                            : " after a " + end.name().toLowerCase(Locale.ROOT),
                                    KerasRefusals.forHiddenStates("; ", true)));
        }
        end = name.equals(SOFTMAX) ? OutputEnd.SOFTMAX : OutputEnd.SIGMOID;
    }
}
