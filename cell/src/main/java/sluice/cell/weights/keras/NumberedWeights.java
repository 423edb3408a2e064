package sluice.cell.weights.keras;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * Weights in the newer format, {@code model.weights.h5}. Layers are named by class and numbered in model order ({@code
 * lstm}, {@code lstm_1}); arrays are numbered ({@code lstm/cell/vars/0}).
 *
 * <p>Keras 2.12 to 2.15 use another name for the group of layers and may skip numbers. The third LSTM is therefore the
 * one with the third-lowest number.
 */
final class NumberedWeights implements KerasWeights {
    private static final String LAYERS = "layers";
    private static final String OLDER_LAYERS = "_layer_checkpoint_dependencies";
    private static final Set<String> OTHER_PARTS = Set.of(LAYERS, OLDER_LAYERS, "optimizer", "vars");
    private static final String CELL = "cell/";
    private static final int MAX_ARRAYS = 16; // of one layer
    private static final int MAX_LISTED = 1_000; // of one layer, with its seeds
    private static final int MAX_DEPTH = 8; // of groups of one layer

    private static final Pattern NUMBERED = Pattern.compile("(.*)_\\d{1,6}");

    private final Hdf5Group root;
    private final KerasConfig config;
    private final Map<String, String> folders = new HashMap<>(); // layer name -> folder

    /**
     * @param config the model's config
     * @throws ModelException if the file has other layers
     */
    NumberedWeights(Hdf5Group root, KerasConfig config) {
        this.root = root;
        this.config = config;
        assignFolders("", List.of());
    }

    /**
     * Finds the layers of a model, and of the models that are its layers.
     *
     * @param folder the model's folder, with a trailing slash
     */
    private void assignFolders(String folder, List<String> model) {
        String inside = folder + (root.group(folder + LAYERS).isPresent() ? LAYERS : OLDER_LAYERS);
        Map<String, List<KerasLayer>> byKind = new HashMap<>();
        config.children(model)
                .forEach(layer -> byKind.computeIfAbsent(snakeCase(layer.className()), kind -> new ArrayList<>())
                        .add(layer));
        Map<String, List<String>> foldersByKind =
                root.group(inside).map(NumberedWeights::foldersByKind).orElse(Map.of());
        byKind.forEach((kind, found) -> assignFolders(inside, found, foldersByKind.getOrDefault(kind, List.of())));
    }

    /** Folders of each class ({@code lstm}, {@code lstm_1} and so on), sorted by number. */
    private static Map<String, List<String>> foldersByKind(Hdf5Group group) {
        Map<String, List<String>> byKind = new HashMap<>();
        for (String name : group.names()) {
            byKind.computeIfAbsent(name, kind -> new ArrayList<>()).add(name);
            Matcher matcher = NUMBERED.matcher(name);
            if (matcher.matches()) {
                byKind.computeIfAbsent(matcher.group(1), kind -> new ArrayList<>())
                        .add(name);
            }
        }
        byKind.forEach((kind, names) -> names.sort(Comparator.comparingInt(name -> number(kind, name))));
        return byKind;
    }

    private static int number(String kind, String name) {
        return name.length() == kind.length() ? 0 : Integer.parseInt(name.substring(kind.length() + 1));
    }

    static boolean isIn(Hdf5Group root) {
        return root.group(LAYERS).or(() -> root.group(OLDER_LAYERS)).isPresent();
    }

    /** Attributes with weights of a model of a class of the user. Empty for other models, whose layers are in a group of their own. */
    static List<String> attributes(Hdf5Group root) {
        return root.names().stream()
                .filter(part -> !OTHER_PARTS.contains(part))
                .filter(part -> root.group(part + "/vars").isPresent()
                        || root.group(part + "/cell/vars").isPresent())
                .toList();
    }

    @Override
    public Optional<Integer> major() {
        return Optional.of(root.group(LAYERS).isPresent() ? 3 : 2);
    }

    private void assignFolders(String inside, List<KerasLayer> layers, List<String> found) {
        if (found.size() != layers.size() && !found.isEmpty()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the model's config has %d layers of class %s, but the file has weights of %d (%s); config and weights are of different models",
                    layers.size(),
                    layers.get(0).className(),
                    found.size(),
                    NameList.quoted(found)));
        }
        for (int at = 0; at < found.size(); at++) {
            KerasLayer layer = layers.get(at);
            String folder = inside + "/" + found.get(at);
            folders.put(layer.name(), folder);
            if (config.isModel(layer)) {
                assignFolders(folder + "/", layer.path());
            }
        }
    }

    /**
     * Converts a class name to a folder name as Keras does: {@code TimeDistributed} to {@code time_distributed}, {@code
     * LSTM} to {@code lstm}.
     */
    static String snakeCase(String kind) {
        return kind.replaceAll("\\W+", "")
                .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
                .replaceAll("([a-z])([A-Z])", "$1_$2")
                .toLowerCase(Locale.ROOT);
    }

    @Override
    public List<Hdf5Dataset> of(KerasLayer layer, Part part) {
        String folder = folders.get(layer.name());
        if (folder == null) {
            throw new ModelException(
                    "the file has no weights of %s, which the model's config has; config and weights are of different models"
                            .formatted(layer.describe()));
        }
        List<Hdf5Dataset> arrays = arrays(folder + "/" + part.folder() + CELL + "vars");
        return arrays.isEmpty() ? arrays(folder + "/" + part.folder() + "vars") : arrays;
    }

    @Override
    public List<Hdf5Dataset> all(KerasLayer layer) {
        List<Hdf5Dataset> found = new ArrayList<>();
        String folder = folders.get(layer.name());
        if (folder != null) {
            root.group(folder).ifPresent(own -> addAll(own, 0, new int[1], found));
        }
        return found;
    }

    /** @param counted number of groups and arrays so far */
    private static void addAll(Hdf5Group from, int depth, int[] counted, List<Hdf5Dataset> into) {
        for (String name : from.names()) {
            if (depth > MAX_DEPTH || ++counted[0] > MAX_LISTED) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s has more than %d groups and arrays, or groups more than %d deep, expected the arrays of one layer",
                        from.describe(),
                        MAX_LISTED,
                        MAX_DEPTH));
            }
            Optional<Hdf5Group> inner = from.group(name);
            if (inner.isPresent()) {
                addAll(inner.get(), depth + 1, counted, into);
            } else {
                from.dataset(name).ifPresent(into::add);
            }
        }
    }

    private List<Hdf5Dataset> arrays(String folder) {
        List<Hdf5Dataset> arrays = new ArrayList<>();
        root.group(folder).ifPresent(found -> {
            for (int number = 0; found.names().contains(Integer.toString(number)) && number < MAX_ARRAYS; number++) {
                String name = Integer.toString(number);
                arrays.add(found.dataset(name)
                        .orElseThrow(() -> new ModelException("%s has '%s', which is not an array: the file is damaged"
                                .formatted(found.describe(), name))));
            }
        });
        return arrays;
    }
}
