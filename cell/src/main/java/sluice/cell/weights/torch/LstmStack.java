package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/** One PyTorch LSTM: validates the tensors under one prefix against each other and builds its layers. */
final class LstmStack {
    /** Gate order in the rows of each tensor. It is the model's own order, so values are not reordered. */
    static final GateOrder GATES = GateOrder.IFGO;

    private static final int GRU_BLOCKS = 3;

    private final NamedTensors tensors;
    private final String prefix;
    private final List<RecurrentName> names = new ArrayList<>();
    private boolean bidirectional;
    private boolean biased;

    private LstmStack(NamedTensors tensors, String prefix) {
        this.tensors = tensors;
        this.prefix = prefix;
    }

    /**
     * Finds the LSTM of a state dict.
     *
     * @param named setting {@code model.lstm}: the prefix, with or without the trailing dot
     * @throws ModelException if there is no LSTM, or several and none was named
     */
    static LstmStack find(NamedTensors tensors, Optional<String> named) {
        NavigableMap<String, LstmStack> stacks = all(tensors);
        if (stacks.isEmpty()) {
            throw new ModelException(
                    "the file has no LSTM: expected tensors with PyTorch's names, such as 'lstm.weight_ih_l0' "
                            + "and 'lstm.weight_hh_l0', found "
                            + (tensors.names().isEmpty()
                                    ? "no tensors"
                                    : NameList.of(tensors.names(), tensors::describe)));
        }
        if (named.isPresent()) {
            return named(stacks, named.get());
        }
        if (stacks.size() > 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d recurrent modules in the file, expected one: %s; set model.lstm to the prefix of the one to score with",
                    stacks.size(),
                    prefixes(stacks)));
        }
        return stacks.firstEntry().getValue();
    }

    private static NavigableMap<String, LstmStack> all(NamedTensors tensors) {
        NavigableMap<String, LstmStack> stacks = new TreeMap<>();
        for (String name : tensors.names()) {
            RecurrentName.parse(name)
                    .ifPresent(
                            parsed -> stacks.computeIfAbsent(parsed.prefix(), prefix -> new LstmStack(tensors, prefix))
                                    .names
                                    .add(parsed));
        }
        stacks.values().removeIf(stack -> stack.names.stream().noneMatch(RecurrentName::isWeight));
        return stacks;
    }

    private static LstmStack named(Map<String, LstmStack> stacks, String name) {
        LstmStack exact = stacks.get(name);
        LstmStack stack = exact != null ? exact : stacks.get(name + ".");
        if (stack == null) {
            throw new ModelException(
                    "no LSTM under the prefix '%s' of model.lstm, found %s".formatted(name, prefixes(stacks)));
        }
        return stack;
    }

    private static String prefixes(Map<String, LstmStack> stacks) {
        return NameList.of(stacks.keySet(), prefix -> "'" + prefix + "'");
    }

    /** Reads the layers, from the input upwards. */
    List<LstmLayer> layers() throws IOException {
        biased = names.stream().anyMatch(name -> name.kind().startsWith("bias"));
        if (isCell()) {
            return List.of(LstmLayer.of(direction("", Optional.empty())));
        }
        bidirectional = names.stream().anyMatch(RecurrentName::reversed);
        List<LstmLayer> layers = new ArrayList<>();
        Optional<WidthBelow> below = Optional.empty();
        int count = depth();
        for (int depth = 0; depth < count; depth++) {
            LstmLayer layer = layer("_l" + depth, below);
            below = Optional.of(new WidthBelow(layer.outputWidth(), "layer " + depth + " gives"));
            layers.add(layer);
        }
        return layers;
    }

    /** Required input width of a layer, with the reason for the message. */
    private record WidthBelow(long width, String reason) {}

    private boolean isCell() {
        boolean cell = names.stream().anyMatch(RecurrentName::cell);
        if (cell && !names.stream().allMatch(RecurrentName::cell)) {
            throw new ModelException(("the prefix '%s' has tensors of an nn.LSTM ('weight_ih_l0') and of an "
                            + "nn.LSTMCell ('weight_ih'): expected one of them")
                    .formatted(prefix));
        }
        return cell;
    }

    private int depth() {
        List<Integer> found =
                names.stream().map(RecurrentName::layer).distinct().sorted().collect(Collectors.toList());
        for (int depth = 0; depth < found.size(); depth++) {
            if (found.get(depth) != depth) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the LSTM '%s' has layers %s but no layer %d, expected all from 0 "
                                + "upwards; export the whole state dict",
                        prefix,
                        found,
                        depth));
            }
        }
        return found.size();
    }

    private LstmLayer layer(String suffix, Optional<WidthBelow> below) throws IOException {
        LstmDirection forward = direction(suffix, below);
        if (!bidirectional) {
            return LstmLayer.of(forward);
        }
        // Layer 0 has no layer below to compare with, so its backward direction is compared with the forward one.
        WidthBelow same = new WidthBelow(forward.inputWidth(), "the forward direction reads");
        return LstmLayer.bidirectional(
                forward, direction(suffix + "_reverse", Optional.of(same)).backward());
    }

    private LstmDirection direction(String suffix, Optional<WidthBelow> below) throws IOException {
        String inputWeights = prefix + "weight_ih" + suffix;
        String hiddenWeights = prefix + "weight_hh" + suffix;
        String projection = prefix + "weight_hr" + suffix;
        Shape input = matrixShape(inputWeights, "(4H, I)", hiddenWeights);
        Shape hidden = matrixShape(hiddenWeights, hiddenShape(input), inputWeights);
        requireLstm(input, hidden);
        if (tensors.has(projection)) {
            requireProjected(inputWeights, input, hiddenWeights, hidden, projection);
        } else {
            requirePlain(inputWeights, input, hiddenWeights, hidden);
        }
        below.ifPresent(expected -> requireWidth(inputWeights, input, expected));
        Matrix u = tensors.matrix(inputWeights);
        Matrix w = tensors.matrix(hiddenWeights);
        float[] bias = bias(suffix, u.rows());
        return tensors.has(projection)
                ? LstmDirection.projected(u, w, bias, tensors.matrix(projection))
                : LstmDirection.plain(u, w, bias);
    }

    private Shape matrixShape(String name, String expected, String sibling) {
        if (!tensors.has(name)) {
            throw new ModelException(
                    "tensor '%s' is missing, expected one of shape %s beside '%s'; export the whole state dict"
                            .formatted(name, expected, sibling));
        }
        Shape shape = tensors.shape(name);
        if (!shape.isMatrix()) {
            throw wrongShape(name, expected);
        }
        return shape;
    }

    /** Expected shape of the recurrent weights for these input weights, as exactly as it is known. */
    private static String hiddenShape(Shape input) {
        return input.rows() % Gate.COUNT == 0
                ? String.format(Locale.ROOT, "(4H, H) = (%d, %d)", input.rows(), input.rows() / Gate.COUNT)
                : "(4H, H)";
    }

    /** Rejects GRUs and plain RNNs. They use the same tensor names, but have 3H or H rows. */
    private void requireLstm(Shape input, Shape hidden) {
        if (input.rows() == hidden.rows() && hidden.rows() == GRU_BLOCKS * hidden.columns()) {
            throw notAnLstm("a GRU (3H rows)", input, hidden);
        }
        if (input.rows() == hidden.rows() && hidden.rows() == hidden.columns()) {
            throw notAnLstm("a plain RNN (H rows)", input, hidden);
        }
    }

    private ModelException notAnLstm(String found, Shape input, Shape hidden) {
        return new ModelException(("'%s' is %s: its weight_ih has shape %s and its weight_hh %s, expected an LSTM, "
                        + "which has 4H rows; only LSTMs can be scored")
                .formatted(prefix, found, input, hidden));
    }

    private void requirePlain(String inputName, Shape input, String hiddenName, Shape hidden) {
        if (hidden.rows() == Gate.COUNT * hidden.columns() && input.rows() != hidden.rows()) {
            throw wrongShape(
                    inputName,
                    String.format(Locale.ROOT, "(4H, I) = (%d, I) with H = %d", hidden.rows(), hidden.columns()));
        }
        if (input.rows() % Gate.COUNT != 0) {
            throw wrongShape(inputName, "(4H, I), a multiple of 4 rows");
        }
        long width = input.rows() / Gate.COUNT;
        if (hidden.rows() != input.rows() || hidden.columns() != width) {
            throw wrongShape(hiddenName, hiddenShape(input) + " with H = " + width);
        }
    }

    private void requireProjected(
            String inputName, Shape input, String hiddenName, Shape hidden, String projectionName) {
        Shape projection = matrixShape(projectionName, "(P, H)", hiddenName);
        long rows = Gate.COUNT * projection.columns();
        if (input.rows() != rows) {
            throw wrongShape(
                    inputName,
                    String.format(
                            Locale.ROOT,
                            "(4H, I) = (%d, I) with H = %d from '%s'",
                            rows,
                            projection.columns(),
                            projectionName));
        }
        if (hidden.rows() != rows || hidden.columns() != projection.rows()) {
            throw wrongShape(
                    hiddenName,
                    String.format(
                            Locale.ROOT,
                            "(4H, P) = (%d, %d) with P from '%s'",
                            rows,
                            projection.rows(),
                            projectionName));
        }
    }

    private void requireWidth(String name, Shape input, WidthBelow below) {
        if (input.columns() != below.width()) {
            throw wrongShape(
                    name,
                    String.format(
                            Locale.ROOT,
                            "(4H, I) = (%d, %d): %s %d numbers a step",
                            input.rows(),
                            below.width(),
                            below.reason(),
                            below.width()));
        }
    }

    /** The sum of both biases, added in float64, or zeros if the LSTM has no biases. */
    private float[] bias(String suffix, int rows) throws IOException {
        String inputBias = prefix + "bias_ih" + suffix;
        String hiddenBias = prefix + "bias_hh" + suffix;
        if (!biased) {
            return new float[rows];
        }
        requireBias(inputBias, rows, hiddenBias);
        requireBias(hiddenBias, rows, inputBias);
        return sum(inputBias, tensors.values(inputBias), hiddenBias, tensors.values(hiddenBias));
    }

    /**
     * Adds both biases in float64.
     *
     * @param sum the input bias; it is overwritten with the sum
     * @throws ModelException if the lengths differ, or a sum exceeds the range of float32
     */
    static float[] sum(String inputBias, float[] sum, String hiddenBias, float[] addends) {
        if (sum.length != addends.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensors '%s' and '%s' have %d and %d values, expected the same number",
                    inputBias,
                    hiddenBias,
                    sum.length,
                    addends.length));
        }
        for (int at = 0; at < sum.length; at++) {
            sum[at] = (float) ((double) sum[at] + addends[at]);
            if (!Float.isFinite(sum[at])) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensors '%s' and '%s' add up to %s at index [%d], expected a finite "
                                + "number that float32 can hold",
                        inputBias,
                        hiddenBias,
                        sum[at],
                        at));
            }
        }
        return sum;
    }

    private void requireBias(String name, long rows, String sibling) {
        if (!tensors.has(name)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' is missing, expected one of shape (4H) = (%d) beside '%s': an "
                            + "LSTM has all its biases or none; export the whole state dict",
                    name,
                    rows,
                    sibling));
        }
        if (!tensors.shape(name).isVectorOf(rows)) {
            throw wrongShape(name, String.format(Locale.ROOT, "(4H) = (%d)", rows));
        }
    }

    private ModelException wrongShape(String name, String expected) {
        return new ModelException("tensor '%s' has shape %s, expected %s; export the model again"
                .formatted(name, tensors.shape(name), expected));
    }
}
