package sluice.cell.weights.torch;

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
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.StrictJson;

/**
 * What PyTorch's names of tensors can't say of a model: which way a layer reads, how two directions are merged, how its cells differ
 * from the plain one, which token of its embedding stands for nothing, and which states its output layer reads. A saved model that needs it carries it as JSON in its metadata, under {@link #KEY}:
 *
 * <pre>
 *   {"version": 1, "layers": [
 *     {"forward": {}, "backward": {"gate": "hard_sigmoid", "gate-alpha": 0.2, "gate-beta": 0.5}, "merge": "sum"},
 *     {"backward": {"clip": 3.0, "coupled": true}}],
 *    "padding": 0, "readout": "final_states"}
 * </pre>
 *
 * <p>What isn't said is as in the plain cell. Weights are never here: peepholes and initial states are tensors.
 *
 * @param layers from the input upwards, at least one
 * @param padding of the embedding
 */
record ModelDescription(List<Layer> layers, OptionalInt padding, Readout readout) {
    static final String KEY = "sluice.model";

    private static final long VERSION = 1;
    private static final int MAX_LAYERS = 10_000; // as many as names can count

    /**
     * One layer.
     *
     * @param forward what its forward cell is, peepholes aside; or null where it has none
     * @param backward the same, backward
     */
    record Layer(CellVariant forward, CellVariant backward, LstmLayer.Merge merge) {}

    private static final JsonFactory JSON = new JsonFactory();

    // Writing

    /** The description that a model needs, if it needs one to be read as what it is. */
    static Optional<String> of(LstmModel model) {
        return isTorch(model) ? Optional.empty() : Optional.of(text(model));
    }

    private static boolean isTorch(LstmModel model) {
        int directions = model.layers().get(0).directions().size();
        return model.readout() == Readout.LAST_STEP
                && padding(model).isEmpty()
                && model.layers().stream()
                        .allMatch(layer -> layer.directions().size() == directions
                                && layer.merge() == LstmLayer.Merge.CONCAT
                                && !layer.directions().get(0).reversed())
                && model.directions().stream().allMatch(ModelDescription::isTorch);
    }

    private static OptionalInt padding(LstmModel model) {
        return model.embedding().map(Embedding::padding).orElse(OptionalInt.empty());
    }

    private static boolean isTorch(LstmDirection direction) {
        boolean named = direction.projection().isEmpty()
                || direction.outputWidth() < direction.hiddenWidth(); // a wider one is no proj_size
        return named && direction.variant().isPlain() && !StateDictWriter.hasInitialState(direction);
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
            if (padding(model).isPresent()) {
                json.writeNumberField("padding", padding(model).getAsInt());
            }
            if (model.readout() != Readout.LAST_STEP) {
                json.writeStringField("readout", name(model.readout()));
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written to but memory", e);
        }
        return text.toString();
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

    // Reading: it may come from anybody

    /** @throws ModelException where it is no description, or of another version */
    static ModelDescription parse(String text) {
        Parser parser = new Parser();
        StrictJson.read(
                text.getBytes(StandardCharsets.UTF_8),
                "the description '%s' in the metadata".formatted(KEY),
                "a saved model",
                parser::readAll);
        return new ModelDescription(parser.layers, parser.padding, parser.readout);
    }

    private static final class Parser {
        private final List<Layer> layers = new ArrayList<>();
        private OptionalInt padding = OptionalInt.empty();
        private Readout readout = Readout.LAST_STEP;
        private long version = -1;

        void readAll(JsonParser json) throws IOException {
            require(json.nextToken() == JsonToken.START_OBJECT, "is no JSON object");
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                switch (field) {
                    case "version" -> {
                        require(value == JsonToken.VALUE_NUMBER_INT, "has a version that is no whole number");
                        version = json.getLongValue();
                    }
                    case "layers" -> readLayers(json);
                    case "padding" -> {
                        require(value == JsonToken.VALUE_NUMBER_INT, "has a padding that is no whole number");
                        padding = OptionalInt.of(json.getIntValue());
                    }
                    case "readout" -> readout = constant(json, field, Readout.class);
                    default -> throw unknown("the whole", field);
                }
            }
            require(json.nextToken() == null, "goes on after its JSON object ends");
            require(version == VERSION, "has version %d, expected %d; save the model again", version, VERSION);
            require(!layers.isEmpty(), "has no layers, expected at least one");
        }

        private void readLayers(JsonParser json) throws IOException {
            require(json.currentToken() == JsonToken.START_ARRAY, "has 'layers' that are no array");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.START_OBJECT, "has a layer that is no JSON object");
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
            require(json.currentToken() == JsonToken.START_OBJECT, "has a %s that is no JSON object", where);
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

        /** A parameter that its function has must be said, one that it hasn't must not. */
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
                        expected ? "has no '%s %s', which %s needs" : "has '%s %s', which %s has not",
                        where,
                        names[at],
                        name(kind));
            }
            return new Activation(kind, numbers.getOrDefault(names[0], 0f), numbers.getOrDefault(names[1], 0f));
        }

        /** Parsed as float32 at once: by way of float64 it could be rounded twice. */
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
            return wrong("says '%s' of %s, which is not known here; update Sluice, or save the model again"
                    .formatted(field, where));
        }

        private static void require(boolean holds, String what, Object... values) {
            if (!holds) {
                throw wrong(what.formatted(values));
            }
        }

        private static ModelException wrong(String what) {
            return new ModelException("the description '%s' in the metadata %s".formatted(KEY, what));
        }
    }
}
