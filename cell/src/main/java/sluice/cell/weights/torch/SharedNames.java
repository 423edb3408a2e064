package sluice.cell.weights.torch;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.statedict.TensorSource;

/**
 * The names of shared tensors that a safetensors file leaves out. {@code safetensors.torch.save_model} puts them into the metadata, each
 * with the name of the stored tensor, beside anything that a user puts there.
 */
final class SharedNames {
    private SharedNames() {}

    /**
     * The metadata without entries of the user that name a tensor, such as {@code input: embedding.weight}: they have no dot, as only a
     * parameter of the outermost module has none. Such a parameter shares its values only if it is an embedding tied to an output layer,
     * which are both as wide as the input and as the state of the LSTM.
     */
    static Map<String, String> in(Map<String, String> metadata, TensorSource source) {
        Set<Long> inputWidths = new HashSet<>();
        Set<Long> outputWidths = new HashSet<>();
        for (String name : source.names()) {
            Shape shape = source.shape(name);
            if (shape.rank() == 2 && name.contains("weight_ih")) {
                inputWidths.add(shape.columns());
            } else if (shape.rank() == 2 && name.contains("weight_hh")) {
                outputWidths.add(shape.columns());
                outputWidths.add(2 * shape.columns()); // of two directions
            }
        }
        inputWidths.retainAll(outputWidths);
        Map<String, String> shared = new HashMap<>(metadata);
        shared.entrySet()
                .removeIf(entry -> entry.getKey().indexOf('.') < 0
                        && source.names().contains(entry.getValue())
                        && !inputWidths.contains(lastDimension(source.shape(entry.getValue()))));
        return shared;
    }

    private static long lastDimension(Shape shape) {
        return shape.rank() == 0 ? 1 : shape.dimension(shape.rank() - 1);
    }
}
