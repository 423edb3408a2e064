package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * Accounts for every tensor of a state dict: it is part of the model, {@linkplain HarmlessTensor taken to be harmless}, named in {@code
 * model.ignore}, or above the LSTM when {@code model.output} is none. Any other tensor makes a different network, and the file is
 * rejected.
 */
final class TensorAccount {
    private static final int MAX_NOTED_ONE_BY_ONE = 5;

    private final NamedTensors tensors;
    private final EndLayers ends;
    private final LayerGuesser guesser;
    private final NavigableSet<String> unread;
    private final List<String> notes = new ArrayList<>();

    TensorAccount(NamedTensors tensors, EndLayers ends, StackWidths widths) {
        this.tensors = tensors;
        this.ends = ends;
        this.unread = tensors.unread();
        this.guesser = new LayerGuesser(tensors, unread, ends, widths);
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
            Optional<HarmlessTensor> reason = HarmlessTensor.of(name, tensors);
            if (tensors.isStoredRead(name)) {
                if (!isSecondNameOfEmbedding(name)) {
                    unexplained
                            .computeIfAbsent(guesser.guess(name), guess -> new ArrayList<>())
                            .add(name);
                }
            } else if (reason.isPresent()) {
                harmless.computeIfAbsent(reason.get(), kind -> new ArrayList<>())
                        .add(name);
            } else if (ends.isLeftOut(name)) {
                leftOut.add(name);
            } else {
                unexplained
                        .computeIfAbsent(guesser.guess(name), guess -> new ArrayList<>())
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
     * Whether it is a further name of the embedding's tensor that says so: encoder and decoder read the same tokens. Any other further name
     * of a tensor of the model is a possible second use of it.
     */
    private boolean isSecondNameOfEmbedding(String name) {
        return TensorRole.of(name) == TensorRole.EMBEDDING
                && ends.embeddingName()
                        .filter(embedding -> tensors.same(name, embedding))
                        .isPresent();
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
        if (found.keySet().stream().allMatch(LayerGuess::isHopeless)) {
            return new ModelException("%s; this network cannot be scored".formatted(String.join("; ", parts)));
        }
        String several = ends.severalInputs();
        boolean canBeIgnored = found.keySet().stream().noneMatch(LayerGuess::isCertain);
        return new ModelException("%s; only an embedding, one stack of LSTMs and one output layer can be scored%s"
                .formatted(
                        String.join("; ", parts),
                        canBeIgnored
                                ? advice(found.values().stream()
                                                .flatMap(List::stream)
                                                .toList())
                                        + several
                                : several));
    }

    private String advice(List<String> names) {
        return "; if the network uses %1$s, scores without %1$s are wrong, and the network can't be scored; if it certainly does not, set model.ignore to %2$s"
                .formatted(names.size() == 1 ? "it" : "them", new IgnoreAdvice(tensors.readParts()).setting(names));
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
