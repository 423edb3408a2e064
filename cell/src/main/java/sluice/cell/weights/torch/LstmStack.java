package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Matcher;
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
    private static final Pattern NUMBER = Pattern.compile("\\d{1,4}");
    private static final int MOST_DIRECTIONS = 2;
    private static final int MOST_SHOWN = 3;

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
            throw new ModelException(
                    "the file has no LSTM: expected tensors with PyTorch's names, such as 'lstm.weight_ih_l0' "
                            + "and 'lstm.weight_hh_l0', found "
                            + (tensors.names().isEmpty()
                                    ? "no tensors"
                                    : NameList.of(tensors.names(), tensors::describe)));
        }
        LstmStack stack = names.lstms().isEmpty() ? automatic(modules) : named(modules, names.lstms());
        stack.modules().filter(LstmModule::isIgnored).findFirst().ifPresent(module -> {
            throw new ModelException(
                    "model.ignore names tensors of the LSTM %s, which is part of the model: take them out of model.ignore"
                            .formatted(module.describe()));
        });
        return stack;
    }

    private Stream<LstmModule> modules() {
        return levels.stream().flatMap(List::stream);
    }

    // Automatic

    private static LstmStack automatic(NavigableMap<String, LstmModule> modules) {
        List<LstmModule> all = distinct(modules);
        if (all.size() == 1) {
            return new LstmStack(List.of(List.of(all.get(0))));
        }
        Optional<List<LstmModule>> chain = chain(all);
        if (chain.isPresent()) {
            LstmStack stack = new LstmStack(chain.get().stream().map(List::of).collect(Collectors.toList()));
            stack.notes.add("by their numbers and widths, each of these LSTMs reads what the one before returns: "
                    + NameList.of(chain.get(), LstmModule::describe));
            return stack;
        }
        List<LstmModule> left =
                all.stream().filter(module -> !module.isIgnored()).collect(Collectors.toList());
        if (left.size() == 1) {
            return new LstmStack(List.of(left));
        }
        throw ambiguous(left.isEmpty() ? all : left);
    }

    /** The modules without those that share all tensors with an earlier one. */
    private static List<LstmModule> distinct(NavigableMap<String, LstmModule> modules) {
        Set<String> seen = new HashSet<>();
        return modules.values().stream()
                .filter(module -> seen.add(module.storedTensors()))
                .collect(Collectors.toList());
    }

    /**
     * The modules in the order of their numbers, if they are numbered without a gap and each fits the one before, but none of them fits
     * the input of the first: otherwise they could read it side by side.
     */
    private static Optional<List<LstmModule>> chain(List<LstmModule> modules) {
        Optional<List<LstmModule>> numbered = numbered(modules);
        if (numbered.isEmpty()) {
            return numbered;
        }
        OptionalLong input = numbered.get().get(0).inputWidth();
        for (int at = 1; at < modules.size(); at++) {
            OptionalLong reads = numbered.get().get(at).inputWidth();
            OptionalLong given = numbered.get().get(at - 1).outputWidth();
            if (reads.isEmpty() || input.isEmpty() || reads.equals(input) || !reads.equals(given)) {
                return Optional.empty();
            }
        }
        return numbered;
    }

    /** The modules in the order of the only number in which their prefixes differ, if it counts from 0 or 1. */
    private static Optional<List<LstmModule>> numbered(List<LstmModule> modules) {
        List<List<Integer>> numbers = new ArrayList<>();
        Set<String> texts = new HashSet<>();
        for (LstmModule module : modules) {
            Matcher matcher = NUMBER.matcher(module.prefix());
            texts.add(matcher.replaceAll("#"));
            numbers.add(matcher.reset()
                    .results()
                    .map(result -> Integer.valueOf(result.group()))
                    .collect(Collectors.toList()));
        }
        if (texts.size() > 1) {
            return Optional.empty();
        }
        List<Integer> differing = new ArrayList<>();
        for (int place = 0; place < numbers.get(0).size(); place++) {
            int column = place;
            if (numbers.stream().map(row -> row.get(column)).distinct().count() > 1) {
                differing.add(place);
            }
        }
        if (differing.size() != 1) {
            return Optional.empty();
        }
        Map<Integer, LstmModule> byNumber = new TreeMap<>();
        for (int at = 0; at < modules.size(); at++) {
            byNumber.put(numbers.get(at).get(differing.get(0)), modules.get(at));
        }
        List<Integer> order = new ArrayList<>(byNumber.keySet());
        boolean counts = order.size() == modules.size()
                && order.get(0) <= 1
                && order.get(order.size() - 1) - order.get(0) == order.size() - 1;
        return counts ? Optional.of(new ArrayList<>(byNumber.values())) : Optional.empty();
    }

    /** Offers each connection that the widths allow. */
    private static ModelException ambiguous(List<LstmModule> modules) {
        StringJoiner advice = new StringJoiner("; ", "; ", "");
        stackable(modules)
                .ifPresent(order -> advice.add(
                        "if each reads what the one before returns, set model.lstm to all of them, the lowest first, such as "
                                + setting(order, ", ")));
        if (modules.size() == 2 && sameInput(modules)) {
            advice.add(
                    "if they read the same input, one forward and one backward, set model.lstm to both, the forward one first, such as "
                            + setting(modules, " | "));
        }
        return new ModelException(String.format(
                Locale.ROOT,
                "%d recurrent modules in the file, and a state dict does not tell how they are connected: %s%s; if the network's answers "
                        + "depend on one of them only, name the others in model.ignore; otherwise export the model to ONNX, which has "
                        + "the connections",
                modules.size(),
                NameList.of(modules, LstmModule::describe),
                advice.length() > 2 ? advice : ""));
    }

    private static String setting(List<LstmModule> modules, String between) {
        return modules.stream()
                .limit(MOST_SHOWN)
                .map(module -> NameList.shortened(module.prefix()))
                .collect(Collectors.joining(between, "[", modules.size() > MOST_SHOWN ? ", ...]" : "]"));
    }

    /** The modules in an order in which they could be a stack; of more than two, the order is not looked for. */
    private static Optional<List<LstmModule>> stackable(List<LstmModule> modules) {
        if (modules.size() > 2) {
            return Optional.of(modules);
        }
        LstmModule first = modules.get(0);
        LstmModule second = modules.get(1);
        if (first.outputWidth().equals(second.inputWidth())) {
            return Optional.of(modules);
        }
        return second.outputWidth().equals(first.inputWidth()) ? Optional.of(List.of(second, first)) : Optional.empty();
    }

    private static boolean sameInput(List<LstmModule> modules) {
        return modules.get(0).inputWidth().equals(modules.get(1).inputWidth());
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
        return new LstmStack(levels);
    }

    private static LstmModule named(NavigableMap<String, LstmModule> modules, String name) {
        LstmModule exact = modules.get(name);
        LstmModule module = exact != null ? exact : modules.get(name + ".");
        if (module == null) {
            throw new ModelException("no LSTM under the prefix '%s' of model.lstm, found %s"
                    .formatted(name, NameList.of(modules.keySet(), prefix -> "'" + prefix + "'")));
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

    /** The only module, unless there are several. */
    boolean isOneModule() {
        return modules().count() == 1;
    }

    /** How the modules were connected, if nobody said it. */
    List<String> notes() {
        return notes;
    }
}
