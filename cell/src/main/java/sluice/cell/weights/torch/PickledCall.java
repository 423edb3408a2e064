package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;

/**
 * The Python functions that build the tensors and dicts of a checkpoint, each with its Java result: a tensor description or
 * an empty dict. Every other function is a {@link PickledObject}, which does nothing.
 */
enum PickledCall {
    /** {@code OrderedDict()}: the type of a state dict and of a tensor's hooks. */
    ORDERED_DICT("collections.OrderedDict", 0, 0) {
        @Override
        Object result(Object[] arguments) {
            return new PickledDict();
        }
    },

    /** {@code defaultdict(type)}: a dict. Its type of missing values is not used. */
    DEFAULT_DICT("collections.defaultdict", 0, 1) {
        @Override
        Object result(Object[] arguments) {
            return new PickledDict();
        }
    },

    /** {@code _rebuild_tensor(storage, offset, sizes, strides)}. */
    TENSOR("torch._utils._rebuild_tensor", 4, 4) {
        @Override
        Object result(Object[] arguments) {
            return tensor(arguments);
        }
    },

    /** {@code _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, backward_hooks[, metadata])}. */
    TENSOR_2("torch._utils._rebuild_tensor_v2", 6, 7) {
        @Override
        Object result(Object[] arguments) {
            boolean isLazy = arguments.length == 7 && arguments[6] instanceof Map<?, ?> metadata && !metadata.isEmpty();
            return isLazy ? PickledObject.LAZY_TENSOR : tensor(arguments);
        }
    },

    /** {@code _rebuild_parameter(tensor, requires_grad, backward_hooks)}: a trainable tensor. */
    PARAMETER("torch._utils._rebuild_parameter", 3, 3) {
        @Override
        Object result(Object[] arguments) {
            return rebuilt(arguments);
        }
    },

    /** A trainable tensor with attributes. They are not weights and are ignored. */
    PARAMETER_WITH_STATE("torch._utils._rebuild_parameter_with_state", 4, 4) {
        @Override
        Object result(Object[] arguments) {
            return rebuilt(arguments);
        }
    },

    /** {@code _rebuild_from_type_v2(function, type, arguments, attributes)}: a tensor with attributes, which are ignored. */
    FROM_TYPE("torch._tensor._rebuild_from_type_v2", 4, 4) {
        @Override
        Object result(Object[] arguments) {
            PickledObject type = argument(PickledObject.class, arguments, 1);
            boolean isPlain = TENSOR_TYPES.contains(type.qualifiedName());
            if (isPlain && arguments[0] instanceof PickledCall function && function.buildsPlainTensor()) {
                return function.call(argument(Object[].class, arguments, 2));
            }
            return type.asTensor();
        }
    };

    private static final Set<String> TENSOR_TYPES =
            Set.of("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");

    private final String function;
    private final int minArguments;
    private final int maxArguments;

    PickledCall(String function, int minArguments, int maxArguments) {
        this.function = function;
        this.minArguments = minArguments;
        this.maxArguments = maxArguments;
    }

    /** Finds a function by module and name. */
    static Optional<PickledCall> of(String function) {
        return Arrays.stream(values())
                .filter(call -> call.function.equals(function))
                .findFirst();
    }

    /** {@code collections.OrderedDict, torch._utils._rebuild_tensor, ...}. */
    static String names() {
        return Arrays.stream(values()).map(call -> call.function).collect(Collectors.joining(", "));
    }

    /** @throws ModelException if the arguments do not fit this function */
    Object call(Object[] arguments) {
        if (arguments.length < minArguments || arguments.length > maxArguments) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle calls %s with %d arguments, expected %s: the file is damaged",
                    function,
                    arguments.length,
                    minArguments == maxArguments ? minArguments : minArguments + " to " + maxArguments));
        }
        return result(arguments);
    }

    private boolean buildsPlainTensor() {
        return this == TENSOR || this == TENSOR_2 || this == PARAMETER;
    }

    abstract Object result(Object[] arguments);

    <T> T argument(Class<T> type, Object[] arguments, int number) {
        if (!type.isInstance(arguments[number])) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle calls %s with argument %d of an unexpected type: the file is damaged",
                    function,
                    number));
        }
        return type.cast(arguments[number]);
    }

    /** The tensor that is the first argument. A {@link PickledObject} in its place is the result as it is. */
    Object rebuilt(Object[] arguments) {
        return arguments[0] instanceof PickledObject other
                ? other.asTensor()
                : argument(TensorView.class, arguments, 0);
    }

    /** A tensor over the storage that is the first argument. A {@link PickledObject} in its place is the result. */
    Object tensor(Object[] arguments) {
        if (arguments[0] instanceof PickledObject storage) {
            return storage.asTensor();
        }
        return new TensorView(
                argument(PickledStorage.class, arguments, 0),
                integer(argument(Number.class, arguments, 1)),
                integers(arguments, 2),
                integers(arguments, 3));
    }

    private long[] integers(Object[] arguments, int number) {
        Object[] tuple = argument(Object[].class, arguments, number);
        long[] integers = new long[tuple.length];
        for (int at = 0; at < tuple.length; at++) {
            integers[at] = integer(argument(Number.class, tuple, at));
        }
        return integers;
    }

    /** Converts a 64-bit integer; the library returns those as Integer or Long. */
    private long integer(Number number) {
        if (!List.of(Integer.class, Long.class).contains(number.getClass())) {
            throw new ModelException(
                    "its pickle calls %s with the number %s, expected a 64-bit integer".formatted(function, number));
        }
        return number.longValue();
    }
}
