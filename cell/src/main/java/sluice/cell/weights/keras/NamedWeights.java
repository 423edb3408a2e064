package sluice.cell.weights.keras;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * Weights in the older format. The attribute {@code layer_names} lists the layers, and {@code weight_names} of each
 * layer's group lists its arrays. Only listed paths are read; array positions are never guessed.
 */
final class NamedWeights implements KerasWeights {
    private static final String LAYER_NAMES = "layer_names";
    private static final String WEIGHT_NAMES = "weight_names";

    /** Limit on the arrays of one layer. Keras 1 has twelve for each direction. */
    private static final int MAX_ARRAYS = 100;

    private final Hdf5Group group;
    private final List<String> layers;
    private final Set<String> known;

    private NamedWeights(Hdf5Group group, List<String> layers) {
        this.group = group;
        this.layers = layers;
        this.known = Set.copyOf(layers);
    }

    static boolean isIn(Hdf5Group group) {
        return group.attributes().has(LAYER_NAMES);
    }

    /** @throws ModelException if it lists no layers, or one twice */
    static NamedWeights of(Hdf5Group group) {
        List<String> layers = group.attributes()
                .texts(LAYER_NAMES)
                .orElseThrow(() -> new ModelException(
                        "%s has no attribute 'layer_names', expected the list of the ".formatted(group.describe())
                                + "model's layers; save the model again"));
        Set<String> seen = new HashSet<>();
        for (String layer : layers) {
            requireName(layer, group);
            if (!seen.add(layer)) {
                throw new ModelException("%s lists the layer '%s' twice, expected each once: the file is damaged"
                        .formatted(group.describe(), NameList.shortened(layer)));
            }
        }
        return new NamedWeights(group, layers);
    }

    /** Names of all layers, in model order. */
    List<String> layers() {
        return layers;
    }

    @Override
    public Optional<String> version() {
        return group.attributes().text("keras_version");
    }

    @Override
    public List<Hdf5Dataset> of(KerasLayer layer, Part part) {
        List<Hdf5Dataset> all = arrays(layer);
        return part == Part.OWN || part == Part.WRAPPED
                ? all
                : all.stream().filter(array -> direction(layer, array) == part).toList();
    }

    @Override
    public List<Hdf5Dataset> all(KerasLayer layer) {
        return known.contains(layer.path().get(0)) ? arrays(layer) : List.of();
    }

    /** Arrays of a layer. Those of a layer of a model inside the model have its name in their paths. */
    private List<Hdf5Dataset> arrays(KerasLayer layer) {
        List<Hdf5Dataset> all = arrays(layer.path().get(0));
        return layer.path().size() == 1
                ? all
                : all.stream()
                        .filter(array -> parts(array).contains(layer.ownName()))
                        .toList();
    }

    private static List<String> parts(Hdf5Dataset array) {
        return List.of(array.path().split("/"));
    }

    /**
     * The direction that an array of a Bidirectional belongs to, by the names in its path. Its place tells nothing: Keras lists a frozen
     * direction last, and a direction may have no bias.
     */
    private static Part direction(KerasLayer wrapper, Hdf5Dataset array) {
        String forward = wrapper.inner("layer").map(KerasLayer::ownName).orElse("");
        String backward =
                wrapper.inner("backward_layer").map(KerasLayer::ownName).orElse(forward);
        boolean named = !forward.equals(backward);
        List<String> parts = parts(array);
        for (int at = parts.size() - 1; at >= 0; at--) {
            String part = parts.get(at);
            if (named && part.equals(backward)) {
                return Part.BACKWARD;
            }
            if ((named && part.equals(forward)) || part.startsWith("forward_")) {
                return Part.FORWARD;
            }
            if (part.startsWith("backward_")) {
                return Part.BACKWARD;
            }
        }
        throw new ModelException(
                "the path of %s doesn't say which direction of %s it belongs to, expected a part 'forward_...' or 'backward_...'; load the model in Keras 3 and save it with model.save(\"model.keras\")"
                        .formatted(array.describe(), wrapper.describe()));
    }

    /** All arrays of a layer. */
    List<Hdf5Dataset> arrays(String layer) {
        if (!known.contains(layer)) {
            throw new ModelException(
                    "the file has no weights of layer '%s', which the model's config has; it has those of %s; config and weights are of different models"
                            .formatted(NameList.shortened(layer), NameList.quoted(layers)));
        }
        Hdf5Group own = group.group(layer)
                .orElseThrow(
                        () -> new ModelException("%s lists the layer '%s', but has no group for it: the file is damaged"
                                .formatted(group.describe(), NameList.shortened(layer))));
        List<Hdf5Dataset> arrays = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        List<String> names = own.attributes().texts(WEIGHT_NAMES).orElse(List.of());
        if (names.size() > MAX_ARRAYS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s lists %d weights, expected at most %d of one layer",
                    own.describe(),
                    names.size(),
                    MAX_ARRAYS));
        }
        for (String name : names) {
            requireName(name, own);
            if (!seen.add(name)) {
                throw new ModelException("%s lists the weight '%s' twice, expected each once: the file is damaged"
                        .formatted(own.describe(), NameList.shortened(name)));
            }
            arrays.add(own.dataset(name)
                    .orElseThrow(() -> new ModelException(
                            "%s lists the weight '%s', but has no array of that name: the file is damaged"
                                    .formatted(own.describe(), NameList.shortened(name)))));
        }
        return arrays;
    }

    private static void requireName(String name, Hdf5Group in) {
        for (String part : name.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                throw new ModelException(
                        "%s lists the name '%s', expected one that leads downwards: the file is damaged"
                                .formatted(in.describe(), NameList.shortened(name)));
            }
        }
    }
}
