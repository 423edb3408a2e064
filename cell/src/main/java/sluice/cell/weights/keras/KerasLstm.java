package sluice.cell.weights.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.GateOrder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/**
 * Converts one Keras LSTM into a direction. Its arrays have one of three layouts:
 *
 * <pre>
 *   LSTM         kernel (I, 4H)   recurrent_kernel (H, 4H)   bias (4H)   columns in the order i, f, g, o
 *   CuDNNLSTM    kernel (I, 4H)   recurrent_kernel (H, 4H)   bias (8H)   the same order; each gate's block in cuDNN layout
 *   Keras 1      W (I, H)   U (H, H)   b (H)   for each gate, in the order i, g, f, o: twelve arrays
 * </pre>
 *
 * <p>A cuDNN block is row-major {@code (H, I)} or {@code (H, H)}, which is the layout needed here, although the shape in
 * the HDF5 file is the transposed one. cuDNN has two biases, which are added.
 */
final class KerasLstm {
    /** Gate order since Keras 2. */
    static final GateOrder GATES = GateOrder.IFGO;

    /** Gate order of Keras 1. */
    static final GateOrder KERAS_1_GATES = GateOrder.IGFO;

    private static final Set<String> KINDS = Set.of("LSTM", "CuDNNLSTM");
    private static final int ARRAYS = 3;
    private static final int ARRAYS_OF_GATES = ARRAYS * Gate.COUNT;
    private static final List<String> NAMES = List.of("kernel", "recurrent_kernel", "bias");
    private static final List<String> LETTERS = List.of("W", "U", "b");
    private static final List<String> GATE_LETTERS = List.of("i", "c", "f", "o");

    private final KerasLayer layer;
    private final List<Hdf5Dataset> arrays;
    private final int units; // H
    private final boolean biased;

    /** @param arrays the layer's arrays, in file order */
    KerasLstm(KerasLayer layer, List<Hdf5Dataset> arrays) {
        this.layer = layer;
        this.arrays = arrays;
        this.units = layer.count("units", "output_dim");
        this.biased = layer.flag(true, "use_bias", "bias");
    }

    static boolean isLstm(KerasLayer layer) {
        return KINDS.contains(layer.kind());
    }

    /** Whether the arrays have the layout of Keras 1. */
    boolean isKeras1() {
        return arrays.size() == ARRAYS_OF_GATES;
    }

    /**
     * @throws ModelException if arrays are missing, do not have the shapes that the settings require, or contain
     *     invalid weights
     */
    LstmDirection direction(KerasVersion version) {
        LstmDirection plain = isKeras1() ? fromTwelve() : fromThree();
        return plain.with(variant(version));
    }

    private CellVariant variant(KerasVersion version) {
        if (layer.kind().equals("CuDNNLSTM")) {
            return CellVariant.PLAIN; // cuDNN supports no other variant
        }
        var output = KerasActivations.of(layer, layer.setting("activation"), version);
        var gates = KerasActivations.of(layer, layer.setting("recurrent_activation", "inner_activation"), version);
        return CellVariant.PLAIN.withActivations(gates, output, output);
    }

