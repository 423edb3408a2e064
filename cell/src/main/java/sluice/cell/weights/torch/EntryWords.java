package sluice.cell.weights.torch;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.weights.statedict.StateDict;

/**
 * The words of the name of an entry of a checkpoint, in lower case: {@code optimizer} and {@code state} of {@code optimizerState}. Only
 * whole words count: {@code log_embedding} is no log, and {@code grade_head} no gradient.
 */
final class EntryWords {
    private static final int MAX_CHARACTERS = 200; // of a name that is looked into

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^A-Za-z]+|(?<=[a-z])(?=[A-Z])");

    private static final Set<String> OPTIMIZER = Set.of(
            "adam",
            "adamw",
            "grad",
            "gradient",
            "gradients",
            "grads",
            "momentum",
            "opt",
            "optim",
            "optimiser",
            "optimizer",
            "optimizers",
            "optims",
            "sched",
            "scheduler",
            "schedulers",
            "sgd");

    private static final Set<String> TRAINING =
            Set.of("amp", "args", "best", "cfg", "ema", "log", "logs", "loop", "loops", "lr", "rng", "random", "swa");

    private static final List<String> TRAINING_STEMS = List.of(
            "callback",
            "config",
            "confmat",
            "confusion",
            "criteri",
            "histor",
            "hparam",
            "hyper",
            "loss",
            "metric",
            "vocab");

    /** Last words of the names of networks. */
    private static final Set<String> NETWORK = Set.of("model", "net", "network", "lstm", "rnn");

    private static final Set<String> LAYER =
            Set.of("bias", "layer", "layers", "transition", "transitions", "vector", "vectors", "weight", "weights");

    /** Names of single weights in scripts that follow the formulas. */
    private static final Set<String> SYMBOLS = Set.of("E", "U", "V", "W", "b");

    /** Words of what is not of the network, whatever it weights: {@code class_weights}. */
    private static final Set<String> OF_LOSS = Set.of("class", "criterion", "loss", "pos", "sample");

    private static final Set<String> STANDARDIZATION =
            Set.of("mean", "means", "mu", "sigma", "std", "stdev", "stddev", "stds", "variance");

    private static final Set<String> RANGE = Set.of("min", "max", "mins", "maxs", "scale", "scales", "shift", "offset");

    /** Of a dict of such numbers. */
    private static final Set<String> SCALERS = Set.of(
            "calibration",
            "calibrator",
            "data",
            "dataset",
            "features",
            "input",
            "inputs",
            "norm",
            "normalization",
            "normalizer",
            "preprocessing",
            "scaler",
            "scalers",
            "scaling",
            "standardizer",
            "stats",
            "transform",
            "transforms");

    private static final Set<String> TEMPERATURE = Set.of("temperature", "tau", "temp");

    /** Words beside which a number named {@code mean} is of the model's inputs: not the mean of a metric. */
    private static final Set<String> DATA = Set.of(
            "x",
            "y",
            "data",
            "dataset",
            "feature",
            "features",
            "global",
            "input",
            "inputs",
            "softmax",
            "target",
            "train",
            "training");

    private final String name;
    private final List<String> words;

    private EntryWords(String name, List<String> words) {
        this.name = name;
        this.words = words;
    }

    static EntryWords of(String name) {
        return new EntryWords(
                name,
                name.length() > MAX_CHARACTERS
                        ? List.of()
                        : BETWEEN_WORDS
                                .splitAsStream(name)
                                .filter(word -> !word.isEmpty())
                                .map(word -> word.toLowerCase(Locale.ROOT))
                                .collect(Collectors.toList()));
    }

    /** Whether it names the state of an optimizer or a scheduler. */
    boolean isOptimizer() {
        boolean isAverage = words.contains("exp") && words.contains("avg");
        return !isNetwork() && (isAverage || hasOneOf(OPTIMIZER));
    }

    /** Whether it names something of the training other than its optimizer and its model. */
    boolean isTraining() {
        boolean isOfTraining = hasOneOf(TRAINING)
                || words.stream().anyMatch(word -> TRAINING_STEMS.stream().anyMatch(word::startsWith));
        return isOfTraining && !isNetwork() && !isLayer();
    }

    private boolean isNetwork() {
        return !words.isEmpty() && NETWORK.contains(words.get(words.size() - 1));
    }

    /** Whether it names a layer or a weight. */
    boolean isLayer() {
        boolean isNamed = StateDict.namesLayer(name) || hasOneOf(LAYER) || SYMBOLS.contains(name);
        return !words.isEmpty() && isNamed && !hasOneOf(OF_LOSS);
    }

    /** Whether it names what numbers are shifted, scaled or divided by. */
    boolean isScaling() {
        return isStandardization() || hasOneOf(RANGE);
    }

    private boolean isStandardization() {
        return hasOneOf(STANDARDIZATION) || hasOneOf(TEMPERATURE);
    }

    /** The same of a single number, which may also be a metric or a setting: no other words but those of the data. */
    boolean isOnlyScaling() {
        int end = name.lastIndexOf('.');
        return end < 0 ? isScalingAlone() : of(name.substring(end + 1)).isScalingAlone();
    }

    private boolean isScalingAlone() {
        return isStandardization()
                && words.stream()
                        .allMatch(word ->
                                STANDARDIZATION.contains(word) || TEMPERATURE.contains(word) || DATA.contains(word));
    }

    /** Whether it names a dict of numbers by which data or answers are scaled. */
    boolean isScaler() {
        return hasOneOf(SCALERS);
    }

    /** Whether it may name the scaler of gradients in mixed precision, whose state is a number. */
    boolean isGradientScaler() {
        return words.contains("scaler");
    }

    boolean isEmpty() {
        return words.isEmpty();
    }

    /** Whether the last word has one of these endings. */
    boolean endsWith(String... endings) {
        return !words.isEmpty() && Stream.of(endings).anyMatch(words.get(words.size() - 1)::endsWith);
    }

    private boolean hasOneOf(Set<String> wanted) {
        return !Collections.disjoint(words, wanted);
    }
}
