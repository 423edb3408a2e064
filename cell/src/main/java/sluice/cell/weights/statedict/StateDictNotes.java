package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.file.Shape;

/** Notes on what tensors do not tell, and is assumed. */
final class StateDictNotes {
    private StateDictNotes() {}

    static List<String> assumptions(NamedTensors tensors, EndLayers ends, LstmModel model) {
        List<String> notes = new ArrayList<>();
        notes.add(
                "a state dict has no functions: embedding, LSTMs (gates i, f, g, o) and output layer are taken as connected directly, without activation, "
                        + "normalization, scaling or residual connection");
        ends.embeddingName()
                .filter(name -> isSquare(tensors.shape(name)))
                .ifPresent(name -> notes.add(
                        "tensor %s is square: row k is read as the vector of token k (nn.Embedding); if it is an nn.Linear over one-hot tokens, export the model to ONNX"
                                .formatted(tensors.describe(name))));
        if (ends.outputName().isEmpty()) {
            return notes;
        }
        String output = ends.outputName().get();
        if (!EndLayer.isWeight(output) && isSquare(tensors.shape(output))) {
            notes.add(
                    "tensor %s is square: row k is read as the weights of class k (nn.Linear); if the network computes h @ W, save W.T"
                            .formatted(tensors.describe(output)));
        }
        if (model.layers().get(model.layers().size() - 1).directions().size() > 1) {
            notes.add(
                    "the file does not tell what the output layer reads at --at last: model.readout = last-step (default) is "
                            + "output[:, -1], final-states is h_n");
        }
        notes.add(
                "the file does not tell which step the output layer reads; if the network takes a mean or maximum over the steps, the "
                        + "scores are wrong");
        return notes;
    }

    private static boolean isSquare(Shape shape) {
        return shape.rows() == shape.columns();
    }
}
