package sluice.cell.weights.onnx;

import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.DerivedInput;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;

/** Exceptions for operators that can't be scored. The advice depends on where in the model the operator is. */
final class OnnxUnsupported {
    /** Advice that gives the hidden states of any model. */
    static final String FOR_HIDDEN_STATES =
            "for hidden states, make them an output of the exported model and set model.output to its name";

    private static final Set<String> QUANTIZED = Set.of(
            "ConvInteger",
            "DequantizeLinear",
            "DynamicQuantizeLinear",
            "DynamicQuantizeLSTM",
            "DynamicQuantizeMatMul",
            "MatMulInteger",
            "MatMulIntegerToFloat",
            "QLinearMatMul",
            "QuantizeLinear");

    private OnnxUnsupported() {}

    /** The exception for an operator on a value that depends on the sequence. */
    static ModelException operator(OnnxSignal signal) {
        return new ModelException(
                "this operator is not supported here, after %s: only an embedding, LSTMs, one output layer and a softmax or sigmoid can be scored; %s"
                        .formatted(signal.content().describe(), advice(signal)));
    }

    private static String advice(OnnxSignal signal) {
        OnnxContent content = signal.content();
        if (content instanceof Raw && signal.rank() > 1) {
            return "apply it to the rows before they are scored, and export the model without it";
        }
        if (content instanceof Raw || content instanceof DerivedInput) {
            return "if it changes tokens or features, apply it to the rows and export the model without it; if it is on lengths, which are not read, select the last step by h[:, -1]";
        }
        if (content instanceof Embedded || content instanceof OneHot) {
            return "if it changes the vector of each token by itself, put its results into the embedding: in PyTorch, nn.Embedding.from_pretrained(f(embedding.weight.detach())), where f is what the model computes there";
        }
        if (content instanceof ClassScores) {
            return "export the model without it (--emit topk gives the top classes), or " + FOR_HIDDEN_STATES;
        }
        return FOR_HIDDEN_STATES;
    }

    /**
     * @throws ModelException if the operator is one of a quantized model
     */
    static void requireNotQuantized(OnnxNode node) {
        if (QUANTIZED.contains(node.operator())) {
            throw new ModelException(
                    "is an operator of a quantized model, expected weights and values in floats; use the file from before it was quantized (quantize_dynamic or quantize_static)");
        }
    }
}
