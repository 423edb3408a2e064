package sluice.cell.weights.statedict;

import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.weights.file.Shape;

/** Guesses from its name, its shape and its siblings what a tensor is that is not part of the model. */
final class LayerGuesser {
    private static final Pattern NUMBERED_STATE = Pattern.compile("(.*\\.)?[hc]_?0");
    private static final Pattern COMPUTED = Pattern.compile("(.*)_(orig|mask|u|v|g)");
    private static final Set<String> QUANTIZED =
            Set.of("zero_point", "fake_quant_enabled", "observer_enabled", "weight_scale", "scb", "qweight", "qzeros");
    private static final int MANY_AXES = 3;

    private final NamedTensors tensors;
    private final NavigableSet<String> unread;
    private final EndLayers ends;
    private final StackWidths widths;

    LayerGuesser(NamedTensors tensors, NavigableSet<String> unread, EndLayers ends, StackWidths widths) {
        this.tensors = tensors;
        this.unread = unread;
        this.ends = ends;
        this.widths = widths;
    }

    /** A bias is what its module is. */
    LayerGuess guess(String name) {
        if (tensors.isStoredRead(name)) {
            return secondUse(name);
        }
        String module = name.substring(0, name.lastIndexOf('.') + 1);
        if (EndLayer.isBias(name) && !module.isEmpty()) {
            Optional<String> weight = unread.tailSet(module).stream()
                    .takeWhile(other -> other.startsWith(module))
                    .filter(other -> !EndLayer.isBias(other))
                    .findFirst();
            if (weight.isPresent()) {
                return tensors.isStoredRead(weight.get()) ? secondUse(weight.get()) : byItself(weight.get());
            }
        }
        return byItself(name);
    }

    private LayerGuess secondUse(String name) {
        if (RecurrentName.parse(name).isPresent()) {
            return LayerGuess.SECOND_LSTM;
        }
        boolean isEmbedding = !ends.isTied()
                && ends.embeddingName()
                        .filter(embedding -> tensors.same(name, embedding))
                        .isPresent();
        return isEmbedding ? LayerGuess.SHARED : LayerGuess.SECOND_USE;
    }

    private LayerGuess byItself(String name) {
        if (isQuantized(name)) {
            return LayerGuess.QUANTIZATION;
        }
        if (isPart(name)) {
            return LayerGuess.PARAMETRIZATION;
        }
        if (RecurrentName.parse(name).isPresent()) {
            return LayerGuess.RECURRENT;
        }
        if (InitialStates.isNamed(name) || NUMBERED_STATE.matcher(name).matches()) {
            return LayerGuess.INITIAL_STATE;
        }
        if (name.endsWith("running_mean") || name.endsWith("running_var")) {
            return LayerGuess.NORMALIZATION;
        }
        return LayerGuess.byWord(name).orElseGet(() -> byShape(name));
    }

    private static boolean isQuantized(String name) {
        return name.contains("fake_quant.")
                || name.contains("activation_post_process.")
                || QUANTIZED.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /** A part of a computed weight has a sibling that is another part of it. */
    private boolean isPart(String name) {
        if (name.contains("parametrizations.")) {
            return true;
        }
        Matcher matcher = COMPUTED.matcher(name);
        if (!matcher.matches()) {
            return false;
        }
        NavigableSet<String> all = tensors.allNames();
        String weight = matcher.group(1);
        boolean isOriginal = matcher.group(2).equals("orig");
        boolean hasOther = all.contains(weight + "_mask") || all.contains(weight + "_u") || all.contains(weight + "_v");
        return isOriginal
                ? hasOther
                : all.contains(weight + "_orig") || (all.contains(weight + "_g") && all.contains(weight + "_v"));
    }

    private LayerGuess byShape(String name) {
        Shape shape = tensors.shape(name);
        if (shape.rank() >= MANY_AXES) {
            return EndLayer.isWeight(name) ? LayerGuess.CONVOLUTION : LayerGuess.UNKNOWN;
        }
        if (shape.rank() == 2) {
            return matrix(name, shape);
        }
        if (EndLayer.isBias(name) || name.equals("b") || name.endsWith(".b")) {
            return shape.isVectorOf(widths.input()) ? LayerGuess.BELOW : LayerGuess.BIAS;
        }
        if (shape.rank() == 0 || shape.dimension(0) == 1) {
            return oneNumber(name);
        }
        if (EndLayer.isWeight(name)) {
            return LayerGuess.NORMALIZATION;
        }
        return shape.isVectorOf(widths.output()) ? LayerGuess.ATTENTION : LayerGuess.UNKNOWN;
    }

    private LayerGuess oneNumber(String name) {
        if (!tensors.isFloat(name)) {
            return LayerGuess.NUMBER;
        }
        return EndLayer.isWeight(name) ? LayerGuess.ACTIVATION : LayerGuess.TEMPERATURE;
    }

    private LayerGuess matrix(String name, Shape shape) {
        boolean hasBias = tensors.has(EndLayer.biasOf(name));
        if (!hasBias && TensorRole.of(name) == TensorRole.EMBEDDING) {
            return LayerGuess.EMBEDDING;
        }
        if (ends.couldBeOutput(name)) {
            return LayerGuess.OUTPUT;
        }
        if (shape.dimension(0) == widths.input() || widths.couldBeBetween(shape)) {
            return LayerGuess.BELOW;
        }
        OptionalLong classes = ends.outputName()
                .map(output -> OptionalLong.of(tensors.shape(output).rows()))
                .orElse(OptionalLong.empty());
        boolean isAbove = shape.dimension(1) == widths.output()
                || (classes.isPresent() && shape.dimension(1) == classes.getAsLong());
        return isAbove ? LayerGuess.ABOVE : LayerGuess.DENSE;
    }
}
