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
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.DirectionOutput;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.Hidden;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** The stack of LSTM layers of a graph, collected from the topmost layer down to the input. */
final class OnnxStack {
    private final Deque<Hidden> layers = new ArrayDeque<>(); // first: reads the input
    private final OnnxContent input; // an embedding, one-hot tokens, or an unchanged input

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
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s: %d outputs in the order %s form one layer, expected one, or a forward and then a backward one; in PyTorch, join them as torch.cat((h[-2], h[-1]), 1), with the columns of the output layer's weight in that order",
                    layer.describe(),
                    parts.size(),
                    parts.stream()
                            .map(part -> part.reversed() ? "backward" : "forward")
                            .collect(Collectors.joining(", "))));
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

    /** Requires that the input of the sequence is not an initial state too. */
    private void requireOneUse() {
        for (OnnxLstm lstm : lstms()) {
            if (lstm.startsFrom(inputName())) {
                throw new ModelException(
                        "%s has input '%s' as initial state, which is also the sequence: expected another input"
                                .formatted(lstm.describe(), inputName()));
            }
        }
    }

    /** The graph input that is the sequence. */
    String inputName() {
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
        lstms().forEach(lstm -> notes.addAll(lstm.notes()));
        padding()
                .ifPresent(token -> notes.add(String.format(
                        Locale.ROOT,
                        "token %d is padding to this model, which leaves it out of the lengths of sequences: a row that holds it is bad, leave it out of rows",
                        token)));
        return notes;
    }

    private String inputNote() {
        if (input instanceof Embedded embedded) {
            return "the embedding is tensor %s, with tokens from input '%s'"
                    .formatted(embedded.table().describe(), embedded.input());
        }
        if (input instanceof OneHot oneHot) {
            return String.format(
                    Locale.ROOT,
                    "no embedding: the tokens of input '%s' are one-hot encoded with depth %d",
                    oneHot.input(),
                    oneHot.depth());
        }
        return "no embedding: the LSTM reads input '%s' directly".formatted(inputName());
    }

    /**
     * The states of the topmost layer that the output layer reads: those at the last step, or the final state of each
     * direction. The final state of a backward direction is that of the first step.
     *
     * @throws ModelException if it reads others
     */
    Readout readout() {
        List<DirectionOutput> parts = layers.peekLast().parts();
        if (parts.stream().noneMatch(part -> part.at() == At.FIRST)) {
            return Readout.LAST_STEP;
        }
        if (parts.stream().allMatch(part -> part.at() == (part.reversed() ? At.FIRST : At.LAST))) {
            return Readout.FINAL_STATES;
        }
        throw new ModelException(
                "the output layer reads %s at %s: expected each step, the last step, or the final state of each direction"
                        .formatted(
                                layers.peekLast().describe(),
                                parts.stream().map(OnnxStack::format).collect(Collectors.joining(" and "))));
    }

    private static String format(DirectionOutput part) {
        String direction = part.reversed() ? "the backward direction" : "the forward direction";
        return switch (part.at()) {
            case EACH -> "each step of " + direction;
            case FIRST -> "the first step of " + direction;
            case LAST -> "the last step of " + direction;
        };
    }
}
