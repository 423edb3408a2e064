package sluice.cell.weights.onnx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NoEmbedding;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;
import sluice.cell.weights.onnx.OnnxContent.SideBySide;

/** The stack of LSTM layers of a graph, collected from the topmost layer down to the input. */
final class OnnxStack {
    private final Deque<Hidden> layers = new ArrayDeque<>(); // first: reads the input
    private final OnnxContent input; // an embedding, one-hot tokens, an unchanged input, or several of them

    /**
     * @param top output of the topmost layer
     * @throws ModelException if the LSTM nodes are not a stack of layers
     */
    OnnxStack(Hidden top) {
        Hidden layer = top;
        while (true) {
            layers.push(layer);
            requireLayer(layer);
            OnnxContent below = layer.parts().get(0).lstm().below();
            if (!(below instanceof Hidden next)) {
                input = below;
                requireOneUse();
                return;
            }
            layer = next;
        }
    }

    private static void requireLayer(Hidden layer) {
        List<DirectionOutput> parts = layer.parts();
        boolean two =
                parts.size() == 2 && !parts.get(0).reversed() && parts.get(1).reversed();
        if (parts.size() != 1 && !two) {
            throw wrongOutputs(layer);
        }
        for (DirectionOutput part : parts) {
            if (!part.lstm().below().equals(parts.get(0).lstm().below())) {
                throw new ModelException(
                        "%s read different inputs, %s and %s: expected the same input for both directions"
                                .formatted(
                                        layer.describe(),
                                        parts.get(0).lstm().below().describe(),
                                        part.lstm().below().describe()));
            }
        }
    }

    private static ModelException wrongOutputs(Hidden layer) {
        List<DirectionOutput> parts = layer.parts();
        boolean swapped =
                parts.size() == 2 && parts.get(0).reversed() && !parts.get(1).reversed();
        String advice = !swapped
                ? "sums and joins of layers, skip connections and parallel LSTMs can't be scored; "
                        + OnnxUnsupported.FOR_HIDDEN_STATES
                : parts.get(0).lstm().isInputFlipped()
                        ? "in PyTorch, remove the flip of the input, and swap the weights of both directions (weight_ih_l0 and weight_ih_l0_reverse, and so on) and the two halves of the columns of the next layer's weight"
                        : "in PyTorch, torch.cat((h[-2], h[-1]), 1), and swap the two halves of the output layer's weight columns too: otherwise the scores change";
        return new ModelException(String.format(
                Locale.ROOT,
                "%s: %d outputs are joined in the order %s, expected one, or forward then backward; %s",
                layer.describe(),
                parts.size(),
                parts.stream()
                        .map(part -> part.reversed() ? "backward" : "forward")
                        .collect(Collectors.joining(", ")),
                advice));
    }

    /** Requires that the input of the sequence is not an initial state too. */
    private void requireOneUse() {
        for (OnnxLstm lstm : lstms()) {
            for (String name : inputNames()) {
                if (lstm.startsFrom(name)) {
                    throw new ModelException(
                            "%s has input '%s' as initial state, which is also the sequence: expected another input"
                                    .formatted(lstm.describe(), name));
                }
            }
        }
    }

    /** The graph inputs that are the sequence. */
    List<String> inputNames() {
        return input instanceof SideBySide several
                ? several.sides().stream()
                        .map(SideBySide.Side::input)
                        .distinct()
                        .toList()
                : List.of(inputName());
    }

    /** The several inputs of a step; empty for one input. */
    List<InputPart> parts() {
        return input instanceof SideBySide several ? OnnxSideBySide.parts(several) : List.of();
    }

    private String inputName() {
        if (input instanceof Embedded embedded) {
            return embedded.input();
        }
        if (input instanceof OneHot oneHot) {
            return oneHot.input();
        }
        return ((Raw) input).input();
    }

    /** All LSTM nodes, starting at the input. */
    Set<OnnxLstm> lstms() {
        Set<OnnxLstm> lstms = new LinkedHashSet<>();
        layers.forEach(layer -> layer.parts().forEach(part -> lstms.add(part.lstm())));
        return lstms;
    }

    /** The layers, starting at the input. */
    List<LstmLayer> layers() {
        List<LstmLayer> read = new ArrayList<>();
        for (Hidden layer : layers) {
            List<LstmDirection> directions = layer.parts().stream()
                    .map(part -> part.lstm().direction(part.direction()))
                    .toList();
            read.add(
                    directions.size() == 1
                            ? LstmLayer.of(directions.get(0))
                            : LstmLayer.bidirectional(directions.get(0), directions.get(1), layer.merge()));
        }
        return read;
    }

    Optional<Embedding> embedding() {
        if (!(input instanceof Embedded embedded)) {
            return Optional.empty();
        }
        OnnxArray table = embedded.table();
        Shape shape = table.shape();
        Embedding plain = new Embedding(Matrix.of((int) shape.rows(), (int) shape.columns(), table.finiteFloats()));
        return Optional.of(padding()
                .filter(token -> token >= 0 && token < shape.rows())
                .map(token -> plain.withPadding(token.intValue()))
                .orElse(plain));
    }

    /** The token that the lengths of sequences leave out. */
    private Optional<Long> padding() {
        Set<Long> tokens = lstms().stream()
                .flatMap(lstm -> lstm.padding().stream())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (tokens.size() > 1) {
            throw new ModelException(
                    "LSTMs leave out different tokens, %s, expected one padding token".formatted(tokens));
        }
        return tokens.stream().findFirst();
    }

    /** Tensor name of the embedding. */
    Optional<String> embeddingName() {
        return input instanceof Embedded embedded ? Optional.of(embedded.table().name()) : Optional.empty();
    }

    /** Notes on the input and on what is ignored. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        notes.add(inputNote());
        for (Hidden layer : layers) {
            DirectionOutput part = layer.parts().get(0);
            if (layer.parts().size() < part.lstm().directions()) {
                notes.add("only the %s direction of %s is used"
                        .formatted(
                                part.reversed() ? "backward" : "forward",
                                part.lstm().describe()));
            }
        }
        lstms().stream().flatMap(lstm -> lstm.inputNotes().stream()).distinct().forEach(notes::add);
        lstms().forEach(lstm -> notes.addAll(lstm.notes()));
        padding()
                .ifPresent(token -> notes.add(String.format(
                        Locale.ROOT,
                        "token %d is padding to this model, which leaves it out of the lengths of sequences: a row with this token is a bad row; remove the token from the rows",
                        token)));
        return notes;
    }

    private String inputNote() {
        if (input instanceof SideBySide several) {
            return "each step is these inputs of the graph side by side: "
                    + OnnxSideBySide.parts(several).stream()
                            .map(InputPart::toString)
                            .collect(Collectors.joining(", "));
        }
        if (input instanceof Embedded embedded) {
            return "the embedding is tensor %s, with tokens from input '%s'"
                    .formatted(embedded.table().describe(), embedded.input());
        }
        if (input instanceof OneHot oneHot) {
            return String.format(
                    Locale.ROOT,
                    "no embedding in the file: the LSTM reads the one-hot tokens of input '%s', below %d",
                    oneHot.input(),
                    oneHot.depth());
        }
        int width = (int) layers.peekFirst().parts().get(0).lstm().inputWidth();
        return NoEmbedding.note("input '%s', ".formatted(inputName()), width, false);
    }

    /** The states of the topmost layer that the output is computed from. */
    OnnxReadout readout() {
        return new OnnxReadout(layers.peekLast());
    }
}