    private LstmDirection fromThree() {
        int expected = biased ? ARRAYS : ARRAYS - 1;
        if (arrays.size() != expected) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d arrays (%s), expected %s",
                    layer.describe(),
                    arrays.size(),
                    NameList.of(arrays, Hdf5Dataset::path),
                    biased ? "kernel, recurrent_kernel and bias" : "kernel and recurrent_kernel"));
        }
        requireNames(NAMES, LETTERS);
        Hdf5Dataset kernel = arrays.get(0);
        Hdf5Dataset recurrent = arrays.get(1);
        long width = kernel.shape().rank() == 2 ? kernel.shape().rows() : -1;
        requireShape(kernel, "(I, 4H)", Math.max(1, width), Gate.COUNT * (long) units);
        requireShape(recurrent, "(H, 4H)", units, Gate.COUNT * (long) units);
        boolean cudnn = biased && arrays.get(2).shape().isVectorOf(2L * Gate.COUNT * units);
        if (biased && !cudnn) {
            requireShape(arrays.get(2), "(4H)", Gate.COUNT * (long) units);
        }
        Matrix u = matrix(kernel, (int) width, cudnn);
        Matrix w = matrix(recurrent, units, cudnn);
        float[] bias = biased ? finite(arrays.get(2)) : new float[Gate.COUNT * units];
        return LstmDirection.plain(u, w, GATES.canonical(cudnn ? sumOfHalves(bias) : bias, 0, units));
    }

    /** Converts four blocks of columns into four blocks of rows. */
    private Matrix matrix(Hdf5Dataset array, int inputs, boolean cudnn) {
        float[] values = finite(array);
        float[] blocks = new float[values.length];
        int columns = Gate.COUNT * units;
        for (int gate = 0; gate < Gate.COUNT; gate++) {
            int at = gate * units * inputs;
            for (int row = 0; row < units; row++) {
                for (int column = 0; column < inputs; column++) {
                    // A cuDNN block is row-major but split into rows of another length; a Keras block is transposed.
                    int place = row * inputs + column;
                    blocks[at++] = cudnn
                            ? values[place / units * columns + gate * units + place % units]
                            : values[column * columns + gate * units + row];
                }
            }
        }
        return Matrix.of(columns, inputs, GATES.canonical(blocks, 0, units * inputs));
    }

    private float[] sumOfHalves(float[] both) {
        float[] sum = new float[both.length / 2];
        for (int at = 0; at < sum.length; at++) {
            sum[at] = (float) ((double) both[at] + both[sum.length + at]);
            if (!Float.isFinite(sum[at])) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "both biases of %s add up to %s at index [%d], expected a finite number",
                        layer.describe(),
                        sum[at],
                        at));
            }
        }
        return sum;
    }

    private LstmDirection fromTwelve() {
        Shape first = arrays.get(0).shape();
        long width = first.rank() == 2 ? Math.max(1, first.rows()) : 1;
        for (int gate = 0; gate < Gate.COUNT; gate++) {
            requireShape(arrays.get(ARRAYS * gate), "(I, H)", width, units);
            requireShape(arrays.get(ARRAYS * gate + 1), "(H, H)", units, units);
            requireShape(arrays.get(ARRAYS * gate + 2), "(H)", units);
        }
        requireNames(
                GATE_LETTERS.stream()
                        .flatMap(gate -> LETTERS.stream().map(letter -> letter + "_" + gate))
                        .collect(Collectors.toList()),
                List.of());
        return LstmDirection.plain(transposed(0, (int) width), transposed(1, units), biasOfTwelve());
    }

    private Matrix transposed(int array, int inputs) {
        List<float[]> gates = new ArrayList<>();
        for (int gate = 0; gate < Gate.COUNT; gate++) {
            gates.add(finite(arrays.get(ARRAYS * gate + array)));
        }
        float[] blocks = Allocation.floats(layer.name(), Shape.of(Gate.COUNT, units, inputs));
        int at = 0;
        for (float[] values : gates) {
            for (int row = 0; row < units; row++) {
                for (int column = 0; column < inputs; column++) {
                    blocks[at++] = values[column * units + row];
                }
            }
        }
        return Matrix.of(Gate.COUNT * units, inputs, KERAS_1_GATES.canonical(blocks, 0, units * inputs));
    }

    private float[] biasOfTwelve() {
        float[] blocks = new float[Gate.COUNT * units];
        for (int gate = 0; gate < Gate.COUNT; gate++) {
            System.arraycopy(finite(arrays.get(ARRAYS * gate + 2)), 0, blocks, gate * units, units);
        }
        return KERAS_1_GATES.canonical(blocks, 0, units);
    }

    private static float[] finite(Hdf5Dataset array) {
        return FiniteValues.require(array.path(), array.shape(), array.read());
    }

    private void requireShape(Hdf5Dataset array, String symbols, long... dimensions) {
        Shape expected = Shape.of(dimensions);
        if (!array.shape().equals(expected)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s of %s has shape %s, expected %s = %s with H = %d",
                    array.describe(),
                    layer.describe(),
                    array.shape(),
                    symbols,
                    expected,
                    units));
        }
    }

    /** Checks that arrays with known names are in the expected order. */
    private void requireNames(List<String> names, List<String> olderNames) {
        for (int at = 0; at < arrays.size(); at++) {
            String path = arrays.get(at).path();
            String found = path.substring(path.lastIndexOf('/') + 1).replaceFirst(":\\d+$", "");
            boolean other = isNamedForOther(found, names, at) || isNamedForOther(found, olderNames, at);
            if (other) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s lists '%s' as number %d of its weights, expected '%s': the file is damaged",
                        layer.describe(),
                        NameList.shortened(path),
                        at + 1,
                        names.get(at)));
            }
        }
    }

    /** Whether the name is one of these, but not the one at this position. */
    private static boolean isNamedForOther(String found, List<String> names, int position) {
        for (int at = 0; at < names.size(); at++) {
            boolean is = found.equals(names.get(at)) || found.endsWith("_" + names.get(at));
            boolean longer = names.get(at).equals("kernel") && found.endsWith("recurrent_kernel");
            if (is && !longer && at != position) {
                return true;
            }
        }
        return false;
    }
}
