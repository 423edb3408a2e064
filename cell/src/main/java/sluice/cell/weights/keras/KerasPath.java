package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/** Finds the single path through a model's layers, from its input to its output. */
final class KerasPath {
    private final KerasConfig config;
    private final TensorNames names;
    private List<List<KerasLayer>> branches = List.of();

    KerasPath(KerasConfig config, TensorNames names) {
        this.config = config;
        this.names = names;
    }

    /** @throws ModelException if there are several paths or none */
    List<KerasLayer> layers() {
        return walk(end());
    }

    /** The layers of each of several inputs, below those of {@link #layers()}, which must be called before; empty for one input. */
    List<List<KerasLayer>> branches() {
        return branches;
    }

    private boolean isWanted(KerasLayer layer) {
        return KerasRecurrent.isRecurrent(layer)
                && layer.name().startsWith(names.lstm().orElse(""));
    }

    private boolean withoutOutput() {
        return names.output().filter(TensorNames.NONE::equals).isPresent();
    }

    private Optional<String> namedOutput() {
        return names.output().filter(name -> !name.equals(TensorNames.NONE));
    }

    private KerasLayer named(String name) {
        return config.layer(name)
                .orElseThrow(() -> new ModelException("no layer '%s', which model.output names, found %s"
                        .formatted(name, NameList.of(config.layers(), layer -> "'" + layer.name() + "'"))));
    }

    /** The layer whose output the model's is. */
    private KerasLayer end() {
        if (withoutOutput()) {
            return topmost();
        }
        if (namedOutput().isPresent()) {
            return named(namedOutput().get());
        }
        List<KerasInputs.Source> outputs = config.outputs();
        if (outputs.size() != 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the model has %d outputs (%s), expected one; set model.output to the name of one, or to none for the hidden states of the topmost LSTM",
                    outputs.size(),
                    NameList.of(
                            outputs,
                            output -> (output.tensor() == 0 ? "" : "output " + output.tensor() + " of ") + "'"
                                    + output.layer() + "'")));
        }
        KerasInputs.Source output = outputs.get(0);
        KerasLayer layer = config.layer(output.layer())
                .orElseThrow(() -> new ModelException("the model's output is layer '%s', which its config doesn't have"
                        .formatted(NameList.shortened(output.layer()))));
        return KerasStates.read(layer, List.of(output.tensor()))
                .orElseThrow(() -> new ModelException(String.format(
                        Locale.ROOT,
                        "the model's output is output %d of layer '%s', expected its first output or its hidden state; set model.output to none and use --emit state for the states of the LSTM",
                        output.tensor(),
                        NameList.shortened(output.layer()))));
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
            if (KerasBranches.isTogether(config, layer, below(layer))) {
                branches = KerasBranches.of(config, layer);
                return List.copyOf(path);
            }
            if (!layer.kind().equals(KerasStates.JOIN)) {
                path.push(layer);
            }
            if (config.isFirst(layer)) {
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
        Set<String> read = inputs.data().stream()
                .map(KerasInputs.Source::layer)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (read.size() != 1 || (inputs.data().size() > 1 && !KerasStates.isJoin(layer))) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    read.size() == 1
                            ? "%s reads layer %3$s %2$d times, expected once: %4$s"
                            : "%s reads %d layers (%s), expected one: %s",
                    layer.describe(),
                    inputs.data().size(),
                    NameList.quoted(read),
                    KerasRefusals.whatCanBeScored(isAboveLstm(layer))));
        }
        if (!inputs.arguments().isEmpty()) {
            throw new ModelException("%s is called with %s, expected only its input; train it without them%s"
                    .formatted(layer.describe(), NameList.quoted(inputs.arguments()), forHiddenStates(", or ", layer)));
        }
        requireNoConstants(layer, inputs);
        inputs.masks().forEach(mask -> KerasMasks.require(config, layer, mask));
        String name = read.iterator().next();
        KerasLayer source = config.layer(name)
                .orElseThrow(() -> new ModelException("%s reads layer '%s', which the model's config doesn't have"
                        .formatted(layer.describe(), NameList.shortened(name))));
        List<Integer> outputs =
                inputs.data().stream().map(KerasInputs.Source::tensor).toList();
        return KerasStates.read(source, outputs)
                .orElseThrow(() -> new ModelException(
                        "%s reads %s of layer '%s', expected its output, its hidden state, or the hidden states of both directions%s"
                                .formatted(
                                        layer.describe(),
                                        outputs.stream()
                                                .map(output -> "output " + output)
                                                .collect(Collectors.joining(" and ")),
                                        NameList.shortened(name),
                                        forHiddenStates("; ", layer))));
    }

    /** A layer is called on its input alone; {@code h[:, -1, :]} selects the last step. */
    private void requireNoConstants(KerasLayer layer, KerasInputs inputs) {
        List<JsonNode> constants = inputs.constants();
        if (layer.kind().equals(KerasStack.GET_ITEM)) {
            if (!KerasSlices.isLastStep(constants)) {
                throw new ModelException(
                        "%s selects a part of the output of the layer below that is not the last step, expected h[:, -1, :], h[:, -1] or no selection%s"
                                .formatted(layer.describe(), forHiddenStates("; ", layer)));
            }
        } else if (constants.stream().anyMatch(KerasPath::isOn)) {
            throw new ModelException(
                    "%s is called with %s beside its input, expected only its input; build the model without it%s"
                            .formatted(
                                    layer.describe(),
                                    NameList.of(constants, constant -> NameList.shortened(constant.toString())),
                                    forHiddenStates(", or ", layer)));
        }
    }

    private static boolean isOn(JsonNode constant) {
        return !constant.isNull() && !(constant.isBoolean() && !constant.asBoolean());
    }

    private String forHiddenStates(String join, KerasLayer layer) {
        return KerasRefusals.forHiddenStates(join, isAboveLstm(layer));
    }

    private boolean isAboveLstm(KerasLayer layer) {
        return below(layer).stream()
                .flatMap(name -> config.layer(name).stream())
                .anyMatch(KerasRecurrent::isRecurrent);
    }
}
