package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import sluice.cell.model.ModelException;

/**
 * The inputs of one node, and its parameters. Older versions of an operator have parameters as attributes, newer ones as
 * inputs.
 */
final class OnnxOperands {
    private final OnnxNode node;
    private final List<OnnxValue> values; // null if an input is omitted or not used
    private final List<OnnxValue> captured; // values that graphs inside the node read
    private final OnnxArray.Source source;

    OnnxOperands(OnnxNode node, List<OnnxValue> values, List<OnnxValue> captured, OnnxArray.Source source) {
        this.node = node;
        this.values = values;
        this.captured = captured;
        this.source = source;
    }

    OnnxNode node() {
        return node;
    }

    OnnxArray.Source source() {
        return source;
    }

    /** An input, or null if omitted. */
    OnnxValue value(int at) {
        return at < values.size() ? values.get(at) : null;
    }

    /** @throws ModelException if the input is omitted */
    OnnxValue required(int at) {
        if (value(at) == null) {
            throw new ModelException(String.format(
                    Locale.ROOT, "input %d is missing, expected one; the file is damaged, export it again", at));
        }
        return value(at);
    }

    /** All inputs that are present. */
    List<OnnxValue> all() {
        return values.stream().filter(value -> value != null).toList();
    }

    /** The inputs that depend on a graph input. */
    List<OnnxSignal> signals() {
        return Stream.concat(values.stream(), captured.stream())
                .filter(OnnxSignal.class::isInstance)
                .map(OnnxSignal.class::cast)
                .toList();
    }

    /** Whether a graph inside the node reads a value that depends on a graph input. */
    boolean hasCapturedSignals() {
        return captured.stream().anyMatch(OnnxSignal.class::isInstance);
    }

    /** The index of the signal among the inputs, if there is exactly one. */
    OptionalInt onlySignal() {
        int[] indices = IntStream.range(0, values.size())
                .filter(at -> values.get(at) instanceof OnnxSignal)
                .toArray();
        return indices.length == 1 ? OptionalInt.of(indices[0]) : OptionalInt.empty();
    }

    /**
     * A constant input.
     *
     * @param what name of the input in messages
     * @throws ModelException if the input is missing or not constant
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

    /** A constant input, or null if omitted. */
    OnnxArray optionalConstant(int at, String what) {
        return value(at) == null ? null : constant(at, what);
    }

    /** A vector of integers, from an attribute or an input. */
    Optional<long[]> numbers(String attribute, int input) {
        return node.has(attribute)
                ? node.numbers(attribute)
                : sizes(input)
                        .map(sizes -> sizes.stream().mapToLong(this::number).toArray());
    }

    private long number(OnnxSize size) {
        if (!size.isNumber()) {
            throw new ModelException("depends on %s, expected constants".formatted(size));
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
                .orElseThrow(() -> new ModelException(
                        String.format(Locale.ROOT, "input %d is %s, expected sizes", input, value.describe())))
                .sizes());
    }

    /** A vector of sizes from an input; empty if it is omitted or not known. */
    Optional<List<OnnxSize>> knownSizes(int input) {
        return Optional.ofNullable(value(input)).flatMap(OnnxSizes::of).map(OnnxSizes::sizes);
    }

    /** The attribute {@code axis}; may be negative. */
    long axis(long defaultValue) {
        return node.number("axis", defaultValue);
    }

    /** The permutation {@code perm}; by default the axes in reverse. */
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
        return new ModelException(String.format(
                Locale.ROOT, "perm is %s for %d axes, expected each axis once", Arrays.toString(order), rank));
    }
}
