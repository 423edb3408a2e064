package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;

/** Writes small ONNX files for tests, node by node. Lists of names are separated by commas; an empty name is an omitted input. */
public final class OnnxWriter {
    /** The gate order of ONNX: i, o, f, c. */
    static final List<Gate> GATES = List.of(Gate.INPUT, Gate.OUTPUT, Gate.FORGET, Gate.CANDIDATE);

    static final int FLOAT = 1;
    static final int INT64 = 7;

    private final ProtoWriter graph = new ProtoWriter();
    private final int opset;

    public OnnxWriter(int opset) {
        this.opset = opset;
    }

    /** Adds a node. The methods below create attributes. */
    @SafeVarargs
    public final OnnxWriter node(String operator, String inputs, String outputs, Consumer<ProtoWriter>... attributes) {
        return named("", operator, inputs, outputs, attributes);
    }

    /** Adds a node with a name. */
    @SafeVarargs
    public final OnnxWriter named(
            String name, String operator, String inputs, String outputs, Consumer<ProtoWriter>... attributes) {
        ProtoWriter node = new ProtoWriter();
        if (!inputs.isEmpty()) {
            List.of(inputs.split(",", -1)).forEach(input -> node.text(1, input));
        }
        List.of(outputs.split(",", -1)).forEach(output -> node.text(2, output));
        node.text(3, name).text(4, operator);
        for (Consumer<ProtoWriter> attribute : attributes) {
            ProtoWriter message = new ProtoWriter();
            attribute.accept(message);
            node.message(5, message);
        }
        return graph(1, node);
    }

    public static Consumer<ProtoWriter> number(String name, long value) {
        return attribute -> attribute.text(1, name).number(3, value).number(20, 2);
    }

    public static Consumer<ProtoWriter> real(String name, float value) {
        return attribute -> attribute.text(1, name).real(2, value).number(20, 1);
    }

    public static Consumer<ProtoWriter> text(String name, String value) {
        return attribute -> attribute.text(1, name).text(4, value).number(20, 3);
    }

    public static Consumer<ProtoWriter> numbers(String name, long... values) {
        return attribute -> attribute.text(1, name).numbers(8, values).number(20, 7);
    }

    public static Consumer<ProtoWriter> reals(String name, float... values) {
        return attribute -> attribute.text(1, name).reals(7, values).number(20, 6);
    }

    public static Consumer<ProtoWriter> texts(String name, List<String> values) {
        return attribute -> {
            attribute.text(1, name);
            values.forEach(value -> attribute.text(9, value));
            attribute.number(20, 8);
        };
    }

    public static Consumer<ProtoWriter> tensor(String name, ProtoWriter tensor) {
        return attribute -> attribute.text(1, name).message(5, tensor).number(20, 4);
    }

    /** Adds a float32 tensor with {@code raw_data}. */
    public OnnxWriter floats(String name, float[] values, long... shape) {
        return graph(5, header(name, FLOAT, shape).reals(9, values));
    }

    /** Adds an int64 vector. */
    public OnnxWriter longs(String name, long... values) {
        return graph(5, header(name, INT64, values.length).numbers(7, values));
    }

    /** Adds an int64 scalar. */
    public OnnxWriter single(String name, long value) {
        return graph(5, header(name, INT64).numbers(7, value));
    }

    /** A tensor with name, type and shape, to which values can be added. */
    public static ProtoWriter header(String name, int type, long... shape) {
        return new ProtoWriter().numbers(1, shape).number(2, type).text(8, name);
    }

    /** Adds a field to the graph. */
    public OnnxWriter graph(int field, ProtoWriter message) {
        graph.message(field, message);
        return this;
    }

    /**
     * Adds an input of the graph.
     *
     * @param dimensions per axis, its size, or its name if dynamic
     */
    public OnnxWriter input(String name, int type, Object... dimensions) {
        return graph(11, port(name, type, dimensions));
    }

    /** Adds an input of int64 tokens. */
    public OnnxWriter tokens(String name, Object... dimensions) {
        return input(name, INT64, dimensions);
    }

    public OnnxWriter output(String... names) {
        for (String name : names) {
            graph(12, port(name, FLOAT));
        }
        return this;
    }

    static ProtoWriter port(String name, int type, Object... dimensions) {
        ProtoWriter shape = new ProtoWriter();
        for (Object dimension : dimensions) {
            ProtoWriter message = new ProtoWriter();
            shape.message(
                    1,
                    dimension instanceof String text
                            ? message.text(2, text)
                            : message.number(1, ((Number) dimension).longValue()));
        }
        ProtoWriter tensor = new ProtoWriter().number(1, type).message(2, shape);
        return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
    }

    /** Adds the tensors {@code W}, {@code R} and {@code B} of a layer; {@code suffix} is appended to their names. */
    public OnnxWriter weights(String suffix, LstmLayer layer) {
        return weights(suffix, layer, GATES);
    }

    /** Adds the tensors of a layer with gates in any order. */
    public OnnxWriter weights(String suffix, LstmLayer layer, List<Gate> gates) {
        int directions = layer.directions().size();
        LstmDirection first = layer.directions().get(0);
        int h = first.hiddenWidth();
        int rows = Gate.COUNT * h;
        ProtoWriter w = header("W" + suffix, FLOAT, directions, rows, first.inputWidth());
        ProtoWriter r = header("R" + suffix, FLOAT, directions, rows, h);
        ProtoWriter b = header("B" + suffix, FLOAT, directions, 2L * rows);
        ProtoWriter wValues = new ProtoWriter();
        ProtoWriter rValues = new ProtoWriter();
        ProtoWriter bValues = new ProtoWriter();
        for (LstmDirection direction : layer.directions()) {
            for (Gate gate : gates) {
                wValues.raw(
                        ProtoWriter.littleEndian(direction.inputWeights(gate).values()));
                rValues.raw(
                        ProtoWriter.littleEndian(direction.hiddenWeights(gate).values()));
                bValues.raw(ProtoWriter.littleEndian(direction.bias(gate)));
            }
            float[] nothing = new float[rows];
            Arrays.fill(nothing, -0.0f); // the neutral element of addition: adding +0 would change -0
            bValues.raw(ProtoWriter.littleEndian(nothing));
        }
        return graph(5, w.bytes(9, wValues.toByteArray()))
                .graph(5, r.bytes(9, rValues.toByteArray()))
                .graph(5, b.bytes(9, bValues.toByteArray()));
    }

    public byte[] bytes() {
        return model(graph.toByteArray(), opset).toByteArray();
    }

    /** A model with this graph. The opset is written last, so that no truncated file is a valid model. */
    public static ProtoWriter model(byte[] graph, int opset) {
        return new ProtoWriter()
                .number(1, 8)
                .text(2, "a test")
                .bytes(7, graph)
                .message(8, new ProtoWriter().text(1, "").number(2, opset));
    }
}
