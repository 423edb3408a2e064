package sluice.cell.weights.torch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.NameList;

/**
 * Accounts for every tensor of a state dict: it is part of the model, {@linkplain HarmlessTensor known to be harmless}, named in {@code
 * model.ignore}, or above the LSTM when {@code model.output} is none. Any other tensor makes a different network, and the file is
 * rejected.
 */
final class TensorAccount {
    private static final int MAX_NOTED_ONE_BY_ONE = 5;
    private static final int MAX_EXAMPLES = 3;

    private final NamedTensors tensors;
    private final EndLayers ends;
    private final LstmModel model;
    private final NavigableSet<String> unread;
    private final Set<String> containers;
    private final List<String> notes = new ArrayList<>();

    TensorAccount(NamedTensors tensors, EndLayers ends, LstmModel model) {
        this.tensors = tensors;
        this.ends = ends;
        this.model = model;
        this.unread = tensors.unread();
        this.containers = containers();
    }

    /**
     * Accounts for the tensors that were not read, and returns a note on each.
     *
     * @throws ModelException if a tensor can't be explained
     */
    List<String> notes() {
        ends.requireNotIgnored();
        Set<String> leftOut = new TreeSet<>();
        Map<LayerGuess, List<String>> unexplained = new EnumMap<>(LayerGuess.class);
        Map<HarmlessTensor, List<String>> harmless = new EnumMap<>(HarmlessTensor.class);
        for (String name : unread) {
            Optional<HarmlessTensor> reason = HarmlessTensor.of(name, tensors.shape(name), tensors.isCount(name));
            if (tensors.isStoredRead(name)) {
                if (!isHarmlessAlias(name)) {
                    unexplained
                            .computeIfAbsent(LayerGuess.SHARED, guess -> new ArrayList<>())
                            .add(name);
                }
            } else if (reason.isPresent()) {
                harmless.computeIfAbsent(reason.get(), kind -> new ArrayList<>())
                        .add(name);
            } else if (ends.isLeftOut(name)) {
                leftOut.add(name);
            } else {
                unexplained
                        .computeIfAbsent(guess(name), guess -> new ArrayList<>())
                        .add(name);
            }
        }
        if (!unexplained.isEmpty()) {
            throw unexplained(unexplained);
        }
        harmless.forEach((kind, names) -> noteUnused(kind.one(), kind.many(), names));
        noteUnused("left out, because model.output is none", "left out, because model.output is none", leftOut);
        noteUnused("model.ignore names it", "model.ignore names them", tensors.ignored());
        return notes;
    }

    /**
     * Whether a further name of a tensor of the model says nothing new: a second name of an LSTM's tensor or of the embedding. But the
     * embedding under the name of a layer above the LSTM is that layer.
     */
    private boolean isHarmlessAlias(String name) {
        boolean isEmbedding = ends.embeddingName()
                .filter(embedding -> tensors.same(name, embedding))
                .isPresent();
        if (!isEmbedding || ends.isTied()) {
            return true;
        }
        return switch (TensorRole.of(name)) {
            case EMBEDDING -> true;
            case UNKNOWN -> containers.contains(container(name));
            case OUTPUT, OTHER -> false;
        };
    }

    /** The containers that have names of the LSTM's tensors, if these have second names: a list of all layers is one. */
    private Set<String> containers() {
        List<String> lstm = tensors.names().stream()
                .filter(name ->
                        tensors.isStoredRead(name) && RecurrentName.parse(name).isPresent())
                .toList();
        return lstm.stream().allMatch(tensors::isRead)
                ? Set.of()
                : lstm.stream().map(TensorAccount::container).collect(Collectors.toSet());
    }

    private static String container(String name) {
        int end = name.indexOf('.');
        return end < 0 ? name : name.substring(0, end + 1);
    }

    /** A bias is what its module is. */
    private LayerGuess guess(String name) {
        String module = module(name);
        if (EndLayer.isBias(name) && !module.equals(name)) {
            Optional<String> weight = unread.tailSet(module).stream()
                    .takeWhile(other -> other.startsWith(module))
                    .filter(other -> !EndLayer.isBias(other))
                    .findFirst();
            if (weight.isPresent() && !tensors.isStoredRead(weight.get())) {
                return byItself(weight.get());
            }
        }
        return byItself(name);
    }

    private LayerGuess byItself(String name) {
        OptionalLong classes =
                model.output().map(OutputLayer::classes).map(OptionalLong::of).orElse(OptionalLong.empty());
        boolean hasBias = tensors.has(EndLayer.biasOf(name));
        return LayerGuess.of(name, tensors.shape(name), hasBias, model.inputWidth(), model.outputWidth(), classes);
    }

    private ModelException unexplained(Map<LayerGuess, List<String>> found) {
        List<String> parts = new ArrayList<>();
        found.forEach((guess, names) -> parts.add(String.format(
                Locale.ROOT,
                "%s %s %s like %s",
                names.size() == 1 ? "tensor" : "tensors",
                NameList.of(names, tensors::describe),
                names.size() == 1 ? "looks" : "look",
                guess.text())));
        boolean canBeIgnored = found.keySet().stream().noneMatch(LayerGuess::isCertain);
        return new ModelException("%s; only an embedding, one stack of LSTMs and one output layer can be scored%s"
                .formatted(String.join("; ", parts), canBeIgnored ? advice(found) : ""));
    }

    private static String advice(Map<LayerGuess, List<String>> found) {
        boolean isOne = found.values().stream().mapToInt(List::size).sum() == 1;
        return "; only if the network's answers do not depend on %s, set model.ignore to %s, which leaves %s out"
                .formatted(isOne ? "it" : "them", prefixes(found), isOne ? "it" : "them");
    }

    /** Prefixes of modules, as the setting takes them. */
    private static String prefixes(Map<LayerGuess, List<String>> found) {
        Set<String> prefixes = new LinkedHashSet<>();
        found.values().stream().flatMap(List::stream).forEach(name -> prefixes.add(module(name)));
        return prefixes.stream()
                .limit(MAX_EXAMPLES)
                .map(NameList::shortened)
                .collect(Collectors.joining(", ", "[", prefixes.size() > MAX_EXAMPLES ? ", ...]" : "]"));
    }

    private static String module(String name) {
        int end = name.lastIndexOf('.');
        return end < 0 ? name : name.substring(0, end + 1);
    }

    private void noteUnused(String why, String whyOfMany, Collection<String> names) {
        if (names.size() > MAX_NOTED_ONE_BY_ONE) {
            notes.add(String.format(
                    Locale.ROOT,
                    "%d tensors are not used (%s): %s",
                    names.size(),
                    whyOfMany,
                    NameList.of(names, tensors::describe)));
        } else {
            names.forEach(name -> notes.add("tensor %s is not used: %s".formatted(tensors.describe(name), why)));
        }
    }
}
