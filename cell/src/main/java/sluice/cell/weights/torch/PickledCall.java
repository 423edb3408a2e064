package sluice.cell.weights.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;

/**
 * The functions of Python that the pickle of a state dict calls, each with what it comes to here: a description of a
 * tensor, an empty dict. Nothing else can be called.
 */
enum PickledCall {
    /** {@code OrderedDict()}: what a state dict is, and the place of a tensor's hooks. */
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

    /** {@code _rebuild_parameter(tensor, requires_grad, backward_hooks)}: a tensor that was trained. */
    PARAMETER("torch._utils._rebuild_parameter", 3, 3) {
        @Override
        Object result(Object[] arguments) {
            return argument(TensorView.class, arguments, 0);
        }
    },

    /** The same with attributes of its own, which are not weights. */
    PARAMETER_WITH_STATE("torch._utils._rebuild_parameter_with_state", 4, 4) {
        @Override
        Object result(Object[] arguments) {
            return argument(TensorView.class, arguments, 0);
        }
    };

    private final String function;
    private final int fewest; // arguments
    private final int most;

    PickledCall(String function, int fewest, int most) {
        this.function = function;
        this.fewest = fewest;
        this.most = most;
    }

    /** The call of this function, by its module and name. */
    static Optional<PickledCall> of(String function) {
        return Arrays.stream(values())
                .filter(call -> call.function.equals(function))
                .findFirst();
    }

    /** {@code collections.OrderedDict, torch._utils._rebuild_tensor, ...}. */
    static String names() {
        return Arrays.stream(values()).map(call -> call.function).collect(Collectors.joining(", "));
    }

    /** @throws ModelException where these are no arguments of this function */
    Object on(Object[] arguments) {
        if (arguments.length < fewest || arguments.length > most) {
            throw new ModelException("its pickle calls %s with %d arguments, expected %s: the file is damaged"
                    .formatted(function, arguments.length, fewest == most ? fewest : fewest + " to " + most));
        }
        return result(arguments);
    }

    abstract Object result(Object[] arguments);

    <T> T argument(Class<T> type, Object[] arguments, int number) {
        if (!type.isInstance(arguments[number])) {
            throw new ModelException(
                    "its pickle calls %s with argument %d that is not what it takes: the file is damaged"
                            .formatted(function, number));
        }
        return type.cast(arguments[number]);
    }

    TensorView tensor(Object[] arguments) {
        return new TensorView(
                argument(PickledStorage.class, arguments, 0),
                whole(argument(Number.class, arguments, 1)),
                wholes(arguments, 2),
                wholes(arguments, 3));
    }

    private long[] wholes(Object[] arguments, int number) {
        Object[] tuple = argument(Object[].class, arguments, number);
        long[] wholes = new long[tuple.length];
        for (int at = 0; at < tuple.length; at++) {
            wholes[at] = whole(argument(Number.class, tuple, at));
        }
        return wholes;
    }

    /** What a pickle has between -2^63 and 2^63 comes as an int or a long. */
    private long whole(Number number) {
        if (!List.of(Integer.class, Long.class).contains(number.getClass())) {
            throw new ModelException("its pickle calls %s with the number %s, expected a whole one of 64 bits"
                    .formatted(function, number));
        }
        return number.longValue();
    }
}
