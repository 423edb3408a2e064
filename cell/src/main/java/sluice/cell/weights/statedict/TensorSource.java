package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.Set;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;

/** The named tensors of a file. Shapes are known on opening; values are read on demand. */
public interface TensorSource {
    Set<String> names();

    /** Names of further tensors that can't be read; {@code model.ignore} names them. */
    default Set<String> unreadable() {
        return Set.of();
    }

    /** The shape of a tensor that {@link #names} lists. */
    Shape shape(String name);

    /** The element type of a tensor that {@link #names} lists. */
    ElementType type(String name);

    /**
     * Reads the values of a tensor as float32, row-major, into a new array. They may include NaN or infinities.
     *
     * @throws sluice.cell.model.ModelException if its type is not allowed for weights, or it is too large for an array
     * @throws IOException if the file cannot be read
     */
    float[] read(String name) throws IOException;
}
