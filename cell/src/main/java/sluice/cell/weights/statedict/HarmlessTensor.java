package sluice.cell.weights.statedict;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;

/**
 * The only list of tensors that are taken not to take part in the network's answers. Everything else in a file has to be part of the model
 * or named in {@code model.ignore}. A value that a network could compute with is harmless only if its name, and its siblings, say so.
 */
enum HarmlessTensor {
    EMPTY("it has no values", "they have no values") {
        @Override
        boolean matches(String name, NamedTensors tensors) {
            Shape shape = tensors.shape(name);
            for (int axis = 0; axis < shape.rank(); axis++) {
                if (shape.dimension(axis) == 0) {
                    return true;
                }
            }
            return false;
        }
    },

    COUNTER("taken for a counter", "taken for counters") {
        private static final Pattern NAMES = Pattern.compile(
                "((num|n|total|global|current|update|train|training|last|best)_)*"
                        + "(steps?|epochs?|updates?|iters?|iterations?|batches|batches_seen|averaged|counter|step_count|update_count)");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            return last(name).equals("num_batches_tracked")
                    || (tensors.isCount(name)
                            && isOneValue(tensors.shape(name))
                            && NAMES.matcher(last(name)).matches());
        }
    },

    FLAG("taken for a flag of the training", "taken for flags of the training") {
        private static final Set<String> NAMES = Set.of("initted", "inited", "initialized", "is_initialized");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            return tensors.type(name) == ElementType.BOOL
                    && isOneValue(tensors.shape(name))
                    && NAMES.contains(last(name));
        }
    },

    OPTIMIZER("a state of the optimizer", "states of the optimizer") {
        private static final Set<String> MODULES =
                Set.of("optimizer", "optimizer_state", "optimizer_state_dict", "optim");
        private static final Set<String> STATES = Set.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            int end = name.indexOf('.');
            return (end > 0 && MODULES.contains(name.substring(0, end))) || STATES.contains(last(name));
        }
    },

    /** A loss may also own layers (adaptive softmax, CRF): only a vector of weights is harmless. */
    LOSS("taken for a weight of the loss", "taken for weights of the loss") {
        private static final Pattern WEIGHTS = Pattern.compile("(.*\\.)?"
                + "((\\w*loss(_?(fn|func|function|fct))?|\\w*criterion|ce|bce|nll|cross_entropy|objective)\\.(weight|pos_weight)"
                + "|class_weights?|pos_weight)");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            return tensors.shape(name).rank() <= 1 && WEIGHTS.matcher(name).matches();
        }
    },

    /** The last value of a loss or a metric, saved beside the tensors. */
    RESULT("taken for a result of the training", "taken for results of the training") {
        private static final Pattern NAMES = Pattern.compile(
                "((best|last|min|max|train|val|valid|eval|test)_)*(loss|acc|accuracy|perplexity|ppl|f1|auc)");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            return tensors.shape(name).rank() == 0 && NAMES.matcher(name).matches();
        }
    },

    /**
     * A state of a {@code torchmetrics.Metric}. Evidence is a module that has all states of one metric, or whose name says what it
     * measures: a module of the network may well have a {@code mean_value} or a {@code count}.
     */
    METRIC("taken for a state of a metric", "taken for states of metrics") {
        private static final Set<String> COUNTS = Set.of("tp", "fp", "tn", "fn", "confmat");
        private static final Set<String> NUMBERS = Set.of(
                "correct",
                "total",
                "count",
                "weight",
                "mean_value",
                "sum_value",
                "max_value",
                "min_value",
                "total_log_probs",
                "sum_squared_error",
                "sum_abs_error",
                "sum_error",
                "residual");
        private static final List<Set<String>> WHOLE = List.of(
                Set.of("tp", "fp", "tn", "fn"),
                Set.of("confmat"),
                Set.of("correct", "total"),
                Set.of("mean_value", "weight"),
                Set.of("total_log_probs", "count"),
                Set.of("sum_squared_error", "total"),
                Set.of("sum_abs_error", "total"),
                Set.of("sum_squared_error", "sum_error", "residual", "total"));
        private static final Set<String> WORDS = Set.of(
                "acc",
                "accuracy",
                "auc",
                "auroc",
                "best",
                "f1",
                "loss",
                "metric",
                "metrics",
                "mae",
                "mse",
                "perplexity",
                "ppl",
                "precision",
                "recall",
                "rmse");

        @Override
        boolean matches(String name, NamedTensors tensors) {
            String module = name.substring(0, name.length() - last(name).length());
            if (module.isEmpty() || !isState(name, tensors)) {
                return false;
            }
            Set<String> siblings = tensors.names().tailSet(module).stream()
                    .takeWhile(other -> other.startsWith(module))
                    .map(other -> other.substring(module.length()))
                    .collect(Collectors.toSet());
            return WHOLE.contains(siblings)
                    || (isMeasure(module)
                            && siblings.stream().allMatch(other -> COUNTS.contains(other) || NUMBERS.contains(other)));
        }

        private static boolean isState(String name, NamedTensors tensors) {
            return NUMBERS.contains(last(name))
                    ? isOneValue(tensors.shape(name))
                    : COUNTS.contains(last(name))
                            && (tensors.isCount(name) || tensors.shape(name).rank() <= 1);
        }

        private static boolean isMeasure(String module) {
            String parent = module.substring(0, module.length() - 1);
            return Arrays.stream(last(parent).toLowerCase(Locale.ROOT).split("[^a-z0-9]+"))
                    .anyMatch(WORDS::contains);
        }
    };

    private final String one;
    private final String many;

    HarmlessTensor(String one, String many) {
        this.one = one;
        this.many = many;
    }

    /** Why one tensor is not used. */
    String one() {
        return one;
    }

    /** Why several tensors are not used. */
    String many() {
        return many;
    }

    abstract boolean matches(String name, NamedTensors tensors);

    /** The kind of a tensor that is taken not to change an answer. */
    static Optional<HarmlessTensor> of(String name, NamedTensors tensors) {
        for (HarmlessTensor kind : values()) {
            if (kind.matches(name, tensors)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static boolean isOneValue(Shape shape) {
        return shape.rank() == 0 || (shape.rank() == 1 && shape.dimension(0) == 1);
    }
}
