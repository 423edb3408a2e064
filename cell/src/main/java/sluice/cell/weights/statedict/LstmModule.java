package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/** One {@code nn.LSTM} or {@code nn.LSTMCell}: validates the tensors under one prefix against each other and builds its layers. */
final class LstmModule {
    private static final int GRU_BLOCKS = 3;

    private final NamedTensors tensors;
    private final String prefix;
    private final List<RecurrentName> names = new ArrayList<>();
    private boolean bidirectional;
    private boolean biased;

    private LstmModule(NamedTensors tensors, String prefix) {
        this.tensors = tensors;
        this.prefix = prefix;
    }

    /** The modules of a file by their prefixes, with those that {@code model.ignore} names. */
    static NavigableMap<String, LstmModule> all(NamedTensors tensors) {
        NavigableMap<String, LstmModule> modules = new TreeMap<>();
        for (String name : tensors.allNames()) {
            RecurrentName.parse(name)
                    .ifPresent(parsed -> modules.computeIfAbsent(
                                    parsed.prefix(), prefix -> new LstmModule(tensors, prefix))
                            .names
                            .add(parsed));
        }
        modules.values().removeIf(module -> module.names.stream().noneMatch(RecurrentName::isWeight));
        return modules;
    }

    String prefix() {
        return prefix;
    }

    /** Whether {@code model.ignore} names one of its tensors. */
    boolean isIgnored() {
        return names.stream().anyMatch(name -> !tensors.has(prefix + name.suffix()));
    }

    /** Identifies its stored tensors: modules that share all of them are one module under two prefixes. */
    String storedTensors() {
        return names.stream()
                .map(name -> name.suffix() + '=' + tensors.stored(prefix + name.suffix()))
                .sorted()
                .collect(Collectors.joining("\n"));
    }

    /** I of its first layer, as far as the shapes tell. */
    OptionalLong inputWidth() {
        return width("weight_ih", 0);
    }

    /** Width of its output at each step, as far as the shapes tell. */
    OptionalLong outputWidth() {
        long directions = isBidirectional() ? 2 : 1;
        OptionalLong top = width(
                "weight_hh", names.stream().mapToInt(RecurrentName::layer).max().orElseThrow());
        return top.isEmpty() ? top : OptionalLong.of(top.getAsLong() * directions);
    }

    private OptionalLong width(String kind, int layer) {
        return names.stream()
                .filter(name -> name.kind().equals(kind) && name.layer() == layer && !name.reversed())
                .map(name -> tensors.shape(prefix + name.suffix()))
                .filter(Shape::isMatrix)
                .mapToLong(Shape::columns)
                .findFirst();
    }

    boolean isBidirectional() {
        return names.stream().anyMatch(RecurrentName::reversed);
    }

    /** {@code 'lstm.' (reads 8, gives 12 numbers a step)}, as messages list it. */
    String describe() {
        OptionalLong reads = inputWidth();
        OptionalLong gives = outputWidth();
        return reads.isEmpty() || gives.isEmpty()
                ? "'%s'".formatted(NameList.shortened(prefix))
                : String.format(
                        Locale.ROOT,
                        "'%s' (reads %d, gives %d numbers a step)",
                        NameList.shortened(prefix),
                        reads.getAsLong(),
                        gives.getAsLong());
    }

    /**
     * Reads the layers, from the input upwards.
     *
     * @param input what the first layer reads, if another module gives it
     */
    List<LstmLayer> layers(Optional<WidthBelow> input) throws IOException {
        biased = names.stream().anyMatch(name -> name.kind().startsWith("bias"));
        if (isCell()) {
            return List.of(LstmLayer.of(direction("", input)));
        }
        bidirectional = isBidirectional();
        List<LstmLayer> layers = new ArrayList<>();
        Optional<WidthBelow> below = input;
        int count = depth();
        for (int depth = 0; depth < count; depth++) {
            LstmLayer layer = layer("_l" + depth, below);
            below = Optional.of(new WidthBelow(layer.outputWidth(), "layer " + depth + " gives"));
            layers.add(layer);
        }
        return layers;
    }

    /** Required input width of a layer, with the reason for the message. */
    record WidthBelow(long width, String reason) {}

    /** Whether it is an {@code nn.LSTMCell}. */
    boolean isCell() {
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
            requireNoParts(name);
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

    /** Rejects a weight that the file has only as parts, by a rule that {@link FoldedWeight} does not know. */
    private void requireNoParts(String name) {
        String parametrized = prefix + "parametrizations." + name.substring(prefix.length()) + ".";
        List<String> parts = tensors.allNames().stream()
                .filter(other -> other.startsWith(parametrized) || other.startsWith(name + "_"))
                .filter(other -> RecurrentName.parse(other).isEmpty())
                .collect(Collectors.toList());
        if (!parts.isEmpty()) {
            throw new ModelException("tensor '%s' is stored as %s, which look like %s"
                    .formatted(
                            NameList.shortened(name),
                            NameList.of(parts, tensors::describe),
                            LayerGuess.PARAMETRIZATION.text()));
        }
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
