package sluice.cell.weights.fuzz;

import static sluice.cell.weights.onnx.OnnxWriter.number;
import static sluice.cell.weights.onnx.OnnxWriter.numbers;
import static sluice.cell.weights.onnx.OnnxWriter.real;
import static sluice.cell.weights.onnx.OnnxWriter.reals;
import static sluice.cell.weights.onnx.OnnxWriter.text;
import static sluice.cell.weights.onnx.OnnxWriter.texts;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import net.razorvine.pickle.Opcodes;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.keras.Hdf5Writer;
import sluice.cell.weights.keras.Hdf5Writer.Chunk;
import sluice.cell.weights.keras.KerasWriter;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;
import sluice.cell.weights.onnx.OnnxModels;
import sluice.cell.weights.onnx.OnnxWriter;
import sluice.cell.weights.torch.CheckpointWriter;
import sluice.cell.weights.torch.PickleWriter;

/** Minimal valid files of each format and variant: the seed corpus of the fuzz tests. */
final class Seeds {
    static final String INDEX = "model.safetensors.index.json";
    static final String SHARD_ONE = "model-1.safetensors";
    static final String SHARD_TWO = "model-2.safetensors";

    private static final LstmModel MODEL = Models.random(new Random(1), 3, 2, 1, 2);
    private static final LstmModel STACK = stack(new Random(5));
    private static final List<RawTensor> TENSORS = SafetensorsWriter.tensors(MODEL);
    private static final int IN_SHARD_ONE = 3;

    private Seeds() {}

    private static LstmModel stack(Random random) {
        return new LstmModel(
                Optional.of(new Embedding(Models.matrix(random, 2, 1))),
                List.of(bidirectional(random, 1), bidirectional(random, 2)),
                Optional.of(new OutputLayer(Models.matrix(random, 2, 2), Models.vector(random, 2))));
    }

    private static LstmLayer bidirectional(Random random, int inputWidth) {
        return LstmLayer.bidirectional(
                Models.direction(random, inputWidth, 1),
                Models.direction(random, inputWidth, 1).backward());
    }

    /** Seeds by path: {@code OnnxFuzzTestInputs/file/layout-1} and so on. */
    static Map<String, byte[]> all() {
        Map<String, byte[]> seeds = new LinkedHashMap<>();
        safetensors(seeds);
        sharded(seeds);
        checkpoints(seeds);
        onnx(seeds);
        keras(seeds);
        return seeds;
    }

    // ---- safetensors

    private static void safetensors(Map<String, byte[]> seeds) {
        String files = "SafetensorsFuzzTestInputs/file/";
        seeds.put(files + "plain", SafetensorsWriter.bytes(TENSORS, Map.of("format", "pt")));
        seeds.put(files + "two-layers-of-two-directions", safetensors(SafetensorsWriter.tensors(STACK)));
        seeds.put(files + "projected", safetensors(SafetensorsWriter.tensors(projected())));
        seeds.put(files + "cell-of-several-types", safetensors(cell()));
        seeds.put(files + "tied", SafetensorsWriter.bytes(tied(), Map.of("decoder.weight", "embedding.weight")));
        seeds.put("SafetensorsFuzzTestInputs/header/plain", header());
    }

    private static byte[] safetensors(List<RawTensor> tensors) {
        return SafetensorsWriter.bytes(tensors, Map.of());
    }

    private static LstmModel projected() {
        return new LstmModel(
                Optional.empty(), List.of(LstmLayer.of(Models.projected(new Random(2), 2, 2, 1))), Optional.empty());
    }

    /** An nn.LSTMCell with I = H = 1 and tensors of different types. */
    private static List<RawTensor> cell() {
        return List.of(
                new RawTensor("weight_ih", "F64", new long[] {4, 1}, new byte[4 * Double.BYTES]),
                new RawTensor("weight_hh", "F16", new long[] {4, 1}, new byte[4 * Short.BYTES]),
                new RawTensor("bias_ih", "BF16", new long[] {4}, new byte[4 * Short.BYTES]),
                RawTensor.f32("bias_hh", new float[4], 4));
    }

