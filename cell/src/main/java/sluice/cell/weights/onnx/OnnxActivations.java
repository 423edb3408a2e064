package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import sluice.cell.model.Activation;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * The attributes {@code activations}, {@code activation_alpha} and {@code activation_beta} of an LSTM node: f, g and h
 * of each direction.
 *
 * <p>Each parameter list covers all functions: a function with parameters takes the next value, or the default if none
 * is left. Names are not case-sensitive, as in ONNX Runtime.
 */
final class OnnxActivations {
    /** Number of functions per direction: f, g and h. */
    static final int PER_DIRECTION = 3;

    /** Functions whose alpha has no default in ONNX, or another one in ONNX Runtime. */
    private static final Set<Activation.Kind> WITHOUT_DEFAULTS =
            EnumSet.of(Activation.Kind.AFFINE, Activation.Kind.SCALED_TANH, Activation.Kind.THRESHOLDED_RELU);

    private static final List<String> DEFAULT_NAMES = List.of("Sigmoid", "Tanh", "Tanh");

    private final List<String> names;
    private final float[] alphas;
    private final float[] betas;
    private int nextAlpha;
    private int nextBeta;

    private OnnxActivations(List<String> names, float[] alphas, float[] betas) {
        this.names = names;
        this.alphas = alphas;
        this.betas = betas;
    }

    /**
     * The functions of a node: three per direction.
     *
     * @throws ModelException if the number of names is wrong, a name is unknown, or parameters are left over
     */
    static List<Activation> of(OnnxNode node, int directions) {
        int count = PER_DIRECTION * directions;
        List<String> plain = IntStream.range(0, count)
                .mapToObj(at -> DEFAULT_NAMES.get(at % PER_DIRECTION))
                .toList();
        List<String> names =
                node.texts("activations").filter(found -> !found.isEmpty()).orElse(plain);
        if (names.size() != count) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "attribute 'activations' is %s, expected %d names: f, g and h for each direction",
                    NameList.of(names, name -> name),
                    count));
        }
        OnnxActivations activations = new OnnxActivations(
                names,
                node.floats("activation_alpha").orElse(new float[0]),
                node.floats("activation_beta").orElse(new float[0]));
        return activations.all();
    }

    private List<Activation> all() {
        List<Activation> all = names.stream().map(this::next).toList();
        // Left-over parameters mean that the writer assigned them by another rule, so all of them may be wrong.
        requireAllUsed("activation_alpha", alphas, nextAlpha);
        requireAllUsed("activation_beta", betas, nextBeta);
        return all;
    }

    private void requireAllUsed(String attribute, float[] values, int used) {
        if (used < values.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "attribute '%s' has %d values, expected at most %d: one for each function of %s that has this parameter",
                    attribute,
                    values.length,
                    used,
                    names));
        }
    }

    private Activation next(String name) {
        Activation.Kind kind = kind(name);
        Activation defaults = Activation.of(kind);
        boolean hasAlpha = kind.parameters() > 0;
        boolean hasBeta = kind.parameters() > 1;
        boolean lacksAlpha = WITHOUT_DEFAULTS.contains(kind) && nextAlpha == alphas.length;
        boolean lacksBeta = kind == Activation.Kind.SCALED_TANH && nextBeta == betas.length;
        if (lacksAlpha || lacksBeta) {
            throw new ModelException(
                    "the activation %s has no %s, and runtimes differ in its default, expected a value; export it with activation_alpha%s"
                            .formatted(name, lacksAlpha ? "alpha" : "beta", hasBeta ? " and activation_beta" : ""));
        }
        float alpha = hasAlpha && nextAlpha < alphas.length ? alphas[nextAlpha++] : defaults.alpha();
        float beta = hasBeta && nextBeta < betas.length ? betas[nextBeta++] : defaults.beta();
        return new Activation(kind, alpha, beta);
    }

    private static Activation.Kind kind(String name) {
        return kinds().filter(kind -> lowercaseName(kind).equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ModelException("the activation '%s' is not known, expected one of %s"
                        .formatted(
                                name,
                                kinds().map(OnnxActivations::lowercaseName).collect(Collectors.joining(", ")))));
    }

    /** The kinds that ONNX has. */
    private static Stream<Activation.Kind> kinds() {
        return Arrays.stream(Activation.Kind.values())
                .filter(kind -> kind != Activation.Kind.SELU && kind != Activation.Kind.EXPONENTIAL);
    }

    private static String lowercaseName(Activation.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace("_", "");
    }
}
