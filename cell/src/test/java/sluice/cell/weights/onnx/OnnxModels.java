package sluice.cell.weights.onnx;

import static sluice.cell.weights.onnx.OnnxWriter.number;
import static sluice.cell.weights.onnx.OnnxWriter.numbers;
import static sluice.cell.weights.onnx.OnnxWriter.text;

import java.util.List;
import java.util.Locale;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/** Writes whole models as ONNX files in a simple form: opset 14, probabilities for each step. */
public final class OnnxModels {
    private static final int OPSET = 14;

    private OnnxModels() {}

    /** A model that reads {@code tokens (N, T)} and outputs probabilities; its LSTM nodes have layout 0 or 1. */
    public static byte[] bytes(LstmModel model, int layout) {
        return writer(model, layout, OnnxWriter.GATES).bytes();
    }

    /** A model with gates in any order. */
    public static byte[] bytes(LstmModel model, List<Gate> gates) {
        return writer(model, 0, gates).bytes();
    }

    private static OnnxWriter writer(LstmModel model, int layout, List<Gate> gates) {
        OnnxWriter onnx = new OnnxWriter(OPSET).tokens("tokens", "n", "t");
        Matrix table = model.embedding().orElseThrow().table();
        onnx.floats("embedding", table.values(), table.rows(), table.columns());
        onnx.node("Gather", "embedding,tokens", layout == 0 ? "e" : "x0");
        if (layout == 0) {
            onnx.node("Transpose", "e", "x0", numbers("perm", 1, 0, 2));
        }
        onnx.longs("flat", 0, 0, -1).longs("directions", layout == 0 ? 1 : 2);
        for (int depth = 0; depth < model.layers().size(); depth++) {
            layer(onnx, model.layers().get(depth), depth, layout, gates);
        }
        String top = "x" + model.layers().size();
        if (layout == 0) {
            onnx.node("Transpose", top, "h", numbers("perm", 1, 0, 2));
        }
        output(onnx, model, layout == 0 ? "h" : top);
        return onnx.output("probabilities");
    }

    private static void layer(OnnxWriter onnx, LstmLayer layer, int depth, int layout, List<Gate> gates) {
        onnx.weights(Integer.toString(depth), layer, gates);
        boolean two = layer.directions().size() == 2;
        String direction = two ? "bidirectional" : layer.looksAhead() ? "reverse" : "forward";
        String inputs = String.format(Locale.ROOT, "x%d,W%d,R%d,B%d", depth, depth, depth, depth);
        onnx.named(
                "LSTM_" + depth,
                "LSTM",
                inputs,
                "Y" + depth,
                number("hidden_size", layer.directions().get(0).hiddenWidth()),
                text("direction", direction),
                number("layout", layout));
        String next = "x" + (depth + 1);
        if (!two) {
            onnx.node("Squeeze", "Y" + depth + ",directions", next);
        } else if (layout == 1) {
            onnx.node("Reshape", "Y" + depth + ",flat", next);
        } else {
            onnx.node("Transpose", "Y" + depth, "T" + depth, numbers("perm", 0, 2, 1, 3))
                    .node("Reshape", "T" + depth + ",flat", next);
        }
    }

    static void output(OnnxWriter onnx, LstmModel model, String hidden) {
        Matrix weights = model.output().orElseThrow().weights();
        onnx.floats("V", transposed(weights), weights.columns(), weights.rows())
                .floats("d", model.output().orElseThrow().bias(), weights.rows())
                .node("MatMul", hidden + ",V", "product")
                .node("Add", "product,d", "logits")
                .node("Softmax", "logits", "probabilities", number("axis", -1));
    }

    static float[] transposed(Matrix matrix) {
        float[] values = new float[matrix.rows() * matrix.columns()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                values[column * matrix.rows() + row] = matrix.at(row, column);
            }
        }
        return values;
    }
}
