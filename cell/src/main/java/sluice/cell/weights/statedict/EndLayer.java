package sluice.cell.weights.statedict;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;

/**
 * The search for the embedding or for the output layer: the candidate tensors of matching shape, and the chosen one.
 */
final class EndLayer {
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final NamedTensors tensors;
    private final TensorRole role;
    private final String what; // the layer's name in messages
    private final String setting; // the setting that selects the tensor
    private final String expected; // the expected shape, for messages
    private final long width; // expected number of columns
    private final Predicate<String> possible; // further condition on a tensor's name
    private final Set<String> candidates; // in alphabetical order
    private String chosen; // null until a tensor is chosen
    private boolean setByUser; // whether the user has set it, which ends the search

    private EndLayer(
            NamedTensors tensors,
            TensorRole role,
            String what,
            String setting,
            String expected,
            long width,
            Predicate<String> possible) {
        this.tensors = tensors;
        this.role = role;
        this.what = what;
        this.setting = setting;
        this.expected = expected;
        this.width = width;
        this.possible = possible;
        this.candidates =
                tensors.names().stream().filter(this::couldBe).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private boolean couldBe(String name) {
        return fits(name) && isPossible(name);
    }

    /** @param inputWidth I of layer 0 */
    static EndLayer embedding(NamedTensors tensors, long inputWidth) {
        return new EndLayer(
                tensors,
                TensorRole.EMBEDDING,
                "the embedding",
                "model.embedding",
                "(tokens, I) with I = " + inputWidth,
                inputWidth,
                // An embedding has no bias. It may be a bare parameter whose name says that it is an embedding.
                name -> !tensors.mentionedNames().contains(biasOf(name))
                        && (isWeight(name) || TensorRole.of(name) == TensorRole.EMBEDDING));
    }

    /** The tensors that could be the embedding of some input by their shape and name, whatever its width. */
    static List<String> looksLikeEmbedding(NamedTensors tensors) {
        return tensors.names().stream()
                .filter(name -> tensors.shape(name).isMatrix()
                        && RecurrentName.parse(name).isEmpty()
                        && !tensors.mentionedNames().contains(biasOf(name))
                        && (TensorRole.of(name) == TensorRole.EMBEDDING || TensorRole.of(name) == TensorRole.UNKNOWN))
                .toList();
    }

    /**
     * What to do if the network concatenates several inputs.
     *
     * @param inputWidth I of layer 0
     * @return empty if no embedding is narrower than what layer 0 reads
     */
    static String severalInputs(NamedTensors tensors, long inputWidth) {
        List<String> found = looksLikeEmbedding(tensors).stream()
                .filter(name -> tensors.shape(name).columns() < inputWidth)
                .toList();
        return found.isEmpty()
                ? ""
                : "; if the network concatenates several inputs at each step, set model.inputs to their columns in the order in which it does, "
                        + "an embedding as COLUMN=TENSOR and numbers as COLUMN: tensors that may be such embeddings are "
                        + NameList.of(found, tensors::describe);
    }

    /** @param outputWidth the width of the top layer's output */
    static EndLayer output(NamedTensors tensors, long outputWidth) {
        return new EndLayer(
                tensors,
                TensorRole.OUTPUT,
                "the output layer",
                "model.output",
                "(classes, H) with H = " + outputWidth,
                outputWidth,
                EndLayer::isWeight);
    }

    static boolean isWeight(String name) {
        return name.endsWith(WEIGHT);
    }

    /** {@code fc.bias}, or a parameter {@code bias} or {@code out_bias}. */
    static boolean isBias(String name) {
        return name.endsWith("bias");
    }

    /** {@code fc.bias} for {@code fc.weight}, {@code out_bias} for a parameter {@code out_weight}. */
    static String biasOf(String weight) {
        return weight.endsWith("weight")
                ? weight.substring(0, weight.length() - "weight".length()) + "bias"
                : weight + BIAS;
    }

    Optional<String> chosen() {
        return Optional.ofNullable(chosen);
    }

    String setting() {
        return setting;
    }

    /** Whether the user has set the tensor or none. */
    boolean isSetByUser() {
        return setByUser;
    }

    /** Whether the search is still open: not set by the user and not chosen. */
    boolean isOpen() {
        return !setByUser && chosen == null;
    }

    boolean isCandidate(String name) {
        return candidates.contains(name);
    }

    /** Applies the user's setting: a tensor's name or {@link TensorNames#NONE}. */
    void set(String name) {
        setByUser = true;
        if (name.equals(TensorNames.NONE)) {
            return;
        }
        if (!tensors.has(name)) {
            throw new ModelException(
                    "%s names '%s', which is not a tensor of the network or is a part of a computed weight; expected %snone if the model has no such layer"
                            .formatted(
                                    setting,
                                    NameList.shortened(name),
                                    candidates.isEmpty()
                                            ? ""
                                            : "one of %s, or ".formatted(NameList.of(candidates, tensors::describe))));
        }
        if (!fits(name)) {
            throw wrongShape(name, "set %s to the name of another tensor%s".formatted(setting, transposed(name)));
        }
        chosen = name;
    }

    /** What to do with the parameter W of a network that computes h W. */
    private String transposed(String name) {
        Shape shape = tensors.shape(name);
        return shape.isMatrix() && shape.rows() == width && !isWeight(name)
                ? "; if the network multiplies by it from the right, as in h @ W, save its transpose, W.T.contiguous()"
                : "";
    }

    /**
     * If no tensor was chosen, rejects an ignored one that could be it: without it the model would have no such layer.
     *
     * @param more further ignored tensors that would make one
     */
    void requireNoneIgnored(Predicate<String> more) {
        if (!isOpen()) {
            return;
        }
        for (String name : tensors.ignored()) {
            boolean isRole = TensorRole.of(name) == role || TensorRole.of(name) == TensorRole.UNKNOWN;
            if ((couldBe(name) && isRole) || more.test(name)) {
                throw new ModelException(
                        "model.ignore names tensor %s, which looks like %s: take it out of model.ignore, or set %s to none as well, which leaves the layer out"
                                .formatted(tensors.describe(name), what, setting));
            }
        }
    }

    /**
     * Whether the output layer is set to none, and this tensor is of a layer above the LSTM by its name or shape.
     *
     * @param elsewhere whether weights could be of a layer below or between the LSTMs, which would not be left out
     */
    boolean isLeftOut(String name, Predicate<Shape> elsewhere) {
        if (!setByUser || chosen != null) {
            return false;
        }
        String weight = isBias(name) ? weightOf(name) : name;
        if (!tensors.has(weight)
                || !isPossible(weight)
                || !tensors.shape(weight).isMatrix()
                || elsewhere.test(tensors.shape(weight))) {
            return false;
        }
        return switch (TensorRole.of(weight)) {
            case OUTPUT -> true;
            case UNKNOWN -> isCandidate(weight);
            case EMBEDDING, OTHER -> false;
        };
    }

    /** {@code fc.weight} for {@code fc.bias}. */
    static String weightOf(String bias) {
        return bias.substring(0, bias.length() - "bias".length()) + "weight";
    }

    /** Takes a tensor that has another role out of the search. */
    void exclude(String name) {
        candidates.remove(name);
    }

    /** Chooses this tensor without a check of its name or shape. */
    void choose(String name) {
        chosen = name;
    }

    /** Chooses the only candidate whose name has this layer's role. */
    void chooseByName() {
        if (isOpen()) {
            chooseOnly(candidatesOf(role));
        }
    }

    /**
     * If no name has decided, chooses the only candidate with an unknown role.
     *
     * @throws ModelException if a candidate also fits the other end
     */
    void chooseByShape(EndLayer other) {
        if (!isOpen()) {
            return;
        }
        List<String> left = candidatesOf(TensorRole.UNKNOWN);
        other.chosen().ifPresent(taken -> left.removeIf(name -> tensors.same(name, taken)));
        List<String> contested = left.stream()
                .filter(name -> other.isOpen() && other.isCandidate(name))
                .collect(Collectors.toList());
        if (!contested.isEmpty()) {
            throw new ModelException("%s could be %s as well as %s: set %s and %s, each to a tensor's name or to none"
                    .formatted(NameList.of(contested, tensors::describe), what, other.what, setting, other.setting));
        }
        chooseOnly(left);
    }

    private List<String> candidatesOf(TensorRole wanted) {
        return candidates.stream().filter(name -> TensorRole.of(name) == wanted).collect(Collectors.toList());
    }

    /** Chooses the only tensor. Several names of one stored tensor count as one. */
    private void chooseOnly(List<String> names) {
        if (names.stream().anyMatch(name -> !tensors.same(name, names.get(0)))) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d tensors could be %s: %s; set %s to the name of the right one, and name the others in model.ignore if they are "
                            + "not part of the network; a network that uses several of them can't be scored",
                    names.size(),
                    what,
                    NameList.of(names, tensors::describe),
                    setting));
        }
        if (!names.isEmpty()) {
            chosen = names.get(0);
        }
    }

    /** If no tensor was chosen, rejects a tensor whose name has this layer's role but whose shape does not fit. */
    void requireNoMisfit() {
        if (!isOpen()) {
            return;
        }
        for (String name : tensors.names()) {
            boolean misfit = tensors.shape(name).rank() == 2 && !fits(name);
            if (misfit && isPossible(name) && TensorRole.of(name) == role) {
                throw wrongShape(
                        name,
                        "a network with another layer there cannot be scored; only if this tensor is not part of the network, name it in model.ignore"
                                + summed(name)
                                + (role == TensorRole.EMBEDDING ? severalInputs(tensors, width) : ""));
            }
        }
    }

    /** What to do if the layer reads the sum of two directions, which only a graph tells. */
    private String summed(String name) {
        return role == TensorRole.OUTPUT && 2 * tensors.shape(name).dimension(1) == width
                ? "; if the network adds the two directions of the LSTM, export it to ONNX, which tells that"
                : "";
    }

    private ModelException wrongShape(String name, String advice) {
        return new ModelException("tensor '%s' has shape %s, expected %s for %s; %s"
                .formatted(NameList.shortened(name), tensors.shape(name), expected, what, advice));
    }

    private boolean isPossible(String name) {
        return RecurrentName.parse(name).isEmpty() && !name.contains("lora_") && possible.test(name);
    }

    /** Whether it has the shape. */
    boolean fits(String name) {
        Shape shape = tensors.shape(name);
        return shape.isMatrix() && shape.columns() == width;
    }
}
