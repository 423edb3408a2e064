package sluice.cell.weights.keras;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** The several inputs of a model that a Concatenate puts side by side below its LSTM: the layers of each, from its input upwards. */
final class KerasBranches {
    private static final int MAX_BRANCHES = 10_000;

    private final KerasConfig config;
    private final List<List<KerasLayer>> found = new ArrayList<>();
    private final Set<String> open = new LinkedHashSet<>(); // names of the Concatenate layers that are being read

    private KerasBranches(KerasConfig config) {
        this.config = config;
    }

    /**
     * Whether a layer concatenates inputs.
     *
     * @param below layers that it depends on
     */
    static boolean isTogether(KerasConfig config, KerasLayer layer, Set<String> below) {
        return layer.kind().equals(KerasStates.JOIN)
                && config.inputs(layer).data().size() > 1
                && below.stream().flatMap(name -> config.layer(name).stream()).noneMatch(KerasRecurrent::isRecurrent);
    }

    /** @throws ModelException if a branch is more than a path from an input to the Concatenate */
    static List<List<KerasLayer>> of(KerasConfig config, KerasLayer together) {
        KerasBranches branches = new KerasBranches(config);
        branches.add(together);
        return List.copyOf(branches.found);
    }

    private void add(KerasLayer together) {
        if (!open.add(together.name())) {
            throw new ModelException(
                    "%s reads its own output: the model's config is damaged".formatted(together.describe()));
        }
        KerasInputs inputs = config.inputs(together);
        int axis = together.axis(-1);
        if (inputs.calls() > 1 || !inputs.arguments().isEmpty() || (axis != -1 && axis != 2)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s concatenates inputs along axis %d in %d calls, expected one call along the last axis: the values of a step",
                    together.describe(),
                    axis,
                    inputs.calls()));
        }
        for (KerasInputs.Source source : inputs.data()) {
            KerasLayer top = layer(source, together);
            if (top.kind().equals(KerasStates.JOIN)) {
                add(top);
            } else {
                found.add(branch(top));
            }
            if (found.size() > MAX_BRANCHES) {
                throw new ModelException(String.format(
                        Locale.ROOT, "%s concatenates more than %d inputs", together.describe(), MAX_BRANCHES));
            }
        }
        open.remove(together.name());
    }

    private List<KerasLayer> branch(KerasLayer top) {
        Deque<KerasLayer> path = new ArrayDeque<>();
        Set<String> passed = new LinkedHashSet<>();
        KerasLayer layer = top;
        while (passed.add(layer.name())) {
            path.push(layer);
            if (config.isFirst(layer)) {
                return List.copyOf(path);
            }
            KerasInputs inputs = config.inputs(layer);
            if (inputs.data().size() != 1
                    || inputs.calls() > 1
                    || !inputs.arguments().isEmpty()) {
                throw new ModelException(
                        "%s is below a Concatenate and reads %s, expected one input of the model for each part of the Concatenate"
                                .formatted(
                                        layer.describe(),
                                        NameList.of(inputs.data(), source -> "'" + source.layer() + "'")));
            }
            layer = layer(inputs.data().get(0), layer);
        }
        throw new ModelException("%s reads its own output: the model's config is damaged".formatted(layer.describe()));
    }

    private KerasLayer layer(KerasInputs.Source source, KerasLayer reader) {
        return config.layer(source.layer())
                .filter(found -> source.tensor() == 0)
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "%s reads output %d of layer '%s', which the model's config doesn't have",
                        reader.describe(),
                        source.tensor(),
                        NameList.shortened(source.layer()))));
    }
}
