package sluice.cell.weights.statedict;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a tensor that is not part of the model looks like, for the message that rejects it. */
enum LayerGuess {
    SHARED("a second layer above the LSTM, which shares the embedding's values", List.of()),
    SECOND_LSTM("a further use of an LSTM of the model, which model.lstm does not list", List.of()),
    SECOND_USE("a further use of a layer of the model", List.of()),
    RECURRENT("a further recurrent module, which model.lstm does not list", List.of("lstm", "gru", "rnn")),
    QUANTIZATION("parts of quantization", List.of()),
    LORA(
            "a low-rank update (LoRA) of a layer (in peft, save the state dict of model.merge_and_unload())",
            List.of("lora")),
    PARAMETRIZATION(
            "parts of a layer whose weight is computed by a rule that is not known here, such as spectral normalization (in PyTorch, "
                    + "after model.eval(), torch.nn.utils.parametrize.remove_parametrizations, or for *_orig "
                    + "torch.nn.utils.remove_spectral_norm, stores the weight itself)",
            List.of("parametrizations")),
    CRF("the transitions of a CRF, which decodes whole sequences", List.of("crf", "transition", "transitions")),
    ADAPTIVE_SOFTMAX("an adaptive softmax, whose classes are divided into clusters", List.of("tail", "cluster")),
    MOGRIFIER("the gates of a Mogrifier LSTM between input and hidden state", List.of("mog", "mogrifier", "mogrify")),
    ATTENTION(
            "an attention over the steps",
            List.of("attention", "attn", "att", "attend", "query", "key", "omega", "context")),
    POSITIONS(
            "positions that are added to the input",
            List.of("pe", "pos", "position", "positions", "positional", "step", "time", "timestep", "wpe")),
    INITIAL_STATE(
            "a learned initial state, or a layer that computes one (read only as a pair such as h0 and c0 of shape "
                    + "(layers * directions, 1, H), beside the LSTM)",
            List.of("init", "initial", "start")),
    TEMPERATURE(
            "a temperature or a scale of the scores (only if the network divides the output layer's numbers by it before the softmax, "
                    + "set output.temperature to its value and list it in model.ignore)",
            List.of("temperature", "temp", "tau", "scale")),
    NUMBER("a number that the network may use, such as a temperature, an offset or a length", List.of()),
    MASK("a mask", List.of("mask")),
    SCALING(
            "means or deviations by which features are standardized",
            List.of("mean", "means", "std", "stds", "var", "variance", "scaler", "mu", "sigma")),
    NORMALIZATION(
            "a layer normalization or batch normalization", List.of("norm", "layernorm", "batchnorm", "ln", "bn")),
    CONVOLUTION("a convolution", List.of("conv")),
    ACTIVATION("an activation with a learned parameter, such as PReLU", List.of("act", "activation", "prelu")),
    GATE("a gate or a highway layer", List.of("gate", "highway")),
    EMBEDDING("a further embedding", List.of()),
    BELOW("a layer below or between the LSTMs", List.of()),
    OUTPUT("an output layer (if it is the only one, set model.output to its name)", List.of()),
    ABOVE("another layer above the LSTM", List.of()),
    DENSE("a further dense layer", List.of()),
    BIAS("a bias without its weights", List.of()),
    UNKNOWN("a further part of the network", List.of());

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^A-Za-z]+|(?<=[a-z])(?=[A-Z])");

    private final String text;
    private final List<String> words;

    LayerGuess(String text, List<String> words) {
        this.text = text;
        this.words = words;
    }

    /** Whether it is a part of the network for certain, so that leaving it out is no remedy. */
    boolean isCertain() {
        return isHopeless() || this == PARAMETRIZATION || this == LORA;
    }

    /** Whether it is a part of the network for certain, and the file can't be saved without it. */
    boolean isHopeless() {
        return this == SHARED || this == QUANTIZATION;
    }

    /** The first kind of which the name has a word. */
    static Optional<LayerGuess> byWord(String name) {
        Set<String> found = BETWEEN_WORDS
                .splitAsStream(name)
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        return Arrays.stream(values())
                .filter(guess -> guess.words.stream().anyMatch(found::contains))
                .findFirst();
    }

    /** {@code an attention over the steps}. */
    String text() {
        return text;
    }
}
