package sluice.cell.weights.onnx;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.onnx.ProtoReader.Span;

/**
 * Reads the messages of an ONNX file, by the field numbers of {@code onnx.proto3}. Fields that an LSTM doesn't need are
 * skipped. Values of tensors are located, but not read.
 */
final class OnnxParser {
    private static final int MAX_DEPTH = 8; // of graphs inside nodes; exporters write 1 or 2
    private static final int MAX_SPANS = 1_000; // of values of one tensor; writers create one

    private final ProtoReader proto;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<OnnxNode> nodes = new ArrayList<>();
    private final Map<String, OnnxTensor> initializers = new LinkedHashMap<>();
    private final List<OnnxPort> inputs = new ArrayList<>();
    private final List<OnnxPort> outputs = new ArrayList<>();
    private long opset = -1;
    private boolean hasGraph;
    private int depth; // of the graph inside nodes that is read

    private OnnxParser(ProtoReader proto) {
        this.proto = proto;
    }

    /** @throws ModelException if the file is not a valid ONNX model */
    static OnnxGraph parse(SeekableByteChannel channel) throws IOException {
        OnnxParser parser = new OnnxParser(new ProtoReader(channel));
        parser.model();
        if (!parser.hasGraph) {
            throw new ModelException("the file has no graph: it is cut short or empty, export it again");
        }
        if (parser.opset < 0) {
            throw new ModelException(
                    "the file doesn't say which opset of ONNX it uses: it is cut short or damaged, export it again");
        }
        return new OnnxGraph(
                parser.opset, parser.metadata, parser.nodes, parser.initializers, parser.inputs, parser.outputs);
    }

    private void model() throws IOException {
        while (proto.next()) {
            switch (proto.field()) {
                case 7 -> graph();
                case 8 -> opset();
                case 14 -> entry(metadata);
                default -> {} // versions, names, functions: a call of a function is rejected by its domain
            }
        }
    }

