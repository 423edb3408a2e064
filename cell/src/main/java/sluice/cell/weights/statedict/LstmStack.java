package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;

/**
 * The LSTM of a state dict: one module, or several of which each reads what the one before returns.
 *
 * <p>Several modules are a stack only if their names are numbered from 0 or 1 on and their widths allow no other connection, or if
 * {@code model.lstm} lists them. Anything else is rejected, because a state dict does not tell how modules are connected.
 */
final class LstmStack {
    /** Gate order in the rows of each tensor. It is the model's own order, so values are not reordered. */
    static final GateOrder GATES = GateOrder.IFGO;

    private static final Pattern DIRECTIONS = Pattern.compile("\\s*\\|\\s*");
    private static final int MOST_DIRECTIONS = 2;

    /** What one module gives, or a forward and a backward module side by side. */
    private final List<List<LstmModule>> levels;

    private final List<String> notes = new ArrayList<>();

    private LstmStack(List<List<LstmModule>> levels) {
        this.levels = levels;
    }

    /**
     * Finds the LSTM of a state dict.
     *
     * @param names setting {@code model.lstm}: prefixes, with or without the trailing dot. {@code a.|b.} are two modules that read
     *     forward and backward
     * @throws ModelException if there is no LSTM, or several that are not certainly a stack and were not named
     */
    static LstmStack find(NamedTensors tensors, TensorNames names) {
        NavigableMap<String, LstmModule> modules = LstmModule.all(tensors);
        if (modules.isEmpty()) {
            throw none(tensors);
        }
        LstmStack stack = names.lstms().isEmpty() ? automatic(modules) : named(modules, names.lstms());
        stack.modules().filter(LstmModule::isIgnored).findFirst().ifPresent(module -> {
            throw new ModelException(
                    "model.ignore names tensors of the LSTM %s, which is part of the model: take them out of model.ignore"
                            .formatted(module.describe()));
        });
        return stack;
    }

    private static ModelException none(NamedTensors tensors) {
        return new ModelException(
                "the file has no LSTM: expected tensors with PyTorch's names, such as 'lstm.weight_ih_l0' and 'lstm.weight_hh_l0', found "
                        + (tensors.names().isEmpty()
                                ? "no tensors with names; save all of model.state_dict()"
                                : NameList.of(tensors.names(), tensors::describe)
                                        + "; if the network has an LSTM of another class, copy its weights to an nn.LSTM (gates in "
                                        + "the order i, f, g, o) and save the state dict of that network"));
    }

    private Stream<LstmModule> modules() {
        return levels.stream().flatMap(List::stream);
    }

    // Automatic

    private static LstmStack automatic(NavigableMap<String, LstmModule> modules) {
        List<LstmModule> all = new ArrayList<>(modules.values());
        if (all.size() == 1) {
            return new LstmStack(List.of(List.of(all.get(0))));
        }
        all.sort(LstmOrder.byName());
        Optional<List<LstmModule>> chain = LstmOrder.chain(all);
        if (chain.isPresent() && areDistinct(all)) {
            LstmStack stack = new LstmStack(chain.get().stream().map(List::of).collect(Collectors.toList()));
            stack.notes.add(
                    "the LSTMs are stacked in the order of the numbers in their names, the only order that their widths allow: "
                            + NameList.of(chain.get(), LstmModule::describe));
            return stack;
        }
        List<LstmModule> left =
                all.stream().filter(module -> !module.isIgnored()).collect(Collectors.toList());
        if (left.size() == 1) {
            return new LstmStack(List.of(left));
        }
        throw LstmAdvice.ambiguous(left.isEmpty() ? all : left);
    }

    /** Whether no module has the tensors of another: that would be a second use of it. */
    private static boolean areDistinct(List<LstmModule> modules) {
        return modules.stream().map(LstmModule::storedTensors).distinct().count() == modules.size();
    }

    // Named

