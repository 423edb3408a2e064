package sluice.cell.weights.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.file.LocalFolder;
import sluice.cell.weights.onnx.ProtoReader.Span;

/**
 * One LSTM node with inputs and the outputs that other software computed. The ONNX file contains its weights.
 *
 * @param batchFirst whether the batch is the first axis of X, Y and the states (layout 1)
 * @param inputs of the node, by their ONNX names: X, sequence_lens, initial_h, ...
 * @param outputs expected outputs of the node: Y, Y_h, Y_c; some may be missing
 */
record OnnxNodeCase(
        String name, byte[] file, boolean batchFirst, Map<String, Array> inputs, Map<String, Array> outputs) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> INPUTS =
            List.of("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P");
    private static final List<String> OUTPUTS = List.of("Y", "Y_h", "Y_c");

    /** Inputs that vary with the batch, so they are not constants of the graph. */
    private static final List<String> BATCH_INPUTS = List.of("X", "sequence_lens", "initial_h", "initial_c");

    /** A dense tensor, row-major. */
    record Array(long[] dimensions, float[] values) {
        float at(long... index) {
            long place = 0;
            for (int axis = 0; axis < index.length; axis++) {
                place = place * dimensions[axis] + index[axis];
            }
            return values[(int) place];
        }

        int size(int axis) {
            return (int) dimensions[axis];
        }
    }

    @Override
    public String toString() {
        return name;
    }

    Optional<Array> input(String wanted) {
        return Optional.ofNullable(inputs.get(wanted));
    }

    /** A folder of the test resources, if it exists. */
    static Optional<Path> folder(String name) {
        URL resource = OnnxNodeCase.class.getResource("/" + name);
        try {
            return resource == null ? Optional.empty() : Optional.of(Path.of(resource.toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** The node tests of ONNX whose folder name contains lstm. */
    static List<OnnxNodeCase> nodeTests() {
        return folder("onnx-node").map(OnnxNodeCase::nodeTests).orElse(List.of());
    }

    private static List<OnnxNodeCase> nodeTests(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file ->
                            file.endsWith("model.onnx") && file.toString().contains("lstm"))
                    .sorted()
                    .map(OnnxNodeCase::nodeTest)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static OnnxNodeCase nodeTest(Path model) {
        try {
            byte[] file = Files.readAllBytes(model);
            OnnxGraph graph = OnnxParser.parse(new MemoryChannel(file));
            OnnxNode node = graph.nodes().get(0);
            Path data = model.resolveSibling("test_data_set_0");
            ProtoWriter more = new ProtoWriter();
            Map<String, Array> inputs = new LinkedHashMap<>();
            for (int at = 0; at < graph.inputs().size(); at++) {
                String port = graph.inputs().get(at).name();
                String role = INPUTS.get(node.inputs().indexOf(port));
                byte[] tensor = Files.readAllBytes(data.resolve(String.format(Locale.ROOT, "input_%d.pb", at)));
                inputs.put(role, array(tensor));
                if (!BATCH_INPUTS.contains(role)) {
                    more.message(5, new ProtoWriter().raw(tensor).text(8, port)); // the last name field wins
                }
            }
            Map<String, Array> outputs = new LinkedHashMap<>();
            for (int at = 0; at < graph.outputs().size(); at++) {
                String role = OUTPUTS.get(
                        node.outputs().indexOf(graph.outputs().get(at).name()));
                outputs.put(
                        role, array(Files.readAllBytes(data.resolve(String.format(Locale.ROOT, "output_%d.pb", at)))));
            }
            byte[] complete = new ProtoWriter()
                    .raw(withDynamicInputs(file, graph))
                    .raw(more.toByteArray())
                    .toByteArray();
            String name = model.getParent().getParent().getFileName() + "/"
                    + model.getParent().getFileName();
            return new OnnxNodeCase(
                    name,
                    OnnxWriter.model(complete, (int) graph.opset()).toByteArray(),
                    node.number("layout", 0) == 1,
                    inputs,
                    outputs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The graph with inputs of any size: the shapes in the file are those of its test data, a batch of sequences of one step. */
    private static byte[] withDynamicInputs(byte[] file, OnnxGraph graph) throws IOException {
        ProtoReader reader = new ProtoReader(new MemoryChannel(file));
        ProtoWriter changed = new ProtoWriter();
        while (reader.next()) {
            if (reader.field() == 7) {
                reader.open();
                while (reader.next()) {
                    int field = reader.field();
                    if (field != 11) {
                        Span span = reader.span();
                        changed.bytes(field, Arrays.copyOfRange(file, (int) span.begin(), (int) span.end()));
                    }
                }
                reader.close();
            }
        }
        for (OnnxPort input : graph.inputs()) {
            Object[] sizes = input.axes().stream().map(axis -> "").toArray();
            changed.message(11, OnnxWriter.port(input.name(), OnnxWriter.FLOAT, sizes));
        }
        return changed.toByteArray();
    }

    private static Array array(byte[] tensor) throws IOException {
        byte[] graph = new ProtoWriter()
                .message(5, new ProtoWriter().raw(tensor).text(8, "it"))
                .toByteArray();
        MemoryChannel channel = new MemoryChannel(OnnxWriter.model(graph, 14).toByteArray());
        OnnxTensor found = OnnxParser.parse(channel).initializers().get("it");
        OnnxWeights weights = new OnnxWeights(channel, LocalFolder.of(Path.of("unused")));
        OnnxArray array = OnnxArray.of(new OnnxArray.Source(weights, channel.size()), found);
        return new Array(array.dimensions(), array.floats());
    }

    /** The test vectors of ONNX Runtime that are expected to succeed. */
    static List<OnnxNodeCase> runtimeVectors() {
        return lines("lstm_cases.jsonl").stream()
                .filter(json -> json.path("expect").asText().equals("success"))
                .map(OnnxNodeCase::runtimeVector)
                .toList();
    }

    /** The test vectors of a file of ONNX Runtime, one per line. */
    static List<JsonNode> lines(String file) {
        Path path = folder("onnxruntime").map(folder -> folder.resolve(file)).orElse(null);
        if (path == null || !Files.exists(path)) {
            return List.of();
        }
        try {
            List<JsonNode> lines = new ArrayList<>();
            for (String line : Files.readAllLines(path)) {
                lines.add(JSON.readTree(line));
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static OnnxNodeCase runtimeVector(JsonNode json) {
        Map<String, Array> inputs = arrays(json.path("inputs"));
        String name =
                "%s %s".formatted(json.path("test").asText(), json.path("case").asText());
        boolean batchFirst = json.path("attributes").path("layout").asInt() == 1;
        return new OnnxNodeCase(name, file("LSTM", json, inputs), batchFirst, inputs, arrays(json.path("outputs")));
    }

    /** An ONNX file with one node. Its weights are tensors, the other inputs are graph inputs. */
    static byte[] file(String operator, JsonNode json, Map<String, Array> inputs) {
        OnnxWriter onnx = new OnnxWriter(14);
        inputs.forEach((name, array) -> {
            if (BATCH_INPUTS.contains(name)) {
                onnx.input(
                        name,
                        OnnxWriter.FLOAT,
                        Arrays.stream(array.dimensions()).boxed().toArray());
            } else {
                onnx.floats(name, array.values(), array.dimensions());
            }
        });
        StringBuilder names = new StringBuilder();
        INPUTS.forEach(
                name -> names.append(names.length() == 0 ? "" : ",").append(inputs.containsKey(name) ? name : ""));
        List<Consumer<ProtoWriter>> attributes = new ArrayList<>();
        json.path("attributes").properties().forEach(field -> attributes.add(attribute(field)));
        @SuppressWarnings({"unchecked", "rawtypes"})
        Consumer<ProtoWriter>[] all = attributes.toArray(new Consumer[0]);
        return onnx.named("it", operator, names.toString(), "Y,Y_h,Y_c", all)
                .output("Y", "Y_h", "Y_c")
                .bytes();
    }

    private static Consumer<ProtoWriter> attribute(Map.Entry<String, JsonNode> field) {
        String name = field.getKey();
        JsonNode value = field.getValue();
        if (value.isTextual()) {
            return OnnxWriter.text(name, value.asText());
        }
        if (value.isArray() && name.equals("activations")) {
            return OnnxWriter.texts(name, stream(value).map(JsonNode::asText).toList());
        }
        if (value.isArray()) {
            return OnnxWriter.reals(name, floats(value));
        }
        return name.equals("clip")
                ? OnnxWriter.real(name, (float) value.asDouble())
                : OnnxWriter.number(name, value.asLong());
    }

    static Map<String, Array> arrays(JsonNode json) {
        Map<String, Array> arrays = new LinkedHashMap<>();
        json.properties().forEach(field -> {
            long[] dimensions = stream(field.getValue().path("dims"))
                    .mapToLong(JsonNode::asLong)
                    .toArray();
            arrays.put(
                    field.getKey(),
                    new Array(dimensions, floats(field.getValue().path("data"))));
        });
        return arrays;
    }

    private static float[] floats(JsonNode json) {
        float[] values = new float[json.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = (float) json.get(at).asDouble();
        }
        return values;
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
