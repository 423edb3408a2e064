package sluice.cell.weights.keras;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FiniteValues;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.keras.KerasWeights.Part;

/** Reads the arrays of layers, and knows which have been read: an array that no layer needs is never left out. */
final class KerasArrays {
    private final KerasWeights weights;
    private final Set<String> read = new HashSet<>(); // paths

    KerasArrays(KerasWeights weights) {
        this.weights = weights;
    }

    List<Hdf5Dataset> of(KerasLayer layer, Part part) {
        List<Hdf5Dataset> arrays = weights.of(layer, part);
        arrays.forEach(array -> read.add(array.path()));
        return arrays;
    }

    /** @throws ModelException if the layer has another number of arrays */
    List<Hdf5Dataset> only(KerasLayer layer, Part part, int count) {
        List<Hdf5Dataset> arrays = of(layer, part);
        if (arrays.stream().anyMatch(array -> array.path().contains("/lora_"))) {
            throw new ModelException(
                    "%s has arrays of LoRA beside its own, expected its weights alone; save the model with model.save(\"model.keras\"), which adds them up"
                            .formatted(layer.describe()));
        }
        if (arrays.size() != count) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d arrays (%s), expected %d",
                    layer.describe(),
                    arrays.size(),
                    NameList.of(arrays, Hdf5Dataset::path),
                    count));
        }
        return arrays;
    }

    static Matrix matrix(Hdf5Dataset array, KerasLayer layer, String expected) {
        Shape shape = array.shape();
        if (!shape.isMatrix()) {
            throw new ModelException("%s of %s has shape %s, expected %s"
                    .formatted(array.describe(), layer.describe(), shape, expected));
        }
        float[] values = FiniteValues.require(array.path(), shape, array.read());
        return Matrix.of((int) shape.rows(), (int) shape.columns(), values);
    }

    /** Requires that every array of a layer is part of the model. Layers with dropout have seeds of random numbers. */
    void requireAllRead(KerasLayer layer) {
        List<Hdf5Dataset> more = weights.all(layer).stream()
                .filter(array -> !read.contains(array.path()) && !array.path().contains("seed_generator"))
                .toList();
        if (!more.isEmpty()) {
            throw new ModelException(
                    "%s has arrays that a layer of this class doesn't have: %s; the file is of another version or class of the layer, save it again with Keras 3"
                            .formatted(layer.describe(), NameList.of(more, Hdf5Dataset::path)));
        }
    }
}
