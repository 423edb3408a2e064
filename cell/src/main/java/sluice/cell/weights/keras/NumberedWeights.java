package sluice.cell.weights.keras;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * The weights of the newer format, {@code model.weights.h5}: layers are not called by their names but by their classes, numbered in the
 * model's order ({@code lstm}, {@code lstm_1}), and arrays by numbers ({@code lstm/cell/vars/0}).
 *
 * <p>Keras 2.12 to 2.15 have another word above the layers, and in it may leave out numbers: so the third LSTM is the one with the third
 * number, whatever that is.
 */
final class NumberedWeights implements KerasWeights {
    private static final String LAYERS = "layers";
    private static final String OLDER_LAYERS = "_layer_checkpoint_dependencies";
    private static final String CELL = "cell/";
    private static final int MAX_ARRAYS = 16; // of one layer

    private static final Pattern NUMBERED = Pattern.compile("(.*)_\\d{1,6}");

    private final Hdf5Group group;
    private final Map<String, String> folders = new HashMap<>(); // of layers, by name

    /**
     * @param layers all layers of the model, in the order of its description
     * @throws ModelException where there are other layers in the file
     */
    NumberedWeights(Hdf5Group root, List<KerasLayer> layers) {
        this.group = group(root)
                .orElseThrow(() -> new ModelException(
                        "the HDF5 file has no group 'layers', expected the weights of a Keras model"));
        Map<String, List<KerasLayer>> byKind = new HashMap<>();
        layers.forEach(layer -> byKind.computeIfAbsent(snakeCase(layer.kind()), kind -> new ArrayList<>())
                .add(layer));
        Map<String, List<String>> foldersByKind = foldersByKind();
        byKind.forEach((kind, found) -> number(found, foldersByKind.getOrDefault(kind, List.of())));
    }

    /** The folders {@code lstm}, {@code lstm_1} and so on of each kind, by number. */
    private Map<String, List<String>> foldersByKind() {
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
        return group(root).isPresent();
    }

    private static Optional<Hdf5Group> group(Hdf5Group root) {
        return root.group(LAYERS).or(() -> root.group(OLDER_LAYERS));
    }

    private void number(List<KerasLayer> layers, List<String> found) {
        if (found.size() != layers.size() && !found.isEmpty()) {
            throw new ModelException(
                    "the model's config has %d layers of class %s, but the file has weights of %d (%s); they are not of one model"
                            .formatted(
                                    layers.size(),
                                    layers.get(0).kind(),
                                    found.size(),
                                    NameList.of(found, name -> "'" + name + "'")));
        }
        for (int at = 0; at < found.size(); at++) {
            folders.put(layers.get(at).name(), found.get(at));
        }
    }

    /** As Keras makes the name of a class one of a folder: {@code TimeDistributed} is {@code time_distributed}, LSTM {@code lstm}. */
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
                    "the file has no weights of %s, which the model's config has; they are not of one model"
                            .formatted(layer.describe()));
        }
        List<Hdf5Dataset> arrays = arrays(folder + "/" + part.folder() + CELL + "vars");
        return arrays.isEmpty() ? arrays(folder + "/" + part.folder() + "vars") : arrays;
    }

    private List<Hdf5Dataset> arrays(String folder) {
        List<Hdf5Dataset> arrays = new ArrayList<>();
        group.group(folder).ifPresent(found -> {
            for (int number = 0; found.names().contains(Integer.toString(number)) && number < MAX_ARRAYS; number++) {
                String name = Integer.toString(number);
                arrays.add(found.dataset(name)
                        .orElseThrow(() -> new ModelException("%s has '%s', which is no array: the file is damaged"
                                .formatted(found.describe(), name))));
            }
        });
        return arrays;
    }
}
