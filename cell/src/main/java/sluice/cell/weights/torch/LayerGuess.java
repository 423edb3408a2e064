package sluice.cell.weights.torch;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sluice.cell.weights.file.Shape;

/** What a tensor that is not part of the model looks like, for the message that rejects it. */
enum LayerGuess {
    SHARED("a layer that shares the values of the embedding", List.of()),
    RECURRENT("a further recurrent module, which model.lstm does not list", List.of("lstm", "gru", "rnn")),
    PARAMETRIZATION(
            "a weight that is computed from others by a rule other than weight normalization and pruning, such as "
                    + "spectral normalization (remove_parametrizations of torch.nn.utils.parametrize stores the weight itself)",
            List.of("parametrizations")),
    CRF("the transitions of a CRF, which decodes whole sequences", List.of("crf", "transition", "transitions")),
    ADAPTIVE_SOFTMAX("an adaptive softmax, whose classes are divided into clusters", List.of("tail", "cluster")),
    MOGRIFIER("the gates of a Mogrifier LSTM between input and hidden state", List.of("mog", "mogrifier", "mogrify")),
    ATTENTION(
            "an attention over the steps",
            List.of("attention", "attn", "att", "attend", "query", "key", "omega", "context")),
    POSITIONS(
            "positions that are added to the input",
            List.of("pe", "pos", "position", "positions", "positional", "wpe")),
    INITIAL_STATE("a learned initial state, or a layer that computes one", List.of("init", "initial", "start")),
    TEMPERATURE("a temperature or a scale of the answers", List.of("temperature", "temp", "tau", "scale")),
    SCALING(
            "means or deviations by which features are standardized",
            List.of("mean", "means", "std", "stds", "var", "variance", "scaler", "mu", "sigma")),
    NORMALIZATION(
            "a layer normalization or batch normalization", List.of("norm", "layernorm", "batchnorm", "ln", "bn")),
    CONVOLUTION("a convolution", List.of("conv")),
    ACTIVATION("an activation with a learned parameter, such as PReLU", List.of("act", "activation", "prelu")),
    GATE("a gate or a highway layer", List.of("gate", "highway")),
    EMBEDDING("a further embedding", List.of()),
    BELOW("a layer before the LSTM", List.of()),
    ABOVE("a layer beside the output layer", List.of()),
    DENSE("a further dense layer", List.of()),
    BIAS("a bias without its weights", List.of()),
    UNKNOWN("a further part of the network", List.of());

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^A-Za-z]+|(?<=[a-z])(?=[A-Z])");
    private static final Pattern NUMBERED_STATE = Pattern.compile("(.*\\.)?[hc]_?0");
    private static final int MANY_AXES = 3;

    private final String text;
    private final List<String> words;

    LayerGuess(String text, List<String> words) {
        this.text = text;
        this.words = words;
    }

    /** Whether it is a part of the network for certain, so that leaving it out is no remedy. */
    boolean isCertain() {
        return this == SHARED || this == PARAMETRIZATION;
    }

    /** {@code an attention over the steps}. */
    String text() {
        return text;
    }

    /**
     * @param hasBias whether there is a bias beside it, as in a dense layer
     * @param inputWidth I of the LSTM's first layer
     * @param outputWidth width of the top layer's output
     * @param classes rows of the output layer, if there is one
     */
    static LayerGuess of(
            String name, Shape shape, boolean hasBias, long inputWidth, long outputWidth, OptionalLong classes) {
        if (isPart(name)) {
            return PARAMETRIZATION;
        }
        if (RecurrentName.parse(name).isPresent()) {
            return RECURRENT;
        }
        if (InitialStates.isNamed(name) || NUMBERED_STATE.matcher(name).matches()) {
            return INITIAL_STATE;
        }
        if (name.endsWith("running_mean") || name.endsWith("running_var")) {
            return NORMALIZATION;
        }
        Set<String> found = BETWEEN_WORDS
                .splitAsStream(name)
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        for (LayerGuess guess : values()) {
            if (guess.words.stream().anyMatch(found::contains)) {
                return guess;
            }
        }
        return byShape(name, shape, hasBias, inputWidth, outputWidth, classes);
    }

    private static boolean isPart(String name) {
        return name.contains("parametrizations.")
                || name.endsWith("_orig")
                || name.endsWith("_mask")
                || name.endsWith("weight_u")
                || name.endsWith("weight_v")
                || name.endsWith("weight_g");
    }

    private static LayerGuess byShape(
            String name, Shape shape, boolean hasBias, long inputWidth, long outputWidth, OptionalLong classes) {
        if (shape.rank() >= MANY_AXES) {
            return EndLayer.isWeight(name) ? CONVOLUTION : UNKNOWN;
        }
        if (shape.rank() == 2) {
            return matrix(name, shape, hasBias, inputWidth, outputWidth, classes);
        }
        if (EndLayer.isBias(name)) {
            return shape.isVectorOf(inputWidth) ? BELOW : BIAS;
        }
        if (shape.rank() == 0 || shape.dimension(0) == 1) {
            return EndLayer.isWeight(name) ? ACTIVATION : TEMPERATURE;
        }
        if (EndLayer.isWeight(name)) {
            return NORMALIZATION;
        }
        return shape.isVectorOf(outputWidth) ? ATTENTION : UNKNOWN;
    }

    private static LayerGuess matrix(
            String name, Shape shape, boolean hasBias, long inputWidth, long outputWidth, OptionalLong classes) {
        if (!hasBias && TensorRole.of(name) == TensorRole.EMBEDDING) {
            return EMBEDDING;
        }
        if (shape.dimension(0) == inputWidth) {
            return BELOW;
        }
        boolean isAbove =
                shape.dimension(1) == outputWidth || (classes.isPresent() && shape.dimension(1) == classes.getAsLong());
        return isAbove ? ABOVE : DENSE;
    }
}
