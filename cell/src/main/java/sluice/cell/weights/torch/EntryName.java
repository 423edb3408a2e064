package sluice.cell.weights.torch;

import java.util.Set;
import java.util.regex.Pattern;
import sluice.cell.weights.file.StrictJson;

/** What the name of an entry of a checkpoint says about its content. Words end at anything but letters. */
final class EntryName {
    /** Keys under which training scripts usually store the state dict. */
    private static final Set<String> USUAL_STATE_DICTS = Set.of("state_dict", "model_state_dict", "model");

    private static final Pattern OPTIMIZER =
            words("optim|optimi[sz]ers?|opt|sched|schedulers?|momentum|exp_avg\\w*|grads?|gradients?");

    private static final Pattern TRAINING = words(
            "lr|scaler|amp|loss\\w*|criteri\\w*|metrics?|callbacks?|loops?|histor\\w*|logs?|stats|rng|random|ema|swa|best"
                    + "|hyper\\w*|hparams?|configs?|args|vocab\\w*");

    /** Layers, and what is computed with the inputs or the answers. */
    private static final Pattern PART = words(
            "emb|embed|embeddings?|encoder|decoder|heads?|fc|linear|classifier|dense|proj|projection|temperature|means?"
                    + "|stds?|mu|sigma|var|variance");

    private static final Pattern SCALER = words("scaler|stats|config|hparams|args");

    private static final Pattern TEMPERATURE = words("temperature");

    /** Last parts of the names of parameters of a module. */
    private static final Set<String> PARAMETERS =
            Set.of("weight", "bias", "weight_g", "weight_v", "weight_orig", "mean", "std", "scale", "running_mean");

    private EntryName() {}

    private static Pattern words(String words) {
        return Pattern.compile("(?i)(?:.*[^a-z])?(?:" + words + ")(?![a-z]).*", Pattern.DOTALL);
    }

    static boolean isShort(String name) {
        return name.length() <= StrictJson.MAX_NAME_CHARACTERS;
    }

    static boolean isUsual(String key) {
        return USUAL_STATE_DICTS.contains(key);
    }

    /** The state of an optimizer, which may have the names of the weights. It is never a model. */
    static boolean isOptimizer(String path) {
        return OPTIMIZER.matcher(path).matches();
    }

    /** Other entries of a training that hold tensors but no part of the model. */
    static boolean isTraining(String path) {
        return isOptimizer(path) || (TRAINING.matcher(path).matches() && !isPart(path));
    }

    /** A value that a model computes with: a layer, a mean of its inputs, a temperature. */
    static boolean isPart(String name) {
        return isShort(name) && PART.matcher(name).matches();
    }

    /** A scaler of the inputs, or of the gradients. */
    static boolean isScaler(String name) {
        return SCALER.matcher(name).matches();
    }

    static boolean isTemperature(String name) {
        return isShort(name) && TEMPERATURE.matcher(name).matches();
    }

    static boolean isRecurrent(String name) {
        return isShort(name) && (name.contains("weight_ih") || name.contains("weight_hh"));
    }

    /** A tensor of a module, or a parameter. */
    static boolean isTensor(String name) {
        return name.contains(".") || isParameter(name);
    }

    static boolean isParameter(String name) {
        return isShort(name) && PARAMETERS.contains(name.substring(name.lastIndexOf('.') + 1));
    }
}