    /** A model whose embedding is also the output layer. */
    private static List<RawTensor> tied() {
        return SafetensorsWriter.tensors(Models.random(new Random(3), 2, 1, 1, 2)).stream()
                .filter(tensor -> !tensor.name().equals("decoder.weight"))
                .collect(Collectors.toList());
    }

    private static byte[] header() {
        byte[] file = safetensors(TENSORS);
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return Arrays.copyOfRange(file, Long.BYTES, Long.BYTES + length);
    }

    /** The data of the tensors of {@link #header}. */
    static byte[] safetensorsData() {
        return CheckpointWriter.joined(TENSORS);
    }

    // ---- several files

    private static void sharded(Map<String, byte[]> seeds) {
        seeds.put("ShardedFuzzTestInputs/index/two-files", index());
        seeds.put("ShardedFuzzTestInputs/shard/plain", shards().get(SHARD_TWO));
    }

    static byte[] index() {
        StringBuilder weightMap = new StringBuilder();
        for (int at = 0; at < TENSORS.size(); at++) {
            weightMap.append("%s\"%s\":\"%s\""
                    .formatted(at == 0 ? "" : ",", TENSORS.get(at).name(), at < IN_SHARD_ONE ? SHARD_ONE : SHARD_TWO));
        }
        return "{\"metadata\":{\"total_size\":9},\"weight_map\":{%s}}"
                .formatted(weightMap)
                .getBytes(StandardCharsets.UTF_8);
    }

    static Map<String, byte[]> shards() {
        return Map.of(
                SHARD_ONE,
                safetensors(TENSORS.subList(0, IN_SHARD_ONE)),
                SHARD_TWO,
                safetensors(TENSORS.subList(IN_SHARD_ONE, TENSORS.size())));
    }

    // ---- checkpoints

    private static void checkpoints(Map<String, byte[]> seeds) {
        String archives = "CheckpointFuzzTestInputs/archive/";
        seeds.put(archives + "stored", checkpoint().bytes());
        seeds.put(archives + "deflated", checkpoint().deflated().bytes());
        seeds.put(archives + "wide", checkpoint().wide().bytes());
        seeds.put(archives + "big-endian", checkpoint().bigEndian().bytes());
        String pickles = "CheckpointFuzzTestInputs/pickle/";
        seeds.put(pickles + "state-dict", pickle(checkpoint()));
        seeds.put(pickles + "parameters", pickle(checkpoint().asParameters()));
        seeds.put(pickles + "training", training());
    }

    /** The tensors of the pickles below, each in its own storage. */
    static CheckpointWriter checkpoint() {
        return CheckpointWriter.of(TENSORS);
    }

    private static byte[] pickle(CheckpointWriter checkpoint) {
        return checkpoint.writeStateDict(PickleWriter.protocol2()).stop();
    }

    /** A training checkpoint, with the state dict among other values. */
    private static byte[] training() {
        PickleWriter writer = PickleWriter.protocol2()
                .op(Opcodes.EMPTY_DICT, Opcodes.MARK)
                .text("epoch")
                .whole(70_000)
                .text("loss")
                .real(0.5)
                .text("betas")
                .tuple(1, 1L << 40)
                .text("steps")
                .op(Opcodes.EMPTY_LIST, Opcodes.MARK, Opcodes.NONE, Opcodes.NEWTRUE, Opcodes.APPENDS)
                .text("state_dict");
        return checkpoint().writeStateDict(writer).op(Opcodes.SETITEMS).stop();
    }

    // ---- ONNX

