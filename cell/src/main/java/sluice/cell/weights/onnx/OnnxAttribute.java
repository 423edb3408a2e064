package sluice.cell.weights.onnx;

import java.util.List;

/**
 * One attribute of a node; which of the values it has depends on the kind.
 *
 * @param kind {@code AttributeProto.type}, 0 where the file says none
 * @param number {@code i}
 * @param real {@code f}
 * @param text {@code s}, or null
 * @param tensor {@code t}, or null
 */
record OnnxAttribute(
        String name,
        int kind,
        long number,
        float real,
        String text,
        OnnxTensor tensor,
        long[] numbers,
        float[] reals,
        List<String> texts) {}
