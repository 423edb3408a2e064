package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sluice.cell.weights.file.Shape;

/**
 * A weight that PyTorch computes from other tensors before each step, so that a state dict has only those.
 *
 * <ul>
 *   <li>Weight normalization (Salimans and Kingma 2016): {@code w = g v / |v|}, with a norm for each row, for each column, or for the
 *       whole matrix. The shape of {@code g} tells which ({@code torch._weight_norm}).
 *   <li>Pruning ({@code torch.nn.utils.prune}): {@code w = orig * mask}.
 *   <li>Weight dropout (Merity, Keskar and Socher 2017): {@code w = raw} outside of training. The file may also have {@code w} as the last
 *       training step left it.
 * </ul>
 */
final class FoldedWeight {
    private static final Pattern PARAMETRIZED =
            Pattern.compile("(?<module>|.*\\.)parametrizations\\.(?<weight>[^.]+)\\.original0");

    private enum Rule {
        WEIGHT_NORM("weight normalization is assumed"),
        PRUNING("pruning"),
        WEIGHT_DROPOUT("weight dropout, which applies in training only");

        private final String text;

        Rule(String text) {
            this.text = text;
        }
    }

    private final Rule rule;
    private final String name;
    private final List<String> parts;
    private final Shape shape;
    private final boolean normOfRows;

    private FoldedWeight(Rule rule, String name, List<String> parts, Shape shape, boolean normOfRows) {
        this.rule = rule;
        this.name = name;
        this.parts = parts;
        this.shape = shape;
        this.normOfRows = normOfRows;
    }

    /** The weights that can be computed from tensors of these names and shapes, by their own names. */
    static Map<String, FoldedWeight> find(NavigableSet<String> names, Function<String, Shape> shapes) {
        Map<String, FoldedWeight> found = new HashMap<>();
        for (String name : names) {
            of(name, names, shapes)
                    .filter(weight -> weight.rule == Rule.WEIGHT_DROPOUT || !names.contains(weight.name))
                    .ifPresent(weight -> found.putIfAbsent(weight.name, weight));
        }
        return found;
    }

    private static Optional<FoldedWeight> of(String name, NavigableSet<String> names, Function<String, Shape> shapes) {
        if (name.endsWith("_g")) {
            String weight = name.substring(0, name.length() - 2);
            return normalized(weight, name, weight + "_v", names, shapes);
        }
        if (name.endsWith("original0")) {
            Matcher matcher = PARAMETRIZED.matcher(name);
            return matcher.matches()
                    ? normalized(
                            matcher.group("module") + matcher.group("weight"),
                            name,
                            name.substring(0, name.length() - 1) + "1",
                            names,
                            shapes)
                    : Optional.empty();
        }
        if (name.endsWith("_orig")) {
            String weight = name.substring(0, name.length() - "_orig".length());
            return pruned(weight, name, weight + "_mask", names, shapes);
        }
        return name.endsWith("_raw") ? dropped(name, names, shapes) : Optional.empty();
    }

    private static Optional<FoldedWeight> pruned(
            String weight, String original, String mask, NavigableSet<String> names, Function<String, Shape> shapes) {
        return names.contains(mask) && shapes.apply(mask).equals(shapes.apply(original))
                ? Optional.of(
                        new FoldedWeight(Rule.PRUNING, weight, List.of(original, mask), shapes.apply(original), false))
                : Optional.empty();
    }

    private static Optional<FoldedWeight> normalized(
            String weight, String g, String v, NavigableSet<String> names, Function<String, Shape> shapes) {
        if (!names.contains(v) || !shapes.apply(v).isMatrix() || !isNormOf(shapes.apply(g), shapes.apply(v))) {
            return Optional.empty();
        }
        boolean ofRows = shapes.apply(g).equals(Shape.of(shapes.apply(v).rows(), 1));
        return Optional.of(new FoldedWeight(Rule.WEIGHT_NORM, weight, List.of(g, v), shapes.apply(v), ofRows));
    }

    private static boolean isNormOf(Shape g, Shape v) {
        return g.rank() == 0 || g.equals(Shape.of(v.rows(), 1)) || g.equals(Shape.of(1, v.columns()));
    }

    /**
     * Salesforce's {@code WeightDrop} keeps the raw weight beside the weight, fastai's one level above it: {@code
     * rnns.0.weight_hh_l0_raw} belongs to {@code rnns.0.module.weight_hh_l0}.
     */
    private static Optional<FoldedWeight> dropped(
            String raw, NavigableSet<String> names, Function<String, Shape> shapes) {
        String beside = raw.substring(0, raw.length() - "_raw".length());
        Optional<RecurrentName> parsed = RecurrentName.parse(beside);
        if (parsed.isEmpty()) {
            return Optional.empty();
        }
        String wrapped = parsed.get().prefix() + "module.";
        String inner = wrapped + parsed.get().suffix();
        String next = names.ceiling(wrapped);
        boolean isWrapped = next != null && next.startsWith(wrapped);
        if (isWrapped && names.contains(beside)) {
            return Optional.empty(); // it could belong to either
        }
        String weight = isWrapped ? inner : beside;
        List<String> parts = new ArrayList<>(List.of(raw));
        if (names.contains(weight)) {
            if (!shapes.apply(weight).equals(shapes.apply(raw))) {
                return Optional.empty();
            }
            parts.add(weight);
        }
        return Optional.of(new FoldedWeight(Rule.WEIGHT_DROPOUT, weight, parts, shapes.apply(raw), false));
    }

    /** Names of the tensors that stand for it. */
    List<String> parts() {
        return parts;
    }

    Shape shape() {
        return shape;
    }

    /** Reads a tensor's values as a new array. */
    interface Reader {
        float[] read(String name) throws IOException;
    }

    /** The weight's values, computed in float64 and rounded once. */
    float[] values(Reader reader) throws IOException {
        return switch (rule) {
            case WEIGHT_DROPOUT -> reader.read(parts.get(0));
            case PRUNING -> product(reader.read(parts.get(0)), reader.read(parts.get(1)));
            case WEIGHT_NORM -> normalized(reader.read(parts.get(0)), reader.read(parts.get(1)));
        };
    }

    private static float[] product(float[] original, float[] mask) {
        for (int at = 0; at < original.length; at++) {
            original[at] *= mask[at];
        }
        return original;
    }

    private float[] normalized(float[] g, float[] v) {
        int columns = (int) shape.columns();
        double[] squares = new double[g.length];
        for (int at = 0; at < v.length; at++) {
            squares[norm(at, columns, g.length)] += (double) v[at] * v[at];
        }
        for (int at = 0; at < v.length; at++) {
            int norm = norm(at, columns, g.length);
            v[at] = (float) (v[at] * (g[norm] / Math.sqrt(squares[norm])));
        }
        return v;
    }

    /** Index of the norm that applies to a value. */
    private int norm(int at, int columns, int norms) {
        if (norms == 1) {
            return 0;
        }
        return normOfRows ? at / columns : at % columns;
    }

    /** How it is computed, for the user. */
    String note() {
        return "tensor '%s' is computed from %s (%s)"
                .formatted(
                        name,
                        (rule == Rule.WEIGHT_DROPOUT ? parts.subList(0, 1) : parts)
                                .stream().map(part -> "'" + part + "'").collect(Collectors.joining(" and ")),
                        rule.text);
    }
}
