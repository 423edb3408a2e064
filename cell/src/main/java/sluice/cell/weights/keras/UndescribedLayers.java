package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import sluice.cell.model.Gate;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;

/**
 * Infers the layers of a weights-only file without config, as far as their arrays determine them.
 *
 * <p>A CuDNNLSTM is recognized by its bias of 8H values and has a fixed cell. The activations of an LSTM, the
 * activation after a Dense, and the function of a layer without weights cannot be inferred. The user must name the
 * output layer or provide the config.
 */
final class UndescribedLayers {
    static final String GIVE_CONFIG =
            "put the model's config beside the file: in Python, open(\"config.json\", \"w\").write(model.to_json())";

    /** Keras' default names of layers without effect at inference. */
    private static final Pattern NO_OP_NAME =
            Pattern.compile("(input|(spatial_|alpha_|gaussian_)?dropout(1d)?|gaussian_noise)(_?\\d+)?(_input)?");

    private final NamedWeights weights;
    private final TensorNames names;

    UndescribedLayers(NamedWeights weights, TensorNames names) {
        this.weights = weights;
        this.names = names;
    }

    /** The layers from the input to the output. */
    List<KerasLayer> layers() {
        List<KerasLayer> path = new ArrayList<>();
        int end = end();
        for (String name : weights.layers().subList(0, end)) {
            List<Hdf5Dataset> arrays = weights.arrays(name);
            if (!arrays.isEmpty()) {
                path.add(layer(name, arrays));
            } else if (!NO_OP_NAME.matcher(name).matches()) {
                throw new ModelException("layer '%s' has no weights, so its function is unknown; %s"
                        .formatted(NameList.shortened(name), GIVE_CONFIG));
            }
        }
        return path;
    }

    /** Index after the last layer of the path. */
    private int end() {
        List<String> all = weights.layers();
        String wanted = names.output()
                .orElseThrow(() -> new ModelException(
                        ("the file holds weights without the model's config; %s, or set model.output to the name of its "
                                        + "output layer, or to none for hidden states; layers are %s")
                                .formatted(GIVE_CONFIG, NameList.quoted(all))));
        if (!wanted.equals(TensorNames.NONE)) {
            if (!all.contains(wanted)) {
                throw new ModelException(
                        "no layer '%s', which model.output names, found %s".formatted(wanted, NameList.quoted(all)));
            }
            return all.indexOf(wanted) + 1;
        }
        for (int end = all.size(); end > 0; end--) {
            String name = all.get(end - 1);
            if (name.startsWith(names.lstm().orElse("")) && isRecurrent(weights.arrays(name))) {
                return end;
            }
        }
        throw new ModelException("the file has no LSTM: found layers %s".formatted(NameList.quoted(all)));
    }

    /** Whether the arrays have the shapes of an LSTM: (I, 4H), (H, 4H), and (4H) or (8H). */
    private static boolean isRecurrent(List<Hdf5Dataset> arrays) {
        if (arrays.size() != 3
                || !arrays.get(1).shape().isMatrix()
                || !arrays.get(0).shape().isMatrix()) {
            return false;
        }
        long units = arrays.get(1).shape().rows();
        long columns = Gate.COUNT * units;
        return arrays.get(0).shape().columns() == columns
                && arrays.get(1).shape().columns() == columns
                && (isBias(arrays, columns) || isBias(arrays, 2 * columns));
    }

    private static boolean isBias(List<Hdf5Dataset> arrays, long length) {
        return arrays.get(2).shape().isVectorOf(length);
    }

    private KerasLayer layer(String name, List<Hdf5Dataset> arrays) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        Shape first = arrays.get(0).shape();
        if (isRecurrent(arrays)) {
            long units = arrays.get(1).shape().rows();
            if (!isBias(arrays, 2L * Gate.COUNT * units)) {
                throw new ModelException("layer '%s' is an LSTM whose activations are unknown; %s"
                        .formatted(NameList.shortened(name), GIVE_CONFIG));
            }
            config.put("units", units).put("return_sequences", true);
            return new KerasLayer("CuDNNLSTM", name, config);
        }
        if (arrays.size() == 1 && first.isMatrix() && arrays.get(0).path().matches(".*/(embeddings|[^/]*_W)(:\\d+)?")) {
            return new KerasLayer(KerasStack.EMBEDDING, name, config);
        }
        boolean dense =
                arrays.size() == 2 && first.isMatrix() && arrays.get(1).shape().isVectorOf(first.columns());
        if (dense && names.output().filter(name::equals).isPresent()) {
            config.put("units", first.columns()).put("activation", "linear");
            return new KerasLayer("Dense", name, config);
        }
        throw new ModelException("layer '%s' has arrays of shapes %s, so its function is unknown; %s"
                .formatted(
                        NameList.shortened(name),
                        NameList.of(arrays, array -> array.shape().toString()),
                        GIVE_CONFIG));
    }
}
