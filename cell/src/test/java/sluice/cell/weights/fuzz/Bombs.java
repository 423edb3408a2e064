package sluice.cell.weights.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.razorvine.pickle.Opcodes;
import sluice.cell.model.LstmLayer;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.ZipWriter;
import sluice.cell.weights.keras.Hdf5Writer;
import sluice.cell.weights.keras.Hdf5Writer.Chunk;
import sluice.cell.weights.keras.Hdf5Writer.Message;
import sluice.cell.weights.keras.KerasWriter;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;
import sluice.cell.weights.keras.KerasWriter.Weight;
import sluice.cell.weights.onnx.OnnxWriter;
import sluice.cell.weights.onnx.ProtoWriter;
import sluice.cell.weights.torch.CheckpointWriter;
import sluice.cell.weights.torch.PickleWriter;

/** Files designed to exhaust memory or time: small files that expand, or files of many small parts. */
final class Bombs {
    /** Prefix of files that are only read through another file. */
    static final String PART = "part-";

    private static final int MILLION = 1_000_000;
    private static final int MANY = 20_000;
    private static final int LARGEST = 16_000_000; // bytes of a pickle
    private static final byte[] EMPTY = new byte[0];
    private static final float[] ONE = {1};

    /** An nn.LSTM with I = H = 1. */
    private static final List<RawTensor> LSTM =
            SafetensorsWriter.tensors(Models.random(new Random(1), 2, 1, 1, 2)).stream()
                    .filter(tensor -> tensor.name().startsWith("lstm."))
                    .collect(Collectors.toList());

    private final Map<String, Supplier<byte[]>> files = new LinkedHashMap<>();

    private Bombs() {
        safetensors();
        severalFiles();
        pickles();
        archives();
        collisions();
        graphs();
        graphsOfManyNodes();
        kerasArchives();
        kerasConfigs();
        hdf5();
        hdf5OfManyParts();
    }

    /** Suppliers of the files, by name. Together the files are large, so each is created on demand. */
    static Map<String, Supplier<byte[]>> all() {
        return new Bombs().files;
    }

    // ---- safetensors

    private void safetensors() {
        for (long length : new long[] {1_000, 100_000_000, 1_000_000_000, 1L << 40, Long.MAX_VALUE, -1}) {
            files.put(String.format(Locale.ROOT, "header-of-%d-bytes", length), () -> withLength(length));
        }
        String entry = "{\"lstm.weight_ih_l0\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%d]}}";
        for (String shape : List.of("[1099511627776]", "[1048576,1048576]", "[0,1099511627776]")) {
            files.put("trillion-of-values" + shape, () -> header(entry.formatted(shape, 4L << 40)));
            files.put("trillion-of-values-in-none" + shape, () -> header(entry.formatted(shape, 0)));
        }
        files.put("nested-arrays-in-a-header", () -> header("{\"a\":" + "[".repeat(MILLION)));
        files.put("nested-objects-in-a-header", () -> header("{\"a\":".repeat(MILLION)));
        // Each of these could be an embedding, an output layer, or another layer.
        for (String name : List.of("%d.weight", "embedding%d.weight", "out%d.weight", "x%d")) {
            files.put("many-tensors-" + name, () -> withMany(MANY, at -> RawTensor.f32(name.formatted(at), ONE, 1, 1)));
        }
        files.put(
                "many-biases",
                () -> withMany(MANY, at -> RawTensor.f32(String.format(Locale.ROOT, "b%d.bias", at), ONE, 1)));
        files.put(
                "many-layers",
                () -> SafetensorsWriter.bytes(
                        IntStream.range(0, 10_000)
                                .mapToObj(at -> RawTensor.f32(
                                        String.format(
                                                Locale.ROOT, "lstm.weight_%s_l%d", at % 2 == 0 ? "ih" : "hh", at / 2),
                                        new float[4],
                                        4,
                                        1))
                                .collect(Collectors.toList()),
                        Map.of()));
        files.put("many-lstms", () -> withMany(MANY, at -> RawTensor.f32(at + ".weight_ih_l0", new float[4], 4, 1)));
        files.put(
                "many-names-of-one-tensor",
                () -> SafetensorsWriter.bytes(
                        LSTM,
                        IntStream.range(0, MANY)
                                .boxed()
                                .collect(Collectors.toMap("%d.weight"::formatted, at -> "lstm.weight_ih_l0"))));
    }

