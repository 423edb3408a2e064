package sluice.cell.weights.onnx;

import java.util.List;

/**
 * One attribute of a node. The kind determines which of the values is set.
 *
 * @param kind {@code AttributeProto.type}, 0 if the file has none
 * @param number {@code i}
 * @param floatValue {@code f}
 * @param text {@code s}; may be null
 * @param tensor {@code t}; may be null
 * @param numbers {@code ints}
 * @param floats {@code floats}
 * @param texts {@code strings}
 * @param graphs {@code g} and {@code graphs}
 */
record OnnxAttribute(
        String name,
        int kind,
        long number,
        float floatValue,
        String text,
        OnnxTensor tensor,
        long[] numbers,
        float[] floats,
        List<String> texts,
        List<OnnxSubgraph> graphs) {}
