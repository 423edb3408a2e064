package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;

/** ONNX: any bytes, and any message with correct lengths. */
class OnnxFuzzTest {
    @FuzzTest
    @DictionaryEntries({"LSTM", "Gather", "Transpose", "Squeeze", "MatMul", "Softmax", "direction", "layout", "ai.onnx"
    })
    void file(byte[] file) {
        Hostile.read(file);
    }

    /** Inputs in the form of {@link ProtoOutline}: a change of one field leaves the others intact. */
    @FuzzTest
    @DictionaryEntries({
        "Add",
        "ArgMax",
        "Cast",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Div",
        "Dropout",
        "Expand",
        "Flatten",
        "Gather",
        "Gemm",
        "Identity",
        "LSTM",
        "LogSoftmax",
        "MatMul",
        "Mean",
        "Mul",
        "OneHot",
        "Reshape",
        "ReverseSequence",
        "Shape",
        "Slice",
        "Softmax",
        "Split",
        "Squeeze",
        "Sub",
        "Sum",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "activations",
        "bidirectional",
        "clip",
        "external_data",
        "hidden_size",
        "input_forget",
        "location",
        "reverse"
    })
    void fields(byte[] outline) {
        Hostile.read(ProtoOutline.message(outline));
    }
}
