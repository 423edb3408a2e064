package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sluice.cell.model.Activation;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * The attributes {@code activations}, {@code activation_alpha} and {@code activation_beta} of an LSTM node: f, g and h
 * of each direction.
 *
 * <p>The parameters are one list for all functions: each function that has a parameter takes the next, and those that
 * find none take the default. Names are read in any case, as ONNX Runtime does.
 */
final class OnnxActivations {
    /** f, g and h. */
    static final int PER_DIRECTION = 3;

    private static final List<String> PLAIN = List.of("Sigmoid", "Tanh", "Tanh");

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
     * All functions of a node: three for each direction.
     *
     * @throws ModelException where there are more or fewer, one isn't known, or parameters are left over
     */
    static List<Activation> of(OnnxNode node, int directions) {
        int count = PER_DIRECTION * directions;
        List<String> plain = IntStream.range(0, count)
                .mapToObj(at -> PLAIN.get(at % PER_DIRECTION))
                .toList();
        List<String> names =
                node.texts("activations").filter(found -> !found.isEmpty()).orElse(plain);
        if (names.size() != count) {
            throw new ModelException("attribute 'activations' is %s, expected %d names: f, g, h for each direction"
                    .formatted(NameList.of(names, name -> name), count));
        }
        OnnxActivations activations = new OnnxActivations(
                names,
                node.reals("activation_alpha").orElse(new float[0]),
                node.reals("activation_beta").orElse(new float[0]));
        return activations.all();
    }

    private List<Activation> all() {
        List<Activation> all = names.stream().map(this::next).toList();
        // What is left over says that the writer counted in another way: then those before may be wrong too.
        requireTaken("activation_alpha", alphas, nextAlpha);
        requireTaken("activation_beta", betas, nextBeta);
        return all;
    }

    private void requireTaken(String attribute, float[] values, int taken) {
        if (taken < values.length) {
            throw new ModelException("attribute '%s' has %d values, expected at most %d: one for each of %s that has it"
                    .formatted(attribute, values.length, taken, names));
        }
    }

    private Activation next(String name) {
        Activation.Kind kind = kind(name);
        Activation absent = Activation.of(kind);
        boolean hasAlpha = kind.parameters() > 0;
        boolean hasBeta = kind.parameters() > 1;
        if (kind == Activation.Kind.SCALED_TANH && (nextAlpha == alphas.length || nextBeta == betas.length)) {
            throw new ModelException("the activation ScaledTanh has no alpha or no beta, and ONNX no default for them; "
                    + "export it with activation_alpha and activation_beta");
        }
        float alpha = hasAlpha && nextAlpha < alphas.length ? alphas[nextAlpha++] : absent.alpha();
        float beta = hasBeta && nextBeta < betas.length ? betas[nextBeta++] : absent.beta();
        return new Activation(kind, alpha, beta);
    }

    private static Activation.Kind kind(String name) {
        return Arrays.stream(Activation.Kind.values())
                .filter(kind -> plainName(kind).equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ModelException("the activation '%s' is not known, expected one of %s"
                        .formatted(
                                name,
                                Arrays.stream(Activation.Kind.values())
                                        .map(OnnxActivations::plainName)
                                        .collect(Collectors.joining(", ")))));
    }

    private static String plainName(Activation.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace("_", "");
    }
}