    private static byte[] withLength(long length) {
        byte[] file = SafetensorsWriter.bytes(LSTM, Map.of());
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return file;
    }

    private static byte[] header(String json) {
        return SafetensorsWriter.bytes(json, EMPTY);
    }

    private static byte[] withMany(int count, IntFunction<RawTensor> tensor) {
        List<RawTensor> tensors = new ArrayList<>(LSTM);
        IntStream.range(0, count).mapToObj(tensor).forEach(tensors::add);
        return SafetensorsWriter.bytes(tensors, Map.of());
    }

    // ---- several files

    private void severalFiles() {
        files.put("nested-arrays-in-an-index", () -> utf8("{\"a\":" + "[".repeat(MILLION)));
        files.put("nested-objects-in-an-index", () -> utf8("{\"weight_map\":".repeat(MILLION)));
        files.put("index-that-names-itself", () -> utf8("{\"weight_map\":{\"a\":\"index-that-names-itself\"}}"));
        files.put(PART + "of-many-tensors", () -> withMany(MANY, at -> RawTensor.f32(at + ".weight", ONE, 1, 1)));
        files.put(
                "index-of-many-tensors",
                () -> utf8(IntStream.range(0, MANY)
                        .mapToObj(at -> String.format(Locale.ROOT, "\"%d.weight\":\"%sof-many-tensors\"", at, PART))
                        .collect(Collectors.joining(",", "{\"weight_map\":{", "}}"))));
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // ---- checkpoints

    private void pickles() {
        files.put("nested-lists", () -> pickled(repeated(Opcodes.EMPTY_LIST, MILLION)));
        files.put("nested-tuples", () -> pickled(concat(new byte[] {'N'}, repeated(Opcodes.TUPLE1, MILLION))));
        files.put("nested-marks", () -> pickled(repeated(Opcodes.MARK, MILLION)));
        for (short opcode : new short[] {Opcodes.EMPTY_LIST, Opcodes.EMPTY_DICT, Opcodes.EMPTY_TUPLE, Opcodes.MARK}) {
            files.put(
                    String.format(Locale.ROOT, "inflated-instructions-0x%02x", opcode),
                    () -> inflating(start(), repeated(opcode, 3_900_000)));
        }
        files.put("million-memos", () -> pickled(memo()));
        files.put(
                "texts-to-refer-to", () -> pickled(largest(Opcodes.SHORT_BINUNICODE, 0, Opcodes.MEMOIZE, Opcodes.POP)));
        files.put("values-and-pops", () -> pickled(largest(Opcodes.NONE, Opcodes.POP)));
        files.put(
                "references",
                () -> pickled(concat(
                        new byte[] {(byte) Opcodes.SHORT_BINUNICODE, 0, (byte) Opcodes.BINPUT, 0},
                        largest(Opcodes.BINGET, 0, Opcodes.POP))));
        files.put(
                "numbers-in-a-list",
                () -> pickled(concat(new byte[] {(byte) Opcodes.EMPTY_LIST}, largest(Opcodes.NONE, Opcodes.APPEND))));
        files.put("numbers-in-a-dict", () -> pickled(concat(new byte[] {(byte) Opcodes.EMPTY_DICT}, numbered())));
        files.put("many-objects", () -> objects(writer -> writer.op(Opcodes.EMPTY_TUPLE, Opcodes.NEWOBJ)));
        files.put(
                "nested-objects",
                () -> objects(
                        writer -> writer.op(Opcodes.TUPLE1).put(1).get(0).get(1).op(Opcodes.REDUCE)));
        files.put("many-dicts-of-tensors", () -> dicts(8));
        files.put("many-dicts-of-tensors-with-long-names", () -> dicts(900));
        files.put("inflated-zeros", () -> inflating(EMPTY, new byte[30 << 20]));
    }

    /** Calls that each leave an object on the stack. */
    private static byte[] objects(Consumer<PickleWriter> call) {
        PickleWriter pickle = PickleWriter.protocol2().global("my.code", "Box").put(0);
        for (int at = 0; at < 80_000; at++) {
            call.accept(pickle.get(0));
        }
        return new CheckpointWriter().zip(pickle.stop()).bytes();
    }

    /** Entries of an entry of the same tensor, in dicts that may all be models. */
    private static byte[] dicts(int nameLength) {
        CheckpointWriter checkpoint = CheckpointWriter.of(LSTM);
        return checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text("m".repeat(nameLength)).op(Opcodes.EMPTY_DICT);
            writer.tensor("FloatStorage", "0", 1, 0, new long[] {1}, new long[] {1})
                    .put(1);
            writer.op(Opcodes.POP)
                    .text("x".repeat(nameLength) + "weight_ih_l0")
                    .put(2)
                    .op(Opcodes.POP);
            for (int at = 0; at < 140_000; at++) {
                writer.text("n" + at).op(Opcodes.EMPTY_DICT).get(2).get(1).op(Opcodes.SETITEM, Opcodes.SETITEM);
            }
            writer.op(Opcodes.SETITEM);
        });
    }

    private static byte[] start() {
        return new byte[] {(byte) Opcodes.PROTO, 2, 'N'};
    }

    /** Stores one value in a million memo slots. */
    private static byte[] memo() {
        ByteBuffer memo = ByteBuffer.allocate(MILLION * 5).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; memo.hasRemaining(); at++) {
            memo.put((byte) Opcodes.LONG_BINPUT).putInt(at);
        }
        return memo.array();
    }

    private static byte[] pickled(byte[] instructions) {
        return new CheckpointWriter()
                .zip(concat(start(), instructions, new byte[] {Opcodes.STOP}))
                .bytes();
    }

    /** A pickle with nearly the maximum compression ratio: a text of random bytes limits the ratio. */
    private static byte[] inflating(byte[] head, byte[] instructions) {
        byte[] noise = new byte[(head.length + instructions.length) / 60];
        new Random(1).nextBytes(noise);
        for (int at = 0; at < noise.length; at++) {
            noise[at] &= 0x7F;
        }
        byte[] text = ByteBuffer.allocate(5 + noise.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) Opcodes.BINUNICODE)
                .putInt(noise.length)
                .put(noise)
                .array();
        return new ZipWriter()
                .withDeflated("archive/data.pkl", concat(head, text, instructions, new byte[] {Opcodes.STOP}))
                .bytes();
    }

    /** As many of these instructions as a pickle may have. */
    private static byte[] largest(int... instructions) {
        byte[] all = new byte[LARGEST];
        for (int at = 0; at < all.length; at++) {
            all[at] = (byte) instructions[at % instructions.length];
        }
        return Arrays.copyOf(all, all.length - all.length % instructions.length);
    }

    /** Entries of a dict with numbers as keys. */
    private static byte[] numbered() {
        ByteBuffer items = ByteBuffer.allocate(LARGEST - LARGEST % 7).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; items.hasRemaining(); at++) {
            items.put((byte) Opcodes.BININT).putInt(at).put((byte) Opcodes.NONE).put((byte) Opcodes.SETITEM);
        }
        return items.array();
    }

    private static byte[] repeated(int value, int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    private void archives() {
        files.put(
                "entry-that-claims-gigabytes",
                () -> new ZipWriter()
                        .withDeflated("archive/data.pkl", new byte[60_000], entry -> entry.claiming(0xFFFF_FFF0L))
                        .bytes());
        files.put(
                "entry-that-inflates-to-megabytes",
                () -> new ZipWriter()
                        .withDeflated("archive/data.pkl", new byte[100 * MILLION], entry -> entry.claiming(60_000))
                        .bytes());
        files.put(
                "stored-entry-that-claims-gigabytes",
                () -> new ZipWriter()
                        .with("archive/data.pkl", new byte[100], entry -> entry.claiming(0xFFFF_FFF0L))
                        .bytes());
        files.put("many-entries", () -> {
            ZipWriter zip = new ZipWriter();
            IntStream.range(0, MANY).forEach(at -> zip.with("archive/data/" + at, EMPTY));
            return zip.wide().bytes();
        });
    }

    /** Keys that are looked up by hash, all with the same hash code. */
    private void collisions() {
        files.put("many-views-of-one-value", () -> {
            CheckpointWriter checkpoint = CheckpointWriter.of(LSTM);
            String key = checkpoint.storage(CheckpointWriter.floats(1));
            IntStream.range(0, MANY)
                    .forEach(at -> checkpoint.with(at + ".weight", "F32", key, 1, 0, new long[] {1}, new long[] {at}));
            return checkpoint.bytes();
        });
        files.put("many-storages-of-one-hash", () -> {
            ZipWriter zip = new ZipWriter();
            PickleWriter pickle = PickleWriter.protocol2().op(Opcodes.EMPTY_DICT, Opcodes.MARK);
            for (int at = 0; at < MANY; at++) {
                String key = colliding(at);
                zip.with("archive/data/" + key, EMPTY);
                pickle.text("t" + at).tensor("FloatStorage", key, 0, 0, new long[] {0}, new long[] {1});
            }
            return zip.with("archive/data.pkl", pickle.op(Opcodes.SETITEMS).stop())
                    .wide()
                    .bytes();
        });
        files.put("many-keys-of-one-hash", () -> {
            int hash = colliding(0).hashCode();
            PickleWriter pickle = PickleWriter.protocol2().op(Opcodes.EMPTY_DICT, Opcodes.MARK);
            for (int at = 0; at < MANY; at++) {
                pickle.text(colliding(at)).op(Opcodes.NONE);
            }
            for (long at = 1; at <= MANY; at++) {
                pickle.whole(at << 32 | ((hash ^ at) & 0xFFFF_FFFFL)).op(Opcodes.NONE);
            }
            return new CheckpointWriter()
                    .zip(pickle.op(Opcodes.SETITEMS).stop())
                    .bytes();
        });
    }

    /** One of 2^16 strings with the same hash code: sequences of two words with equal hash codes. */
    private static String colliding(int number) {
        return IntStream.range(0, Short.SIZE)
                .mapToObj(bit -> (number >> bit & 1) == 0 ? "Aa" : "BB")
                .collect(Collectors.joining());
    }

    // ---- ONNX

    private void graphs() {
        files.put("nested-graphs", () -> OnnxWriter.model(nested(MILLION), 14).toByteArray());
        for (long[] shape : new long[][] {{1L << 40}, {1L << 32, 1L << 32}, {Long.MAX_VALUE, 2}, {0, 1L << 62, 4}}) {
            files.put(
                    "tensor-of-" + Arrays.toString(shape),
                    () -> onnx(writer ->
                            writer.graph(5, OnnxWriter.header("bad", 1, shape)).node("LSTM", "X,bad,R,B", "Y")));
        }
        for (int field : new int[] {1, 5, 11, 12}) {
            files.put("million-empty-messages-" + field, () -> {
                byte[] message =
                        new ProtoWriter().message(field, new ProtoWriter()).toByteArray();
                ByteBuffer all = ByteBuffer.allocate(MILLION * message.length);
                while (all.hasRemaining()) {
                    all.put(message);
                }
                return OnnxWriter.model(all.array(), 14).toByteArray();
            });
        }
        files.put(
                "many-tensors-of-a-graph",
                () -> onnx(writer -> {
                    IntStream.range(0, MANY).forEach(at -> writer.floats("t" + at, ONE, 1));
                    return writer.node("LSTM", "X,W,R,B", "Y");
                }));
    }

    private static byte[] onnx(UnaryOperator<OnnxWriter> nodes) {
        LstmLayer layer = LstmLayer.of(Models.direction(new Random(1), 1, 1));
        return nodes.apply(new OnnxWriter(14).input("X", 1, "t", "n", 1).weights("", layer))
                .output("Y")
                .bytes();
    }

    /** Nested messages: a graph in an attribute of a node of a graph, to this depth. */
    private static byte[] nested(int depth) {
        int[] fields = {1, 5, 6};
        List<byte[]> heads = new ArrayList<>();
        int length = 0;
        for (int level = depth; level > 0; level--) {
            byte[] head = new ProtoWriter()
                    .tag(fields[(level - 1) % fields.length], 2)
                    .varint(length)
                    .toByteArray();
            heads.add(head);
            length += head.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (int at = heads.size() - 1; at >= 0; at--) {
            all.put(heads.get(at));
        }
        return all.array();
    }

    private void graphsOfManyNodes() {
        for (String operator : List.of("Transpose", "Identity", "Neg", "Shape")) {
            files.put(
                    "many-nodes-on-a-large-tensor-" + operator,
                    () -> onnx(writer -> {
                        writer.floats("c0", new float[250_000], 500, 500);
                        IntStream.range(0, 20_000).forEach(at -> writer.node(operator, "c" + at, "c" + (at + 1)));
                        return writer.node("Add", "X,c20000", "Z").node("LSTM", "Z,W,R,B", "Y");
                    }));
        }
        files.put("many-lstms-of-the-same-weights", () -> {
            LstmLayer layer = LstmLayer.of(Models.direction(new Random(1), 100, 100));
            OnnxWriter writer = new OnnxWriter(14)
                    .input("x0", 1, "t", "n", 100)
                    .weights("", layer)
                    .longs("one", 1);
            IntStream.range(0, 999)
                    .forEach(at -> writer.node("LSTM", String.format(Locale.ROOT, "x%d,W,R,B", at), "y" + at)
                            .node("Squeeze", String.format(Locale.ROOT, "y%d,one", at), "x" + (at + 1)));
            return writer.output("x999").bytes();
        });
        String inputs = IntStream.range(0, MANY).mapToObj(at -> "X").collect(Collectors.joining(","));
        String outputs = IntStream.range(0, MANY).mapToObj(at -> "o" + at).collect(Collectors.joining(","));
        for (String operator : List.of("Concat", "Sum", "Split", "Einsum")) {
            files.put(
                    "many-inputs-and-outputs-" + operator,
                    () -> onnx(writer -> writer.node(operator, inputs, outputs).node("LSTM", "o0,W,R,B", "Y")));
        }
        files.put(
                "many-outputs-of-a-graph",
                () -> onnx(writer -> {
                    writer.node("LSTM", "X,W,R,B", "Y");
                    IntStream.range(0, MANY)
                            .forEach(
                                    at -> writer.node("Identity", "Y", "o" + at).output("o" + at));
                    return writer;
                }));
    }

    // ---- Keras

    private static List<Layer> kerasLayers() {
        return KerasWriter.layers(Models.random(new Random(1), 2, 1, 1, 2), Form.KERAS_2);
    }

    private void kerasArchives() {
        for (String part : List.of("model.weights.h5", "config.json")) {
            files.put(
                    "keras-claims-gigabytes-" + part,
                    () -> keras(
                            zip -> zip.withDeflated(part, new byte[60_000], entry -> entry.claiming(0xFFFF_FFF0L))));
            files.put(
                    "keras-inflates-to-megabytes-" + part,
                    () -> keras(
                            zip -> zip.withDeflated(part, new byte[100 * MILLION], entry -> entry.claiming(60_000))));
            files.put(
                    "keras-stored-claims-gigabytes-" + part,
                    () -> keras(zip -> zip.with(part, new byte[100], entry -> entry.claiming(0xFFFF_FFF0L))));
        }
    }

    /** An archive with these parts. Missing parts are added and valid. */
    private static byte[] keras(UnaryOperator<ZipWriter> parts) {
        byte[] weights = KerasWriter.numbered("layers", kerasLayers()).bytes();
        byte[] config = KerasWriter.bytes(KerasWriter.sequential(kerasLayers()).toString());
        ZipWriter zip = parts.apply(new ZipWriter());
        String written = new String(zip.bytes(), StandardCharsets.ISO_8859_1);
        if (!written.contains("config.json")) {
            zip.with("config.json", config);
        }
        if (!written.contains("model.weights.h5")) {
            zip.with("model.weights.h5", weights);
        }
        return zip.bytes();
    }

    private void kerasConfigs() {
        Map<String, Supplier<String>> configs = new LinkedHashMap<>();
        configs.put("nested-arrays", () -> "{\"a\":" + "[".repeat(MILLION));
        configs.put("nested-objects", () -> "{\"a\":".repeat(MILLION / 2));
        configs.put("million-arrays", () -> "{\"a\":[" + "[],".repeat(MILLION) + "[]]}");
        configs.put("many-arrays", () -> "{\"a\":[" + "[],".repeat(90_000) + "[]]}");
        configs.put("many-settings", () -> "{" + joined(95_000, "\"a%d\":0"::formatted) + "}");
        configs.put("million-settings", () -> "{" + joined(MILLION / 4, "\"a%d\":0"::formatted) + "}");
        configs.put("long-text", () -> "{\"class_name\":\"" + "a".repeat(4 * MILLION) + "\"}");
        String layer = "{\"class_name\":\"%s\",\"config\":{\"name\":\"n%d\"}%s}";
        String model = "{\"class_name\":\"%s\",\"config\":{\"layers\":[%s]%s}}";
        configs.put(
                "million-layers",
                () -> model.formatted("Sequential", joined(MILLION / 20, at -> layer.formatted("LSTM", at, "")), ""));
        configs.put(
                "layers",
                () -> model.formatted("Sequential", joined(2_000, at -> layer.formatted("LSTM", at, "")), ""));
        configs.put(
                "layers-of-many-kinds",
                () -> model.formatted("Sequential", joined(2_000, at -> layer.formatted("Kind" + at, at, "")), ""));
        configs.put(
                "many-inputs",
                () -> model.formatted(
                        "Functional",
                        layer.formatted(
                                "LSTM", 0, ",\"inbound_nodes\":[[" + joined(30_000, "[\"n%d\",0,0]"::formatted) + "]]"),
                        ",\"output_layers\":[[\"n0\",0,0]]"));
        configs.forEach((name, config) ->
                files.put("keras-config-" + name, () -> keras(zip -> zip.with("config.json", utf8(config.get())))));
        files.put("keras-layers-of-many-kinds-and-folders", () -> {
            Hdf5Writer weights = new Hdf5Writer();
            IntStream.range(0, MANY).forEach(at -> weights.group("layers/g" + at));
            return keras(zip -> zip.with(
                            "config.json",
                            utf8(configs.get("layers-of-many-kinds").get()))
                    .with("model.weights.h5", weights.bytes()));
        });
    }

    private static String joined(int count, IntFunction<String> part) {
        return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining(","));
    }

    private static Hdf5Writer whole() {
        return KerasWriter.named("2.3.1", Optional.of(KerasWriter.sequential(kerasLayers())), kerasLayers());
    }

    private void hdf5() {
        String kernel = "model_weights/lstm_7/lstm_7/cell/kernel:0";
        byte[] floats = Hdf5Writer.floats(Float.BYTES);
        for (long[] shape : new long[][] {{1L << 40}, {1L << 20, 1L << 20}, {1L << 30, 4}, {0, 1L << 40}}) {
            files.put(
                    "hdf5-array-of-" + Arrays.toString(shape),
                    () -> whole().array(kernel, floats, new byte[16], shape).bytes());
            files.put(
                    "hdf5-chunks-of-" + Arrays.toString(shape),
                    () -> whole().chunked(
                                    kernel,
                                    floats,
                                    IntStream.range(0, shape.length)
                                            .map(at -> 1 << 20)
                                            .toArray(),
                                    Hdf5Writer.filters(1),
                                    List.of(new Chunk(
                                            Hdf5Writer.deflate(new byte[MILLION]), 0, new long[shape.length])),
                                    shape)
                            .bytes());
        }
        files.put(
                "hdf5-chunks-of-one-value",
                () -> whole().chunked(
                                kernel,
                                floats,
                                new int[] {1, 1},
                                EMPTY,
                                List.of(new Chunk(new byte[4], 0, 0, 0)),
                                30_000,
                                4)
                        .bytes());
        files.put(
                "hdf5-tree-of-the-same-chunks",
                () -> whole().content(kernel, Bombs::sameChunks).bytes());
        files.put("hdf5-nested-groups", () -> {
            Hdf5Writer file = whole();
            file.group("a/".repeat(1_000) + "a");
            return file.bytes();
        });
        files.put(
                "hdf5-name-of-nested-groups",
                () -> whole().texts("model_weights", "layer_names", List.of("a/".repeat(30_000) + "a"))
                        .bytes());
        files.put(
                "hdf5-tree-in-itself",
                () -> inLayers(writer -> {
                    long heap = writer.heap(new byte[8]);
                    long at = writer.next();
                    writer.write(Hdf5Writer.tree(1, 1, at));
                    return List.of(Hdf5Writer.symbolTableAt(at, heap));
                }));
        files.put(
                "hdf5-group-in-itself",
                () -> whole().content("model_weights", writer -> {
                            Map<String, Long> self = new TreeMap<>(Map.of("model_weights", writer.next() + 4_000));
                            return List.of(writer.symbolTableOf(self, 0));
                        })
                        .bytes());
    }

    /** A tree node with many chunks, to which its parent points many times. */
    private static List<Message> sameChunks(Hdf5Writer writer) {
        int count = 60_000;
        ByteBuffer leaf = Hdf5Writer.buffer(24 + count * 40 + 32)
                .put(utf8("TREE"))
                .put(new byte[] {1, 0})
                .putShort((short) count);
        long leafAt = writer.write(leaf.array());
        ByteBuffer top = Hdf5Writer.buffer(24 + 500 * 40 + 32)
                .put(utf8("TREE"))
                .put(new byte[] {1, 1})
                .putShort((short) 500);
        for (int at = 0; at < 500; at++) {
            top.putLong(24 + at * 40 + 32, leafAt);
        }
        ByteBuffer layout = Hdf5Writer.buffer(23)
                .put(new byte[] {3, 2, 3})
                .putLong(writer.write(top.array()))
                .putInt(1)
                .putInt(1)
                .putInt(Float.BYTES);
        return List.of(
                new Message(Hdf5Writer.DATASPACE, Hdf5Writer.dataspace(20_000, 4)),
                new Message(Hdf5Writer.DATATYPE, Hdf5Writer.floats(Float.BYTES)),
                new Message(Hdf5Writer.LAYOUT, layout.array()));
    }

    private void hdf5OfManyParts() {
        byte[] text = Hdf5Writer.fixedText(1);
        files.put("hdf5-many-attributes", () -> {
            Hdf5Writer file = whole();
            IntStream.range(0, 60_000)
                    .forEach(at -> file.message(
                            "",
                            Hdf5Writer.ATTRIBUTE,
                            Hdf5Writer.attribute("a" + at, text, Hdf5Writer.dataspace(), new byte[1])));
            return file.bytes();
        });
        files.put("hdf5-many-lists-of-empty-texts", () -> {
            Hdf5Writer file = new Hdf5Writer();
            IntStream.range(0, 10_000)
                    .forEach(at -> file.message(
                            "",
                            Hdf5Writer.ATTRIBUTE,
                            Hdf5Writer.attribute(
                                    "layer_names" + at,
                                    Hdf5Writer.fixedText(0),
                                    Hdf5Writer.dataspace(100_000),
                                    EMPTY)));
            return file.bytes();
        });
        files.put(
                "hdf5-many-names-of-one-text",
                () -> new Hdf5Writer()
                        .content("model_weights", Bombs::sameTexts)
                        .bytes());
        files.put("hdf5-many-names-without-end", () -> inLayers(Bombs::longNames));
        files.put("hdf5-many-groups", () -> {
            Hdf5Writer file = whole();
            IntStream.range(0, MANY).forEach(at -> file.group("g" + at));
            return file.bytes();
        });
        files.put("hdf5-many-arrays-of-a-layer", () -> {
            List<Layer> layers = new ArrayList<>(kerasLayers());
            layers.set(
                    2,
                    layers.get(2)
                            .of(IntStream.range(0, 3_000)
                                    .mapToObj(at -> new Weight("w" + at, ONE, 1))
                                    .collect(Collectors.toList())));
            return KerasWriter.whole("2.3.1", layers);
        });
    }

    /** An archive whose weights file has a group with this content. */
    private static byte[] inLayers(Hdf5Writer.Content content) {
        byte[] weights = new Hdf5Writer().content("layers", content).bytes();
        return keras(zip -> zip.with("model.weights.h5", weights));
    }

    /** A list of references to the same long string. */
    private static List<Message> sameTexts(Hdf5Writer writer) {
        int length = MILLION;
        long heap = writer.write(Hdf5Writer.buffer(32 + length + 16)
                .put(utf8("GCOL"))
                .putInt(1)
                .putLong(32 + length + 16)
                .putShort((short) 1)
                .putShort((short) 1)
                .putInt(0)
                .putLong(length)
                .position(32 + length)
                .putLong(0)
                .putLong(16) // free space: this entry itself
                .array());
        ByteBuffer references = Hdf5Writer.buffer(3_000 * 16);
        while (references.hasRemaining()) {
            references.putInt(length).putLong(heap).putInt(1);
        }
        byte[] type = Hdf5Writer.buffer(16)
                .put(new byte[] {0x19, 1, 0, 0})
                .putInt(16)
                .put(Hdf5Writer.fixedText(1))
                .array();
        byte[] attribute = Hdf5Writer.attribute("layer_names", type, Hdf5Writer.dataspace(3_000), references.array());
        return List.of(writer.symbolTableOf(Map.of(), 0), new Message(Hdf5Writer.ATTRIBUTE, attribute));
    }

    /** Names that begin at each byte of a long string and end at its end. */
    private static List<Message> longNames(Hdf5Writer writer) {
        int count = 30_000;
        byte[] names = repeated('a', MILLION);
        names[MILLION - 1] = 0;
        long heap = writer.heap(names);
        ByteBuffer node = Hdf5Writer.buffer(8 + 40 * count)
                .put(utf8("SNOD"))
                .put(new byte[] {1, 0})
                .putShort((short) count);
        for (int at = 0; at < count; at++) {
            node.putLong(at).putLong(0).putLong(0).put(new byte[16]);
        }
        return List.of(Hdf5Writer.symbolTableAt(writer.write(Hdf5Writer.tree(0, 1, writer.write(node.array()))), heap));
    }
}
