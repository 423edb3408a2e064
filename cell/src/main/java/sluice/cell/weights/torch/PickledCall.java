package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;

/**
 * The Python functions that a pickled state dict may call, each with its Java result: a tensor description or an empty
 * dict. No other function can be called.
 */
enum PickledCall {
    /** {@code OrderedDict()}: the type of a state dict and of a tensor's hooks. */
    ORDERED_DICT("collections.OrderedDict", 0, 0) {
        @Override
        Object result(Object[] arguments) {
            return new LinkedHashMap<PickledKey, Object>();
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
            if (arguments.length == 7 && arguments[6] instanceof Map<?, ?> metadata && !metadata.isEmpty()) {
                throw new ModelException("its pickle has a tensor that is to be negated or conjugated when it is read, "
                        + "expected its values as they are; save it after .resolve_neg().resolve_conj()");
            }
            return tensor(arguments);
        }
    },

    /** {@code _rebuild_parameter(tensor, requires_grad, backward_hooks)}: a trainable tensor. */
    PARAMETER("torch._utils._rebuild_parameter", 3, 3) {
        @Override
        Object result(Object[] arguments) {
            return argument(TensorView.class, arguments, 0);
        }
    },

    /** A trainable tensor with attributes. They are not weights and are ignored. */
    PARAMETER_WITH_STATE("torch._utils._rebuild_parameter_with_state", 4, 4) {
        @Override
        Object result(Object[] arguments) {
            return argument(TensorView.class, arguments, 0);
        }
    };

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

    TensorView tensor(Object[] arguments) {
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
