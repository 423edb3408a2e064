package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.Set;
import sluice.cell.weights.file.Shape;

/** Named tensors of some file: shapes at once, values when asked for. */
interface TensorSource {
    Set<String> names();

    /** The shape of a tensor that {@link #names} lists. */
    Shape shape(String name);

    /**
     * The values of a tensor as float32, row-major: a new array, which may hold NaN or infinities.
     *
     * @throws sluice.cell.model.ModelException where its type is none for weights, or it is too large for an array
     * @throws IOException where the file can't be read
     */
    float[] read(String name) throws IOException;
}