    private static LstmStack named(NavigableMap<String, LstmModule> modules, List<String> settings) {
        List<List<LstmModule>> levels = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String setting : settings) {
            List<LstmModule> level = new ArrayList<>();
            for (String name : DIRECTIONS.split(setting.strip(), MOST_DIRECTIONS)) {
                LstmModule module = named(modules, name);
                if (!seen.add(module.prefix())) {
                    throw new ModelException("model.lstm names '%s' twice".formatted(module.prefix()));
                }
                level.add(module);
            }
            levels.add(level);
        }
        LstmStack stack = new LstmStack(levels);
        stack.noteSettings();
        return stack;
    }

    /** What {@code model.lstm} says of several modules, so that a wrong order is seen. */
    private void noteSettings() {
        List<LstmModule> all = modules().toList();
        if (levels.size() > 1) {
            notes.add("the LSTMs are stacked in the order of model.lstm, the lowest first: "
                    + NameList.of(
                            levels,
                            level -> level.stream()
                                    .map(module -> LstmAdvice.describe(module, all))
                                    .collect(Collectors.joining(" | "))));
        }
        for (List<LstmModule> level : levels) {
            if (level.size() > 1) {
                notes.add("'%s' reads forward, '%s' backward (model.lstm)"
                        .formatted(
                                NameList.shortened(level.get(0).prefix()),
                                NameList.shortened(level.get(1).prefix())));
            }
        }
    }

    private static LstmModule named(NavigableMap<String, LstmModule> modules, String name) {
        LstmModule exact = modules.get(name);
        LstmModule module = exact != null ? exact : modules.get(name + ".");
        if (module == null) {
            throw new ModelException("no LSTM under the prefix '%s' of model.lstm, found %s"
                    .formatted(name, NameList.quoted(modules.keySet())));
        }
        return module;
    }

    // Reading

    /** Reads the layers, from the input upwards. */
    List<LstmLayer> layers() throws IOException {
        List<LstmLayer> layers = new ArrayList<>();
        Optional<LstmModule.WidthBelow> below = Optional.empty();
        for (List<LstmModule> level : levels) {
            layers.addAll(level.size() == 1 ? level.get(0).layers(below) : List.of(sideBySide(level, below)));
            below = Optional.of(new LstmModule.WidthBelow(
                    layers.get(layers.size() - 1).outputWidth(),
                    level.stream().map(LstmModule::prefix).collect(Collectors.joining("' and '", "'", "'")) + " give"
                            + (level.size() == 1 ? "s" : "")));
        }
        return layers;
    }

    private static LstmLayer sideBySide(List<LstmModule> level, Optional<LstmModule.WidthBelow> below)
            throws IOException {
        List<LstmLayer> forward = level.get(0).layers(below);
        LstmModule.WidthBelow same = new LstmModule.WidthBelow(
                forward.get(0).inputWidth(), "'" + level.get(0).prefix() + "' reads");
        List<LstmLayer> backward = level.get(1).layers(Optional.of(same));
        if (forward.size() > 1 || backward.size() > 1 || level.stream().anyMatch(LstmModule::isBidirectional)) {
            throw new ModelException(
                    "model.lstm joins '%s' and '%s' as two directions, expected modules of one layer and one direction each"
                            .formatted(level.get(0).prefix(), level.get(1).prefix()));
        }
        return LstmLayer.bidirectional(
                forward.get(0).directions().get(0),
                backward.get(0).directions().get(0).backward());
    }

    /** The only module; empty if there are several. */
    Optional<LstmModule> onlyModule() {
        return modules().count() == 1 ? modules().findFirst() : Optional.empty();
    }

    /** The widths between the modules: a layer there would read and give as many numbers. */
    Set<Long> widthsBetween() {
        return levels.stream()
                .skip(1)
                .map(level -> level.get(0).inputWidth().orElseThrow())
                .collect(Collectors.toSet());
    }

    /** How the modules are connected, if there are several. */
    List<String> notes() {
        return notes;
    }
}
