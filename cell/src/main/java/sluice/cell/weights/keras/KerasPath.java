package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/** Finds the single path through a model's layers, from its input to its output. */
final class KerasPath {
    private final KerasConfig config;
    private final TensorNames names;

    KerasPath(KerasConfig config, TensorNames names) {
        this.config = config;
        this.names = names;
    }

    /** @throws ModelException if there are several paths or none */
    List<KerasLayer> layers() {
        return config.isSequential() ? sequence() : walk(end());
    }

    private static boolean isRecurrent(KerasLayer layer) {
        return KerasLstm.isLstm(layer) || layer.kind().equals(KerasStack.BIDIRECTIONAL);
    }

    private boolean isWanted(KerasLayer layer) {
        return isRecurrent(layer) && layer.name().startsWith(names.lstm().orElse(""));
    }

    private boolean withoutOutput() {
        return names.output().filter(TensorNames.NONE::equals).isPresent();
    }

    private Optional<String> namedOutput() {
        return names.output().filter(name -> !name.equals(TensorNames.NONE));
    }

    private List<KerasLayer> sequence() {
        List<KerasLayer> all = config.layers();
        int end = all.size();
        if (withoutOutput()) {
            while (end > 0 && !isWanted(all.get(end - 1))) {
                end--;
            }
        } else if (namedOutput().isPresent()) {
            end = all.indexOf(named(namedOutput().get())) + 1;
        }
        return all.subList(0, end);
    }

    private KerasLayer named(String name) {
        return config.layer(name)
                .orElseThrow(() -> new ModelException("no layer '%s', which model.output names, found %s"
                        .formatted(name, NameList.of(config.layers(), layer -> "'" + layer.name() + "'"))));
    }

    private KerasLayer end() {
        if (withoutOutput()) {
            return topmost();
        }
        if (namedOutput().isPresent()) {
            return named(namedOutput().get());
        }
        if (config.outputs().size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the model has %d outputs (%s), expected one; set model.output to the name of one, or to none",
                    config.outputs().size(),
                    NameList.of(config.outputs(), name -> "'" + name + "'")));
        }
        String output = config.outputs().get(0);
        return config.layer(output)
                .orElseThrow(() -> new ModelException("the model's output is layer '%s', which its config doesn't have"
                        .formatted(NameList.shortened(output))));
    }

    /** The only LSTM whose output no other LSTM reads. */
    private KerasLayer topmost() {
        List<KerasLayer> tops =
                new ArrayList<>(config.layers().stream().filter(this::isWanted).toList());
        for (KerasLayer layer : List.copyOf(tops)) {
            Set<String> below = below(layer);
            tops.removeIf(other -> below.contains(other.name()));
        }
        if (tops.isEmpty()) {
            throw new ModelException("the model has no LSTM%s, expected one"
                    .formatted(names.lstm().map(name -> " '" + name + "'").orElse("")));
        }
        if (tops.size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d LSTMs that no other reads (%s), expected one; set model.lstm to the name of one",
                    tops.size(),
                    NameList.of(tops, layer -> "'" + layer.name() + "'")));
        }
        return tops.get(0);
    }

    private Set<String> below(KerasLayer top) {
        Set<String> below = new HashSet<>();
        Deque<KerasLayer> open = new ArrayDeque<>(List.of(top));
        while (!open.isEmpty()) {
            for (KerasInputs.Source source : config.inputs(open.pop()).data()) {
                if (below.add(source.layer())) {
                    config.layer(source.layer()).ifPresent(open::push);
                }
            }
        }
        return below;
    }

    private List<KerasLayer> walk(KerasLayer end) {
        Deque<KerasLayer> path = new ArrayDeque<>();
        Set<String> passed = new HashSet<>();
        KerasLayer layer = end;
        while (true) {
            if (!passed.add(layer.name())) {
                throw new ModelException(
                        "%s reads its own output: the model's config is damaged".formatted(layer.describe()));
            }
            path.push(layer);
            if (layer.kind().equals(KerasStack.INPUT)) {
                return List.copyOf(path);
            }
            layer = source(layer);
        }
    }

    /** The only input layer of this one. */
    private KerasLayer source(KerasLayer layer) {
        KerasInputs inputs = config.inputs(layer);
        if (inputs.calls() > 1) {
            throw new ModelException(
                    String.format(Locale.ROOT, "%s is used %d times, expected once", layer.describe(), inputs.calls()));
        }
        if (inputs.data().size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s reads %d layers (%s), expected one: %s",
                    layer.describe(),
                    inputs.data().size(),
                    NameList.of(inputs.data(), source -> "'" + source.layer() + "'"),
                    KerasStack.WHAT_CAN_BE_SCORED));
        }
        if (!inputs.arguments().isEmpty()) {
            throw new ModelException("%s is called with %s, expected only its input; train it without them, or %s"
                    .formatted(
                            layer.describe(),
                            NameList.of(inputs.arguments(), name -> "'" + name + "'"),
                            KerasStack.FOR_HIDDEN_STATES));
        }
        requireNoConstants(layer, inputs);
        KerasInputs.Source source = inputs.data().get(0);
        if (source.tensor() != 0) {
            throw new ModelException("%s reads a state of layer '%s', expected its output; %s"
                    .formatted(layer.describe(), NameList.shortened(source.layer()), KerasStack.FOR_HIDDEN_STATES));
        }
        inputs.masks().forEach(mask -> KerasMasks.require(config, layer, mask));
        return config.layer(source.layer())
                .orElseThrow(() -> new ModelException("%s reads layer '%s', which the model's config doesn't have"
                        .formatted(layer.describe(), NameList.shortened(source.layer()))));
    }

    /** A layer is called on its input alone; {@code h[:, -1, :]} selects the last step. */
    private static void requireNoConstants(KerasLayer layer, KerasInputs inputs) {
        List<JsonNode> constants = inputs.constants();
        if (layer.kind().equals(KerasStack.GET_ITEM)) {
            boolean isLast = constants.size() >= 2
                    && constants.size() <= 3
                    && constants.get(1).isInt()
                    && constants.get(1).asInt() == -1
                    && isAll(constants.get(0))
                    && isAll(constants.get(constants.size() == 2 ? 0 : 2));
            if (!isLast) {
                throw new ModelException(
                        "%s selects a part of the output of the layer below that is not the last step, expected h[:, -1, :], h[:, -1] or no selection; %s"
                                .formatted(layer.describe(), KerasStack.FOR_HIDDEN_STATES));
            }
        } else if (constants.stream().anyMatch(KerasPath::isOn)) {
            throw new ModelException(
                    "%s is called with %s beside its input, expected only its input; build the model without it, or %s"
                            .formatted(
                                    layer.describe(),
                                    NameList.of(constants, constant -> NameList.shortened(constant.toString())),
                                    KerasStack.FOR_HIDDEN_STATES));
        }
    }

    private static boolean isOn(JsonNode constant) {
        return !constant.isNull() && !(constant.isBoolean() && !constant.asBoolean());
    }

    /** Whether it is the slice {@code :}. */
    private static boolean isAll(JsonNode slice) {
        JsonNode bounds = slice.path("config");
        return slice.path("class_name").asText("").equals("__slice__")
                && bounds.path("start").isNull()
                && bounds.path("stop").isNull()
                && (bounds.path("step").isNull() || bounds.path("step").asInt() == 1);
    }
}
