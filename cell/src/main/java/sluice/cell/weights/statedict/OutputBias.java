package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** Finds the bias of the output layer: beside its weights, or a parameter of the module around it. */
final class OutputBias {
    /** A parameter that is added to what a layer without a bias gives. */
    private static final Pattern BARE = Pattern.compile("b|bias|\\w+_bias");

    private final NamedTensors tensors;
    private final List<String> notes = new ArrayList<>();

    OutputBias(NamedTensors tensors) {
        this.tensors = tensors;
    }

    /** @param tied whether the weights are those of the embedding, so that the bias may be in another module */
    Optional<String> of(String weights, boolean tied) {
        String sibling = EndLayer.biasOf(weights);
        if (tensors.has(sibling)) {
            if (!tensors.shape(sibling).isVectorOf(tensors.shape(weights).rows())) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensor '%s' has shape %s, expected (classes) = (%d), as '%s' has rows",
                        sibling,
                        tensors.shape(sibling),
                        tensors.shape(weights).rows(),
                        weights));
            }
            return Optional.of(sibling);
        }
        return tied ? withoutWeights(weights) : bare(weights);
    }

    List<String> notes() {
        return notes;
    }

    /** The only parameter beside the output layer that has the shape and the name of a bias, and no weights of its own. */
    private Optional<String> bare(String weights) {
        String parent = EndLayer.isWeight(weights) ? path(path(weights)) : path(weights);
        List<String> found = tensors.names().tailSet(parent).stream()
                .takeWhile(name -> name.startsWith(parent))
                .filter(name -> isBare(name, parent, tensors.shape(weights).rows()))
                .toList();
        if (found.size() != 1) {
            return Optional.empty();
        }
        notes.add("tensor %s is taken for the bias of the output layer".formatted(tensors.describe(found.get(0))));
        return Optional.of(found.get(0));
    }

    private boolean isBare(String name, String parent, long classes) {
        String last = name.substring(parent.length());
        return BARE.matcher(last).matches()
                && tensors.shape(name).isVectorOf(classes)
                && !tensors.isCount(name)
                && couldBeOfOutput(name)
                && !hasWeights(name);
    }

    private boolean hasWeights(String bias) {
        return EndLayer.isBias(bias) && tensors.mentionedNames().contains(EndLayer.weightOf(bias));
    }

    /** {@code a.b.} of {@code a.b.c} and of {@code a.b.c.}. */
    private static String path(String name) {
        return name.substring(0, name.lastIndexOf('.', name.length() - 2) + 1);
    }

    /** The only bias without weights of its own that has one value for each of these rows. */
    Optional<String> withoutWeights(String weights) {
        List<String> biases =
                tensors.names().stream().filter(name -> couldTie(name, weights)).toList();
        if (biases.size() > 1) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%d biases without weights could be the one of an output layer that shares '%s': %s; expected one",
                    biases.size(),
                    weights,
                    NameList.of(biases, tensors::describe)));
        }
        return biases.stream().findFirst();
    }

    /** Whether it is a bias with one value for each row of these weights, and all that the file has of its layer. */
    boolean couldTie(String name, String weights) {
        return EndLayer.isBias(name)
                && tensors.shape(name).isVectorOf(tensors.shape(weights).rows())
                && couldBeOfOutput(name)
                && isAlone(name);
    }

    private static boolean couldBeOfOutput(String name) {
        TensorRole role = TensorRole.of(name);
        return (role == TensorRole.OUTPUT || role == TensorRole.UNKNOWN)
                && RecurrentName.parse(name).isEmpty();
    }

    /** Whether no other tensor is in the module {@code decoder.} of {@code decoder.bias}, or begins like the bare {@code out_bias}. */
    private boolean isAlone(String bias) {
        String module = bias.substring(0, bias.length() - "bias".length());
        if (module.isEmpty()) {
            return !tensors.mentionedNames().contains("weight");
        }
        return tensors.mentionedNames().tailSet(module).stream()
                .takeWhile(name -> name.startsWith(module))
                .allMatch(bias::equals);
    }
}