    private void opset() throws IOException {
        String domain = "";
        long version = 0;
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> domain = proto.text();
                case 2 -> version = proto.number();
                default -> {}
            }
        }
        proto.close();
        if (domain.isEmpty() || domain.equals("ai.onnx")) {
            opset = Math.max(0, version);
        }
    }

    private void entry(Map<String, String> entries) throws IOException {
        String key = "";
        String value = "";
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> key = proto.text();
                case 2 -> value = proto.text();
                default -> {}
            }
        }
        proto.close();
        entries.put(key, value);
    }

    private void graph() throws IOException {
        if (hasGraph) {
            throw new ModelException("the file has two graphs, expected one; it is damaged, export it again");
        }
        hasGraph = true;
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> nodes.add(node(nodes.size()));
                case 5 -> add(initializers, tensor());
                case 11 -> inputs.add(port());
                case 12 -> outputs.add(port());
                case 15 ->
                    throw new ModelException(
                            "the graph has sparse tensors (sparse_initializer), which are not supported; "
                                    + "export it with dense tensors");
                default -> {}
            }
        }
        proto.close();
    }

    /** A graph inside a node. */
    private OnnxSubgraph subgraph() throws IOException {
        if (++depth > MAX_DEPTH) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the graph has graphs nested %d deep in its nodes, expected at most %d",
                    depth,
                    MAX_DEPTH));
        }
        List<OnnxNode> inner = new ArrayList<>();
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        List<String> inputNames = new ArrayList<>();
        List<String> outputNames = new ArrayList<>();
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> inner.add(node(inner.size()));
                case 5 -> add(tensors, tensor());
                case 11 -> inputNames.add(port().name());
                case 12 -> outputNames.add(port().name());
                default -> {}
            }
        }
        proto.close();
        depth--;
        return new OnnxSubgraph(inner, tensors, inputNames, outputNames);
    }

    private static void add(Map<String, OnnxTensor> initializers, OnnxTensor tensor) {
        if (initializers.put(tensor.name(), tensor) != null) {
            throw new ModelException(
                    "the graph has two tensors named '%s', expected different names".formatted(tensor.name()));
        }
    }

    private OnnxNode node(int index) throws IOException {
        List<String> inputNames = new ArrayList<>();
        List<String> outputNames = new ArrayList<>();
        Map<String, OnnxAttribute> attributes = new LinkedHashMap<>();
        String name = "";
        String operator = "";
        String domain = "";
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> inputNames.add(proto.text());
                case 2 -> outputNames.add(proto.text());
                case 3 -> name = proto.text();
                case 4 -> operator = proto.text();
                case 5 -> {
                    OnnxAttribute attribute = attribute();
                    attributes.put(attribute.name(), attribute);
                }
                case 7 -> domain = proto.text();
                default -> {}
            }
        }
        proto.close();
        return new OnnxNode(index, name, domain, operator, inputNames, outputNames, attributes);
    }

    private OnnxAttribute attribute() throws IOException {
        String name = "";
        int kind = 0;
        long number = 0;
        float floatValue = 0;
        String text = null;
        OnnxTensor tensor = null;
        List<Long> numbers = new ArrayList<>();
        List<Float> floats = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        List<OnnxSubgraph> graphs = new ArrayList<>();
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> name = proto.text();
                case 2 -> floatValue = proto.floatValue();
                case 3 -> number = proto.number();
                case 4 -> text = proto.lenientText();
                case 5 -> tensor = tensor();
                case 6, 11 -> graphs.add(subgraph());
                case 7 -> proto.fixed32s(bits -> floats.add(Float.intBitsToFloat((int) bits)));
                case 8 -> proto.numbers(numbers::add);
                case 9 -> texts.add(proto.lenientText());
                case 20 -> kind = (int) proto.number();
                default -> {}
            }
        }
        proto.close();
        float[] floatArray = new float[floats.size()];
        for (int at = 0; at < floatArray.length; at++) {
            floatArray[at] = floats.get(at);
        }
        long[] longArray = numbers.stream().mapToLong(Long::longValue).toArray();
        return new OnnxAttribute(name, kind, number, floatValue, text, tensor, longArray, floatArray, texts, graphs);
    }

    private OnnxPort port() throws IOException {
        OnnxPort port = new OnnxPort("", null, null);
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> port = new OnnxPort(proto.text(), port.type(), port.axes());
                case 2 -> port = typed(port);
                default -> {}
            }
        }
        proto.close();
        return port;
    }

    /** Reads TypeProto, Tensor, TensorShapeProto and Dimension. */
    private OnnxPort typed(OnnxPort untyped) throws IOException {
        OnnxPort port = untyped;
        proto.open();
        while (proto.next()) {
            if (proto.field() == 1) {
                proto.open();
                while (proto.next()) {
                    switch (proto.field()) {
                        case 1 ->
                            port = new OnnxPort(
                                    port.name(),
                                    OnnxType.numbered(proto.number()).orElse(null),
                                    port.axes());
                        case 2 -> port = new OnnxPort(port.name(), port.type(), shape());
                        default -> {}
                    }
                }
                proto.close();
            }
        }
        proto.close();
        return port;
    }

    private List<OnnxPort.Axis> shape() throws IOException {
        List<OnnxPort.Axis> axes = new ArrayList<>();
        proto.open();
        while (proto.next()) {
            if (proto.field() == 1) {
                axes.add(axis());
            }
        }
        proto.close();
        if (axes.size() > OnnxArray.MAX_RANK) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "a graph input or output has %d axes, expected at most %d",
                    axes.size(),
                    OnnxArray.MAX_RANK));
        }
        return axes;
    }

    private OnnxPort.Axis axis() throws IOException {
        long size = -1;
        String name = "";
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> size = proto.number();
                case 2 -> name = proto.lenientText();
                default -> {}
            }
        }
        proto.close();
        return new OnnxPort.Axis(name, size < 1 ? -1 : size); // some writers use 0 or -1 for a dynamic size
    }

    private OnnxTensor tensor() throws IOException {
        List<Long> dimensions = new ArrayList<>();
        long type = 0;
        String name = "";
        Span raw = null;
        Map<Integer, List<Span>> typed = new LinkedHashMap<>();
        Map<String, String> external = new LinkedHashMap<>();
        boolean isExternal = false;
        proto.open();
        while (proto.next()) {
            switch (proto.field()) {
                case 1 -> proto.numbers(dimensions::add);
                case 2 -> type = proto.number();
                case 3 ->
                    throw new ModelException(
                            "a tensor is stored in segments, which are not supported; export it again");
                case 4 -> span(typed, ProtoReader.FIXED32);
                case 5, 6, 7, 11 -> span(typed, ProtoReader.VARINT);
                case 10 -> span(typed, ProtoReader.FIXED64);
                case 8 -> name = proto.text();
                case 9 -> raw = proto.span();
                case 13 -> entry(external);
                case 14 -> isExternal = proto.number() == 1;
                default -> {}
            }
        }
        proto.close();
        return new OnnxTensor(
                name,
                shape(name, dimensions),
                OnnxType.numbered(type).orElse(null),
                raw,
                typed,
                isExternal ? external : null);
    }

    /** Locates values of a repeated field: packed, or a single one. */
    private void span(Map<Integer, List<Span>> typed, int single) {
        List<Span> spans = typed.computeIfAbsent(proto.field(), field -> new ArrayList<>());
        if (spans.size() == MAX_SPANS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "a tensor has its values in more than %d pieces, expected one; export it again",
                    MAX_SPANS));
        }
        spans.add(proto.valuesSpan(single));
    }

    private static Shape shape(String name, List<Long> dimensions) {
        long[] sizes = dimensions.stream().mapToLong(Long::longValue).toArray();
        Shape shape = Shape.of(sizes);
        if (sizes.length > OnnxArray.MAX_RANK) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has %d dimensions, expected at most %d",
                    name,
                    sizes.length,
                    OnnxArray.MAX_RANK));
        }
        long values = 1;
        for (long size : sizes) {
            // The others are checked even if one is 0.
            if (size < 0 || (size > 0 && values > Allocation.MAX_LENGTH / size)) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensor '%s' has shape %s, expected dimensions of 0 or more and at most %d values",
                        name,
                        shape,
                        Allocation.MAX_LENGTH));
            }
            values *= Math.max(1, size);
        }
        return shape;
    }
}