    private static void onnx(Map<String, byte[]> seeds) {
        Map<String, byte[]> models = new LinkedHashMap<>();
        models.put("layout-0", OnnxModels.bytes(MODEL, 0));
        models.put("layout-1", OnnxModels.bytes(MODEL, 1));
        models.put("two-layers-of-two-directions", OnnxModels.bytes(STACK, 0));
        models.put("variant-of-the-cell", variant());
        models.forEach((name, file) -> {
            seeds.put("OnnxFuzzTestInputs/file/" + name, file);
            seeds.put("OnnxFuzzTestInputs/fields/" + name, ProtoOutline.ofModel(file));
        });
    }

    private static byte[] variant() {
        LstmLayer layer = LstmLayer.of(Models.direction(new Random(4), 2, 1));
        return new OnnxWriter(14)
                .input("X", 1, "t", "n", 2)
                .weights("", layer)
                .floats("P", new float[] {0.5f, -0.5f, 0.25f}, 1, 3)
                .named(
                        "lstm",
                        "LSTM",
                        "X,W,R,B,,,,P",
                        "Y",
                        number("hidden_size", 1),
                        text("direction", "forward"),
                        real("clip", 3),
                        texts("activations", List.of("HardSigmoid", "Tanh", "Affine")),
                        reals("activation_alpha", 0.25f, 2),
                        reals("activation_beta", 0.5f, 0.125f))
                .node("Transpose", "Y", "T", numbers("perm", 0, 2, 1, 3))
                .output("T")
                .bytes();
    }

    // ---- Keras

    private static void keras(Map<String, byte[]> seeds) {
        List<Layer> layers = KerasWriter.layers(MODEL, Form.KERAS_3);
        seeds.put("KerasFuzzTestInputs/archive/plain", KerasWriter.archive("3.1.0", layers));
        seeds.put(
                "KerasFuzzTestInputs/archive/two-layers-of-two-directions",
                KerasWriter.archive("3.1.0", KerasWriter.layers(STACK, Form.KERAS_3)));
        String configs = "KerasFuzzTestInputs/config/";
        seeds.put(configs + "sequential", utf8(KerasWriter.sequential(layers)));
        seeds.put(configs + "functional", utf8(KerasWriter.functional(layers, true)));
        seeds.put(configs + "older-functional", utf8(KerasWriter.functional(layers, false)));
        seeds.put("KerasFuzzTestInputs/weights/plain", kerasWeights());
        String files = "KerasFuzzTestInputs/hdf5/";
        for (Form form : List.of(Form.KERAS_2, Form.KERAS_1, Form.CUDNN)) {
            String name = form.name().toLowerCase(Locale.ROOT).replace('_', '-');
            seeds.put(files + name, KerasWriter.whole(MODEL, form));
        }
        seeds.put(files + "two-layers-of-two-directions", KerasWriter.whole(STACK, Form.KERAS_2));
        seeds.put(files + "in-chunks", inChunks());
    }

    private static byte[] utf8(ObjectNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The weights of the layers that the configurations describe. */
    static byte[] kerasWeights() {
        return KerasWriter.numbered("layers", KerasWriter.layers(MODEL, Form.KERAS_3))
                .bytes();
    }

    /** The configuration of the layers of {@link #kerasWeights}. */
    static byte[] kerasConfig() {
        return utf8(KerasWriter.sequential(KerasWriter.layers(MODEL, Form.KERAS_3)));
    }

    /** A file with a compressed dataset and a string in a global heap, like h5py writes them. */
    private static byte[] inChunks() {
        List<Layer> layers = KerasWriter.layers(MODEL, Form.KERAS_2);
        byte[] zeros = Hdf5Writer.deflate(new byte[8 * Float.BYTES]);
        return KerasWriter.named("2.3.1", Optional.empty(), layers)
                .textInHeap("", "model_config", KerasWriter.sequential(layers).toString())
                .chunked(
                        "lstm_7/lstm_7/cell/kernel:0",
                        Hdf5Writer.floats(Float.BYTES),
                        new int[] {2, 4},
                        Hdf5Writer.filters(1),
                        List.of(new Chunk(zeros, 0, 0, 0)),
                        2,
                        4)
                .bytes();
    }
}
