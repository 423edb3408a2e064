package sluice.cell.weights.statedict;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.StrictJson;

/**
 * The properties of a model that PyTorch's tensor names cannot express: the reading direction of a layer, the merging
 * of two directions, cell variants, several inputs, the padding token of the embedding, the mask of features, and the states that the output layer reads. A
 * saved model that needs it carries it as JSON in its metadata, under {@link #KEY}:
 *
 * <pre>
 *   {"version": 1, "layers": [
 *     {"forward": {}, "backward": {"gate": "hard_sigmoid", "gate-alpha": 0.2, "gate-beta": 0.5}, "merge": "sum"},
 *     {"backward": {"clip": 3.0, "coupled": true}}],
 *    "padding": 0, "readout": "final_states"}
 *
 *   {"version": 1, "layers": [{"forward": {}}], "inputs": [{"name": "item", "padding": 0}, {"name": "amount", "numbers": 2}]}
 * </pre>
 *
 * <p>An absent field means the plain cell's value. Weights are never part of it: peepholes and initial states are
 * tensors.
 *
 * @param layers from the input upwards, at least one
 * @param inputs several inputs side by side; empty for one
 * @param padding padding token of the embedding
 * @param mask value of the features of a step that is skipped
 */
record ModelDescription(
        List<Layer> layers, List<Part> inputs, OptionalInt padding, Optional<Float> mask, Readout readout) {
    static final String KEY = "sluice.model";

    private static final long VERSION = 1;
    private static final int MAX_INPUTS = 10_000;
    private static final int MAX_LAYERS = 10_000; // layer numbers in tensor names have at most 4 digits

    /**
     * One layer.
     *
     * @param forward variant of the forward cell, without peepholes; null if there is no forward direction
     * @param backward the same for the backward direction
     */
    record Layer(CellVariant forward, CellVariant backward, LstmLayer.Merge merge) {}

    /**
     * One of several inputs.
     *
     * @param numbers how many numbers a step has; empty for an embedding, whose table is a tensor
     * @param padding padding token of the embedding
     */
    record Part(String name, OptionalInt numbers, OptionalInt padding) {}

    private static final JsonFactory JSON = new JsonFactory();

    // Writing

    /** Returns the description of a model, or empty if PyTorch's tensor names express all of it. */
    static Optional<String> of(LstmModel model) {
        return isPlainTorch(model) ? Optional.empty() : Optional.of(text(model));
    }

    private static boolean isPlainTorch(LstmModel model) {
        int directions = model.layers().get(0).directions().size();
        return model.readout() == Readout.LAST_STEP
                && padding(model).isEmpty()
                && model.mask().isEmpty()
                && model.parts().isEmpty()
                && model.layers().stream()
                        .allMatch(layer -> layer.directions().size() == directions
                                && layer.merge() == LstmLayer.Merge.CONCAT
                                && !layer.directions().get(0).reversed())
                && model.directions().stream().allMatch(ModelDescription::isPlainTorch);
    }

    private static OptionalInt padding(LstmModel model) {
        return model.embedding().map(Embedding::padding).orElse(OptionalInt.empty());
    }

    private static boolean isPlainTorch(LstmDirection direction) {
        boolean expressible = direction.projection().isEmpty()
                || direction.outputWidth() < direction.hiddenWidth(); // PyTorch requires proj_size < hidden_size
        return expressible && direction.variant().isPlain() && !StateDictWriter.hasInitialState(direction);
    }

    private static String text(LstmModel model) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeArrayFieldStart("layers");
            for (LstmLayer layer : model.layers()) {
                json.writeStartObject();
                for (LstmDirection direction : layer.directions()) {
                    json.writeObjectFieldStart(direction.reversed() ? "backward" : "forward");
                    write(json, direction.variant());
                    json.writeEndObject();
                }
                if (layer.merge() != LstmLayer.Merge.CONCAT) {
                    json.writeStringField("merge", name(layer.merge()));
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            if (!model.parts().isEmpty()) {
                writeInputs(json, model.parts());
            }
            if (padding(model).isPresent()) {
                json.writeNumberField("padding", padding(model).getAsInt());
            }
            if (model.mask().isPresent()) {
                json.writeNumberField("mask", model.mask().get());
            }
            if (model.readout() != Readout.LAST_STEP) {
                json.writeStringField("readout", name(model.readout()));
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("JSON could not be written to memory", e);
        }
        return text.toString();
    }

    private static void writeInputs(JsonGenerator json, List<InputPart> parts) throws IOException {
        json.writeArrayFieldStart("inputs");
        for (InputPart part : parts) {
            json.writeStartObject();
            json.writeStringField("name", part.name());
            if (part.embedding().isEmpty()) {
                json.writeNumberField("numbers", part.width());
            } else if (part.embedding().get().padding().isPresent()) {
                json.writeNumberField(
                        "padding", part.embedding().get().padding().getAsInt());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, CellVariant variant) throws IOException {
        write(json, "gate", variant.gate(), CellVariant.PLAIN.gate());
        write(json, "candidate", variant.candidate(), CellVariant.PLAIN.candidate());
        write(json, "output", variant.output(), CellVariant.PLAIN.output());
        if (variant.clip() != Float.POSITIVE_INFINITY) {
            json.writeNumberField("clip", variant.clip());
        }
        if (variant.coupled()) {
            json.writeBooleanField("coupled", true);
        }
    }

    private static void write(JsonGenerator json, String what, Activation activation, Activation plain)
            throws IOException {
        if (!activation.equals(plain)) {
            json.writeStringField(what, name(activation.kind()));
            if (activation.kind().parameters() > 0) {
                json.writeNumberField(what + "-alpha", activation.alpha());
            }
            if (activation.kind().parameters() > 1) {
                json.writeNumberField(what + "-beta", activation.beta());
            }
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    // Reading: the text is untrusted

    /** @throws ModelException if the text is not a description of this version */
    static ModelDescription parse(String text) {
        Parser parser = new Parser();
        StrictJson.read(
                text.getBytes(StandardCharsets.UTF_8),
                "the description '%s' in the metadata".formatted(KEY),
                "a saved model",
                parser::readAll);
        return new ModelDescription(parser.layers, parser.inputs, parser.padding, parser.mask, parser.readout);
    }

    private static final class Parser {
        private final List<Layer> layers = new ArrayList<>();
        private final List<Part> inputs = new ArrayList<>();
        private OptionalInt padding = OptionalInt.empty();
        private Optional<Float> mask = Optional.empty();
        private Readout readout = Readout.LAST_STEP;
        private long version = -1;

        void readAll(JsonParser json) throws IOException {
            require(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object");
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                switch (field) {
                    case "version" -> {
                        require(value == JsonToken.VALUE_NUMBER_INT, "has a version that is not an integer");
                        version = json.getLongValue();
                    }
                    case "layers" -> readLayers(json);
                    case "inputs" -> readInputs(json);
                    case "padding" -> padding = integer(json, field);
                    case "mask" -> mask = Optional.of(number(json, field));
                    case "readout" -> readout = constant(json, field, Readout.class);
                    default -> throw unknown("the top level", field);
                }
            }
            require(json.nextToken() == null, "has text after its JSON object");
            require(version == VERSION, "has version %d, expected %d; save the model again", version, VERSION);
            require(!layers.isEmpty(), "has no layers, expected at least one");
        }

        private static OptionalInt integer(JsonParser json, String field) throws IOException {
            require(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "has a %s that is not an integer", field);
            return OptionalInt.of(json.getIntValue());
        }

        private void readInputs(JsonParser json) throws IOException {
            require(json.currentToken() == JsonToken.START_ARRAY, "has 'inputs' that are not an array");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.START_OBJECT, "has an input that is not a JSON object");
                require(inputs.size() < MAX_INPUTS, "has more than %d inputs", MAX_INPUTS);
                inputs.add(readInput(json));
            }
        }

        private Part readInput(JsonParser json) throws IOException {
            String where = "input " + inputs.size();
            String name = null;
            OptionalInt numbers = OptionalInt.empty();
            OptionalInt ofPadding = OptionalInt.empty();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "name" -> name = json.getText();
                    case "numbers" -> numbers = integer(json, where + " " + field);
                    case "padding" -> ofPadding = integer(json, where + " " + field);
                    default -> throw unknown(where, field);
                }
            }
            require(name != null, "has %s without a name", where);
            require(numbers.isEmpty() || ofPadding.isEmpty(), "has %s with numbers and a padding token", where);
            return new Part(name, numbers, ofPadding);
        }

        private void readLayers(JsonParser json) throws IOException {
            require(json.currentToken() == JsonToken.START_ARRAY, "has a 'layers' that is not an array");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.START_OBJECT, "has a layer that is not a JSON object");
                require(layers.size() < MAX_LAYERS, "has more than %d layers", MAX_LAYERS);
                layers.add(readLayer(json));
            }
        }

        private Layer readLayer(JsonParser json) throws IOException {
            String where = "layer " + layers.size();
            Map<String, CellVariant> cells = new HashMap<>();
            LstmLayer.Merge merge = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "forward", "backward" -> cells.put(field, readCell(json, where + " " + field));
                    case "merge" -> merge = constant(json, where + " merge", LstmLayer.Merge.class);
                    default -> throw unknown(where, field);
                }
            }
            require(!cells.isEmpty(), "has a %s without a direction, expected forward, backward or both", where);
            require(merge == null || cells.size() == 2, "has a %s that merges one direction, expected two", where);
            return new Layer(
                    cells.get("forward"), cells.get("backward"), merge == null ? LstmLayer.Merge.CONCAT : merge);
        }

        private static CellVariant readCell(JsonParser json, String where) throws IOException {
            require(json.currentToken() == JsonToken.START_OBJECT, "has a %s that is not a JSON object", where);
            Map<String, Activation.Kind> kinds = new HashMap<>();
            Map<String, Float> numbers = new HashMap<>();
            boolean coupled = false;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                String place = where + " " + field;
                switch (field) {
                    case "gate", "candidate", "output" ->
                        kinds.put(field, constant(json, place, Activation.Kind.class));
                    case "gate-alpha",
                            "gate-beta",
                            "candidate-alpha",
                            "candidate-beta",
                            "output-alpha",
                            "output-beta",
                            "clip" -> numbers.put(field, number(json, place));
                    case "coupled" -> {
                        require(value.isBoolean(), "has '%s' %s, expected true or false", place, json.getText());
                        coupled = json.getBooleanValue();
                    }
                    default -> throw unknown(where, field);
                }
            }
            CellVariant variant = CellVariant.PLAIN.withActivations(
                    activation("gate", CellVariant.PLAIN.gate(), kinds, numbers, where),
                    activation("candidate", CellVariant.PLAIN.candidate(), kinds, numbers, where),
                    activation("output", CellVariant.PLAIN.output(), kinds, numbers, where));
            variant = coupled ? variant.withCoupledGates() : variant;
            return numbers.containsKey("clip") ? variant.withClip(numbers.get("clip")) : variant;
        }

        /** Reads an activation. Exactly the parameters that its function takes must be present. */
        private static Activation activation(
                String what,
                Activation plain,
                Map<String, Activation.Kind> kinds,
                Map<String, Float> numbers,
                String where) {
            Activation.Kind kind = kinds.getOrDefault(what, plain.kind());
            String[] names = {what + "-alpha", what + "-beta"};
            for (int at = 0; at < names.length; at++) {
                boolean expected = kind.parameters() > at;
                require(
                        numbers.containsKey(names[at]) == expected,
                        expected ? "has no '%s %s', which %s needs" : "has '%s %s', which %s does not take",
                        where,
                        names[at],
                        name(kind));
            }
            return new Activation(kind, numbers.getOrDefault(names[0], 0f), numbers.getOrDefault(names[1], 0f));
        }

        /** Parses the text directly as float32: going through float64 could round twice. */
        private static float number(JsonParser json, String place) throws IOException {
            require(json.currentToken().isNumeric(), "has '%s' %s, expected a number", place, json.getText());
            float number = Float.parseFloat(json.getText());
            require(Float.isFinite(number), "has '%s' %s, which float32 can't hold", place, json.getText());
            return number;
        }

        private static <E extends Enum<E>> E constant(JsonParser json, String place, Class<E> type) throws IOException {
            String text = json.getText();
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> name(constant).equals(text))
                    .findFirst()
                    .orElseThrow(() -> wrong("has '%s' %s, expected one of %s"
                            .formatted(
                                    place,
                                    text,
                                    Arrays.stream(type.getEnumConstants())
                                            .map(ModelDescription::name)
                                            .collect(Collectors.joining(", ")))));
        }

        private static ModelException unknown(String where, String field) {
            return wrong(
                    "has the unknown field '%s' in %s; update Sluice, or save the model again".formatted(field, where));
        }

        private static void require(boolean holds, String what, Object... values) {
            if (!holds) {
                throw wrong(String.format(Locale.ROOT, what, values));
            }
        }

        private static ModelException wrong(String what) {
            return new ModelException("the description '%s' in the metadata %s".formatted(KEY, what));
        }
    }
}
