package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import sluice.cell.model.ModelException;

/**
 * What one node reads: its inputs, as far as they are known, and the numbers that say what it does, which older
 * versions of an operator have as attributes and newer ones as inputs.
 */
final class OnnxOperands {
    private final OnnxNode node;
    private final List<OnnxValue> values; // null where an input is left out, or its value doesn't matter
    private final OnnxArray.Source source;

    OnnxOperands(OnnxNode node, List<OnnxValue> values, OnnxArray.Source source) {
        this.node = node;
        this.values = values;
        this.source = source;
    }

    OnnxNode node() {
        return node;
    }

    OnnxArray.Source source() {
        return source;
    }

    /** Or null where it is left out. */
    OnnxValue value(int at) {
        return at < values.size() ? values.get(at) : null;
    }

    /** @throws ModelException where it is left out */
    OnnxValue required(int at) {
        if (value(at) == null) {
            throw new ModelException(
                    "input %d is left out, expected one; the file is damaged, export it again".formatted(at));
        }
        return value(at);
    }

    /** All that are there. */
    List<OnnxValue> all() {
        return values.stream().filter(value -> value != null).toList();
    }

    /** Those that come from the graph's input. */
    List<OnnxSignal> signals() {
        return values.stream()
                .filter(OnnxSignal.class::isInstance)
                .map(OnnxSignal.class::cast)
                .toList();
    }

    /** Where the only signal among the inputs stands. */
    OptionalInt onlySignal() {
        int[] places = IntStream.range(0, values.size())
                .filter(at -> values.get(at) instanceof OnnxSignal)
                .toArray();
        return places.length == 1 ? OptionalInt.of(places[0]) : OptionalInt.empty();
    }

    /**
     * An input that must be in the file.
     *
     * @throws ModelException where it isn't
     */
    OnnxArray constant(int at, String what) {
        OnnxValue value = required(at);
        if (value instanceof OnnxConstant constant) {
            return constant.array();
        }
        if (value instanceof OnnxOpaque opaque) {
            throw opaque.needed();
        }
        throw new ModelException("%s is %s, expected a tensor of the file; export the model with its weights"
                .formatted(what, value.describe()));
    }

    /** The same, or null where it is left out. */
    OnnxArray optionalConstant(int at, String what) {
        return value(at) == null ? null : constant(at, what);
    }

    /** A vector of whole numbers, from an attribute or an input. */
    Optional<long[]> numbers(String attribute, int input) {
        return node.has(attribute)
                ? node.numbers(attribute)
                : sizes(input)
                        .map(sizes -> sizes.stream().mapToLong(this::number).toArray());
    }

    private long number(OnnxSize size) {
        if (!size.isNumber()) {
            throw new ModelException("depends on the sizes of its input, %s, expected constants".formatted(size));
        }
        return size.number();
    }

    /** A vector of sizes from an input, constant or computed. */
    Optional<List<OnnxSize>> sizes(int input) {
        OnnxValue value = value(input);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof OnnxOpaque opaque) {
            throw opaque.needed();
        }
        return Optional.of(OnnxSizes.of(value)
                .orElseThrow(
                        () -> new ModelException("input %d is %s, expected sizes".formatted(input, value.describe())))
                .sizes());
    }

    /** An axis from an attribute, by the operator's rule for negative ones. */
    long axis(long absent) {
        return node.number("axis", absent);
    }

    /** An order of axes; the reverse one where the node says none. */
    int[] order(int rank) {
        long[] order = node.numbers("perm").orElseGet(() -> {
            long[] reversed = new long[rank];
            Arrays.setAll(reversed, at -> rank - 1 - at);
            return reversed;
        });
        boolean[] isTaken = new boolean[rank];
        List<Integer> axes = new ArrayList<>();
        for (long axis : order) {
            int at = OnnxValue.axis(axis, rank);
            if (isTaken[at]) {
                throw wrongOrder(order, rank);
            }
            isTaken[at] = true;
            axes.add(at);
        }
        if (axes.size() != rank) {
            throw wrongOrder(order, rank);
        }
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    private static ModelException wrongOrder(long[] order, int rank) {
        return new ModelException(
                "perm is %s for %d axes, expected each axis once".formatted(Arrays.toString(order), rank));
    }
}
