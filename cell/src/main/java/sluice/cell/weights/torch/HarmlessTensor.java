package sluice.cell.weights.torch;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import sluice.cell.weights.file.Shape;

/**
 * The only list of tensors that are known not to take part in the network's answers. Everything else in a file has to be part of the model
 * or named in {@code model.ignore}.
 */
enum HarmlessTensor {
    EMPTY("it has no values", "they have no values") {
        @Override
        boolean matches(String name, Shape shape, boolean isCount) {
            for (int axis = 0; axis < shape.rank(); axis++) {
                if (shape.dimension(axis) == 0) {
                    return true;
                }
            }
            return false;
        }
    },

    COUNTER("a counter", "counters") {
        @Override
        boolean matches(String name, Shape shape, boolean isCount) {
            return last(name).equals("num_batches_tracked") || (isCount && isOneValue(shape));
        }
    },

    OPTIMIZER("a state of the optimizer", "states of the optimizer") {
        private static final Set<String> MODULES =
                Set.of("optimizer", "optimizer_state", "optimizer_state_dict", "optim");
        private static final Set<String> STATES = Set.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer");

        @Override
        boolean matches(String name, Shape shape, boolean isCount) {
            int end = name.indexOf('.');
            return (end > 0 && MODULES.contains(name.substring(0, end))) || STATES.contains(last(name));
        }
    },

    /** A loss may also own layers (adaptive softmax, CRF): only a vector of weights is harmless. */
    LOSS("a weight of the loss", "weights of the loss") {
        private static final Pattern WEIGHTS = Pattern.compile(
                "(.*\\.)?((\\w*loss(_fn|_func|_function)?|\\w*criterion)\\.(weight|pos_weight)|class_weights?|pos_weight)");

        @Override
        boolean matches(String name, Shape shape, boolean isCount) {
            return shape.rank() <= 1 && WEIGHTS.matcher(name).matches();
        }
    },

    METRIC("a state of a metric", "states of metrics") {
        private static final Set<String> STATES = Set.of("tp", "fp", "tn", "fn", "confmat");
        private static final Set<String> NUMBERS =
                Set.of("correct", "total", "count", "mean_value", "sum_value", "max_value", "min_value");

        @Override
        boolean matches(String name, Shape shape, boolean isCount) {
            return name.indexOf('.') > 0
                    && (STATES.contains(last(name)) || (shape.rank() == 0 && NUMBERS.contains(last(name))));
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

    abstract boolean matches(String name, Shape shape, boolean isCount);

    /** The kind of a tensor that is known not to change an answer. */
    static Optional<HarmlessTensor> of(String name, Shape shape, boolean isCount) {
        for (HarmlessTensor kind : values()) {
            if (kind.matches(name, shape, isCount)) {
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
