package sluice.cell.weights.statedict;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;

/** In-memory tensors in insertion order. */
final class Tensors implements TensorSource {
    private final Random random = new Random(7);
    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();

    Tensors with(String name, float[] tensor, long... shape) {
        shapes.put(name, Shape.of(shape));
        values.put(name, tensor);
        return this;
    }

    /** Adds a tensor of random values. */
    Tensors with(String name, long... shape) {
        return with(name, Models.vector(random, (int) Shape.of(shape).values()), shape);
    }

    Tensors without(String name) {
        shapes.remove(name);
        values.remove(name);
        return this;
    }

    /** Adds an nn.LSTM of one layer. */
    Tensors withLstm(String prefix, int inputWidth, int hiddenWidth) {
        return withDirection(prefix, "_l0", inputWidth, hiddenWidth);
    }

    Tensors withDirection(String prefix, String suffix, int inputWidth, int hiddenWidth) {
        int rows = 4 * hiddenWidth;
        return with(prefix + "weight_ih" + suffix, rows, inputWidth)
                .with(prefix + "weight_hh" + suffix, rows, hiddenWidth)
                .with(prefix + "bias_ih" + suffix, rows)
                .with(prefix + "bias_hh" + suffix, rows);
    }

    /** The same tensors in another order. */
    Tensors inOrder(Iterable<String> names) {
        Tensors ordered = new Tensors();
        for (String name : names) {
            ordered.shapes.put(name, shapes.get(name));
            ordered.values.put(name, values.get(name));
        }
        return ordered;
    }

    byte[] safetensors(Map<String, String> metadata) {
        return SafetensorsWriter.bytes(
                shapes.keySet().stream()
                        .map(name -> RawTensor.f32(name, values.get(name), dimensions(shapes.get(name))))
                        .collect(Collectors.toList()),
                metadata);
    }

    private static long[] dimensions(Shape shape) {
        long[] dimensions = new long[shape.rank()];
        Arrays.setAll(dimensions, shape::dimension);
        return dimensions;
    }

    float[] values(String name) {
        return values.get(name);
    }

    @Override
    public Set<String> names() {
        return shapes.keySet();
    }

    @Override
    public Shape shape(String name) {
        return shapes.get(name);
    }

    @Override
    public ElementType type(String name) {
        return ElementType.F32;
    }

    @Override
    public float[] read(String name) {
        return values.get(name).clone();
    }
}
