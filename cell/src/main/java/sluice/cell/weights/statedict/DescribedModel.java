package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.NamedInput;
import sluice.cell.weights.file.TensorNames;

/**
 * Reads a model that was saved with a {@link ModelDescription}. Every tensor has a fixed name, so nothing is searched.
 */
final class DescribedModel {
    private final NamedTensors tensors;
    private final ModelDescription description;

    DescribedModel(NamedTensors tensors, ModelDescription description) {
        this.tensors = tensors;
        this.description = description;
    }

    /** @throws ModelException if description and tensors contradict each other, or the user names tensors */
    LstmModel read(TensorNames names) throws IOException {
        if (names.embedding().isPresent()
                || names.output().isPresent()
                || !names.lstms().isEmpty()
                || !names.ignored().isEmpty()) {
            throw new ModelException(
                    "the file describes its tensors itself ('%s' in its metadata): leave model.embedding, model.output, model.lstm and model.ignore empty"
                            .formatted(ModelDescription.KEY));
        }
        Optional<Embedding> embedding = embedding();
        List<InputPart> parts = parts();
        List<LstmLayer> layers = new ArrayList<>();
        for (ModelDescription.Layer layer : description.layers()) {
            layers.add(layer("_l" + layers.size(), layer));
        }
        Optional<Matrix> weights = optional(StateDictWriter.OUTPUT_WEIGHTS);
        Optional<OutputLayer> output = weights.isEmpty()
                ? Optional.empty()
                : Optional.of(new OutputLayer(weights.get(), vector(StateDictWriter.OUTPUT_BIAS)));
        if (!tensors.unread().isEmpty()) {
            throw new ModelException(
                    "the description '%s' in the metadata does not include tensor %s; save the model again"
                            .formatted(ModelDescription.KEY, NameList.of(tensors.unread(), tensors::describe)));
        }
        if (!parts.isEmpty()) {
            return NamedInput.rename(LstmModel.ofParts(parts, layers, output, description.readout()), names.inputs());
        }
        LstmModel model =
                NamedInput.rename(new LstmModel(embedding, layers, output, description.readout()), names.inputs());
        return description.mask().map(model::withMask).orElse(model);
    }

    private List<InputPart> parts() throws IOException {
        List<InputPart> parts = new ArrayList<>();
        for (ModelDescription.Part part : description.inputs()) {
            if (part.numbers().isPresent()) {
                parts.add(InputPart.numbers(part.name(), part.numbers().getAsInt()));
                continue;
            }
            Embedding embedding = new Embedding(matrix(StateDictWriter.embedding(parts.size())));
            parts.add(InputPart.tokens(
                    part.name(),
                    part.padding().isPresent()
                            ? embedding.withPadding(part.padding().getAsInt())
                            : embedding));
        }
        return parts;
    }

    private Optional<Embedding> embedding() throws IOException {
        Optional<Embedding> embedding = optional(StateDictWriter.EMBEDDING).map(Embedding::new);
        if (description.padding().isEmpty()) {
            return embedding;
        }
        if (embedding.isEmpty()) {
            throw new ModelException("the description '%s' in the metadata has a padding, but there is no tensor '%s'"
                    .formatted(ModelDescription.KEY, StateDictWriter.EMBEDDING));
        }
        return Optional.of(embedding.get().withPadding(description.padding().getAsInt()));
    }

    private LstmLayer layer(String suffix, ModelDescription.Layer layer) throws IOException {
        if (layer.backward() == null) {
            return LstmLayer.of(direction(suffix, layer.forward()));
        }
        LstmDirection backward =
                direction(suffix + StateDictWriter.REVERSE, layer.backward()).backward();
        return layer.forward() == null
                ? LstmLayer.of(backward)
                : LstmLayer.bidirectional(direction(suffix, layer.forward()), backward, layer.merge());
    }

    private LstmDirection direction(String suffix, CellVariant variant) throws IOException {
        try {
            return read(suffix, variant);
        } catch (ModelException e) {
            throw new ModelException("tensors '%s*%s': %s".formatted(StateDictWriter.LSTM, suffix, e.getMessage()), e);
        }
    }

    private LstmDirection read(String suffix, CellVariant variant) throws IOException {
        Matrix input = matrix(StateDictWriter.name("weight_ih", suffix));
        Matrix hidden = matrix(StateDictWriter.name("weight_hh", suffix));
        Optional<Matrix> projection = optional(StateDictWriter.name("weight_hr", suffix));
        float[] bias = LstmModule.sum(
                StateDictWriter.name("bias_ih", suffix),
                vector(StateDictWriter.name("bias_ih", suffix)),
                StateDictWriter.name("bias_hh", suffix),
                vector(StateDictWriter.name("bias_hh", suffix)));
        LstmDirection direction = projection.isPresent()
                ? LstmDirection.projected(input, hidden, bias, projection.get())
                : LstmDirection.plain(input, hidden, bias);
        if (tensors.has(StateDictWriter.name("initial_h", suffix))) {
            direction = direction.startingFrom(
                    vector(StateDictWriter.name("initial_h", suffix)),
                    vector(StateDictWriter.name("initial_c", suffix)));
        }
        return direction.with(
                tensors.has(StateDictWriter.name("peephole_i", suffix))
                        ? variant.withPeepholes(new CellVariant.Peepholes(
                                vector(StateDictWriter.name("peephole_i", suffix)),
                                vector(StateDictWriter.name("peephole_f", suffix)),
                                vector(StateDictWriter.name("peephole_o", suffix))))
                        : variant);
    }

    private Optional<Matrix> optional(String name) throws IOException {
        return tensors.has(name) ? Optional.of(matrix(name)) : Optional.empty();
    }

    private Matrix matrix(String name) throws IOException {
        require(name);
        if (!tensors.shape(name).isMatrix()) {
            throw new ModelException(
                    "tensor '%s' has shape %s, expected a matrix".formatted(name, tensors.shape(name)));
        }
        return tensors.matrix(name);
    }

    private float[] vector(String name) throws IOException {
        require(name);
        if (tensors.shape(name).rank() != 1) {
            throw new ModelException("tensor '%s' has shape %s, expected one row".formatted(name, tensors.shape(name)));
        }
        return tensors.values(name);
    }

    private void require(String name) {
        if (!tensors.has(name)) {
            throw new ModelException("tensor '%s' is missing, which the description '%s' in the metadata requires"
                    .formatted(name, ModelDescription.KEY));
        }
    }
}
