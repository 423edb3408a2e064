package sluice.cell.weights.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.Models;
import sluice.cell.weights.ZipWriter;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.Hdf5Writer.Chunk;
import sluice.cell.weights.keras.Hdf5Writer.Message;
import sluice.cell.weights.keras.KerasWriter.Form;
import sluice.cell.weights.keras.KerasWriter.Layer;
import sluice.cell.weights.keras.KerasWriter.Weight;

/** One case for each kind of malformed file. Each must be rejected with a message, without excessive memory or time. */
@Timeout(60)
class MalformedKerasTest {
    private static final LstmModel MODEL = Models.random(new Random(1), 5, 2, 3, 4);
    private static final List<Layer> LAYERS = KerasWriter.layers(MODEL, Form.KERAS_2);
    private static final byte[] WHOLE = KerasWriter.whole("2.3.1", LAYERS);
    private static final byte[] ARCHIVE = KerasWriter.archive("3.1.0", LAYERS);
    private static final String LSTM = "model_weights/lstm_7";
    private static final String KERNEL = LSTM + "/lstm_7/cell/kernel:0";
    private static final int DAMAGED_FILES = 2_000;

    private static void assertRefused(byte[] file, String... parts) {
        long begin = System.nanoTime();
        assertThatThrownBy(() -> KerasReaderTest.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.keras: ")
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    }

    private static Hdf5Writer file() {
        return KerasWriter.named("2.3.1", Optional.of(KerasWriter.sequential(LAYERS)), LAYERS);
    }

    @Test
    void baseFilesAreValid() throws IOException {
        for (byte[] sound : List.of(WHOLE, ARCHIVE, file().bytes())) {
            assertThat(KerasReaderTest.read(sound).model()).hasToString("5 tokens of width 2; LSTM 3; 4 classes");
        }
    }

    // ---- random damage

    @Test
    void truncationAtEveryByte() {
        for (int length = 12; length < WHOLE.length; length += 1 + length / 100) {
            assertRefused(Arrays.copyOf(WHOLE, length), "HDF5 file");
        }
        for (int length = 300; length < ARCHIVE.length; length += 1 + length / 50) {
            assertRefused(Arrays.copyOf(ARCHIVE, length), "zip archive");
        }
    }

    @Test
    void damagedBytesAreRejectedOrChangeOnlyValues() {
        Random random = new Random(7);
        int refused = 0;
        for (int run = 0; run < DAMAGED_FILES; run++) {
            byte[] file = WHOLE.clone();
            int count = 1 + random.nextInt(3);
            for (int at = 0; at < count; at++) {
                file[12 + random.nextInt(file.length - 12)] = (byte) random.nextInt();
            }
            try {
                KerasReaderTest.read(file);
            } catch (ModelException e) {
                refused++;
                assertThat(e.getMessage()).startsWith("model.keras: ");
            } catch (IOException | RuntimeException e) {
                throw new AssertionError("run " + run, e);
            }
        }
        assertThat(refused).isPositive();
    }

    // ---- the file as a whole

    @Test
    void declaredLengthBeyondTheFile() {
        byte[] file = WHOLE.clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(40, file.length + 1L);
        assertRefused(
                file, "the HDF5 file says that it has " + (file.length + 1L) + " bytes, but it has " + file.length);
    }

    @Test
    void fileWithUserBlock() {
        byte[] file = WHOLE.clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(24, 8);
        assertRefused(file, "the HDF5 file says that it begins at byte 8, expected 0");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14})
    void addressesOfOddWidth(int place) {
        byte[] file = WHOLE.clone();
        file[place] = 3;
        assertRefused(file, "the HDF5 file has addresses of 3 bytes, expected 4 or 8");
    }

    @Test
    void rootOutsideTheFile() {
        byte[] file = WHOLE.clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(64, 1L << 40);
        assertRefused(file, "it points to ", "at byte 1099511627776, but has " + file.length);
    }

    @Test
    void hdf5WithoutAModel() {
        byte[] file = new Hdf5Writer()
                .floats("images", new float[] {1, 2}, 2)
                .floats("labels", new float[] {1}, 1)
                .bytes();
        assertRefused(
                file,
                "this HDF5 file is not a Keras model: expected an attribute 'model_config' or 'layer_names'",
                "found 'images', 'labels'");
        assertRefused(new Hdf5Writer().bytes(), "found nothing");
    }

    // ---- groups

    private static final Message NAMES = new Message(
            Hdf5Writer.ATTRIBUTE,
            Hdf5Writer.attribute(
                    "weight_names", Hdf5Writer.fixedText(1), Hdf5Writer.dataspace(1), KerasWriter.bytes("k")));

    /** A file with a group of this content, which lists one weight. */
    private static byte[] withGroup(Hdf5Writer.Content content) {
        return file().content("model_weights/decoder", writer -> {
                    List<Message> messages = new ArrayList<>(List.of(NAMES));
                    messages.addAll(content.messages(writer));
                    return messages;
                })
                .bytes();
    }

    /** Either the stack overflows or the read limit is reached first, depending on the machine. */
    @Test
    void treeThatContainsItself() {
        assertRefused(
                withGroup(writer -> {
                    long heap = writer.heap(new byte[8]);
                    long at = writer.next();
                    writer.write(Hdf5Writer.tree(1, 1, at));
                    return List.of(Hdf5Writer.symbolTableAt(at, heap));
                }),
                "the file is damaged");
    }

    /** Sixty levels, each referring twice to the next: it has no cycle, but reading it fully would never end. */
    @Test
    void exponentiallyNestedTree() {
        assertRefused(
                withGroup(writer -> {
                    long heap = writer.heap(new byte[8]);
                    long below = writer.write(Hdf5Writer.tree(0, 0));
                    for (int level = 1; level < 60; level++) {
                        below = writer.write(Hdf5Writer.tree(level, 2, below, below));
                    }
                    return List.of(Hdf5Writer.symbolTableAt(below, heap));
                }),
                "its parts point to each other again and again");
    }

    @Test
    void headerThatContinuesInItself() {
        assertRefused(
                withGroup(writer -> {
                    long names = writer.next() + 16; // address of the header's first message
                    byte[] back =
                            Hdf5Writer.buffer(16).putLong(names).putLong(96).array();
                    return List.of(new Message(Hdf5Writer.CONTINUATION, back), new Message(0, new byte[800]));
                }),
                "group 'model_weights/decoder' has the attribute 'weight_names' twice");
    }

    @Test
    void groupThatIsItsOwnParent() {
        // Every name refers back to the root, so reading ends at the depth of the listed names.
        byte[] file = file().content("model_weights/lstm_7", writer -> {
                    Map<String, Long> self = new TreeMap<>(Map.of("lstm_7", writer.next() + 4_000));
                    return List.of(writer.symbolTableOf(self, 0));
                })
                .bytes();
        assertRefused(file, "lstm_7");
    }

    @Test
    void linksAreNotFollowed() {
        assertRefused(
                file().content("model_weights", writer -> {
                            Map<String, Long> links = new TreeMap<>(
                                    Map.of("lstm_7", 0L, "decoder", 0L, "embedding_1", 0L, "input_1", 0L));
                            byte[] names = Hdf5Writer.attribute(
                                    "layer_names",
                                    Hdf5Writer.fixedText(11),
                                    Hdf5Writer.dataspace(4),
                                    "input_1\0\0\0\0embedding_1lstm_7\0\0\0\0\0decoder\0\0\0\0"
                                            .getBytes(StandardCharsets.UTF_8));
                            return List.of(writer.symbolTableOf(links, 2), new Message(Hdf5Writer.ATTRIBUTE, names));
                        })
                        .bytes(),
                "is a link to something elsewhere, expected it in the file itself");
    }

    @Test
    void namesThatReferToParents() {
        for (String name : List.of("../lstm_7", "a//b", ".", "")) {
            assertRefused(
                    file().texts("model_weights", "layer_names", List.of("x")).bytes(),
                    "has the attribute 'layer_names' twice");
            List<Layer> layers = new ArrayList<>(LAYERS);
            Layer lstm = layers.get(2);
            byte[] file = KerasWriter.named("2.3.1", Optional.of(KerasWriter.sequential(layers)), layers.subList(0, 2))
                    .bytes();
            assertRefused(file, "the file has no weights of layer '" + lstm.name() + "'");
            assertRefused(
                    new Hdf5Writer()
                            .text(
                                    "",
                                    "model_config",
                                    KerasWriter.sequential(layers).toString())
                            .texts("model_weights", "layer_names", List.of(name, "lstm_7"))
                            .bytes(),
                    "lists the name '" + name + "', expected one that leads downwards");
        }
    }

    // ---- listed names

    private static Hdf5Writer listing(List<String> layers, List<String> weights) {
        return new Hdf5Writer()
                .text(
                        "",
                        "model_config",
                        KerasWriter.sequential(List.of(LAYERS.get(2))).toString())
                .texts("model_weights", "layer_names", layers)
                .texts(LSTM, "weight_names", weights)
                .floats(LSTM + "/k", new float[24], 2, 12);
    }

    @Test
    void duplicateLayersAndWeights() {
        assertRefused(
                listing(List.of("lstm_7", "lstm_7"), List.of("k")).bytes(),
                "group 'model_weights' lists the layer 'lstm_7' twice");
        assertRefused(
                listing(List.of("lstm_7"), List.of("k", "k", "k")).bytes(),
                "group 'model_weights/lstm_7' lists the weight 'k' twice");
    }

    @Test
    void missingLayersAndWeights() {
        assertRefused(
                listing(List.of("lstm_7"), List.of("k", "r", "b")).bytes(),
                "group 'model_weights/lstm_7' lists the weight 'r', but has no array of that name");
        assertRefused(
                new Hdf5Writer()
                        .text(
                                "",
                                "model_config",
                                KerasWriter.sequential(List.of(LAYERS.get(2))).toString())
                        .texts("model_weights", "layer_names", List.of("lstm_7"))
                        .bytes(),
                "group 'model_weights' lists the layer 'lstm_7', but has no group for it");
    }

    @Test
    void groupInPlaceOfAnArray() {
        assertRefused(
                listing(List.of("lstm_7"), List.of("k", "r", "b"))
                        .group(LSTM + "/r")
                        .bytes(),
                "lists the weight 'r', but has no array of that name");
    }

    // ---- attributes

    private static byte[] withAttribute(byte[] body) {
        return new Hdf5Writer()
                .message("", Hdf5Writer.ATTRIBUTE, body)
                .texts("model_weights", "layer_names", List.of("lstm_7"))
                .bytes();
    }

    @Test
    void attributesThatAreNotTexts() {
        assertRefused(
                withAttribute(Hdf5Writer.attribute(
                        "model_config", Hdf5Writer.integers(4), Hdf5Writer.dataspace(), new byte[4])),
                "attribute 'model_config' of the root group is not a text");
        assertRefused(
                withAttribute(Hdf5Writer.attribute(
                        "model_config", Hdf5Writer.fixedText(2), Hdf5Writer.dataspace(2), new byte[4])),
                "attribute 'model_config' of the root group has 2 texts, expected one");
    }

    @Test
    void attributesWithFalseLengths() {
        assertRefused(
                withAttribute(Hdf5Writer.attribute(
                        "model_config", Hdf5Writer.fixedText(1 << 30), Hdf5Writer.dataspace(), new byte[8])),
                "the HDF5 file can't be read");
        assertRefused(
                withAttribute(Hdf5Writer.attribute(
                        "model_config", Hdf5Writer.fixedText(0), Hdf5Writer.dataspace(1L << 31), new byte[8])),
                "attribute 'model_config' of the root group has 2147483648 texts, expected a list of at most 100000");
        assertRefused(
                withAttribute(Hdf5Writer.attribute(
                        "model_config",
                        Hdf5Writer.fixedText(8),
                        Hdf5Writer.dataspace(1L << 40, 1L << 40),
                        new byte[8])),
                "the HDF5 file can't be read");
    }

    @Test
    void heapWithFalseLengths() {
        for (int place : new int[] {8, 24}) { // the heap's length, the text's
            assertRefused(
                    new Hdf5Writer()
                            .textInHeap("", "model_config", "{}", bytes -> {
                                ByteBuffer.wrap(bytes)
                                        .order(ByteOrder.LITTLE_ENDIAN)
                                        .putLong(place, 1L << 30);
                                return bytes;
                            })
                            .bytes(),
                    "");
        }
    }

    // ---- arrays

    @Test
    void arraysOfOtherTypes() {
        assertRefused(
                file().array(KERNEL, Hdf5Writer.integers(4), new byte[96], 2, 12)
                        .bytes(),
                "array '" + KERNEL + "' holds FixedPoint of 4 bytes, expected float16, float32 or float64");
        assertRefused(
                file().array(KERNEL, Hdf5Writer.fixedText(4), new byte[96], 2, 12)
                        .bytes(),
                "holds StringData of 4 bytes");
    }

    @Test
    void arraysLargerThanTheFile() {
        assertRefused(
                file().array(KERNEL, Hdf5Writer.floats(4), new byte[8], 1 << 24, 12)
                        .bytes(),
                "array '" + KERNEL + "' has shape (16777216, 12), which takes 805306368 bytes, but only ");
        assertRefused(
                file().compact(KERNEL, Hdf5Writer.floats(4), new byte[8], 2, 12).bytes(),
                "which takes 96 bytes, but only 8 are there");
        assertRefused(
                file().array(KERNEL, Hdf5Writer.floats(4), new byte[8], 1L << 40, 12)
                        .bytes(),
                "expected at most 8 axes of at most");
        assertRefused(
                file().array(
                                KERNEL,
                                Hdf5Writer.floats(4),
                                new byte[8],
                                LongStream.generate(() -> 2).limit(40).toArray())
                        .bytes(),
                "expected at most 8 axes of at most");
        assertRefused(
                file().array(KERNEL, Hdf5Writer.floats(4), new byte[8], 1 << 30, 1 << 30, 1 << 30)
                        .bytes(),
                "expected (I, 4H)");
    }

    @Test
    void arrayAtTheEndOfTheFile() {
        assertRefused(
                file().content(
                                KERNEL,
                                writer -> List.of(
                                        new Message(Hdf5Writer.DATASPACE, Hdf5Writer.dataspace(2, 12)),
                                        new Message(Hdf5Writer.DATATYPE, Hdf5Writer.floats(4)),
                                        new Message(Hdf5Writer.LAYOUT, Hdf5Writer.contiguous(1L << 33, 96))))
                        .bytes(),
                "it points to 96 bytes at byte 8589934592");
        assertRefused(
                file().content(
                                KERNEL,
                                writer -> List.of(
                                        new Message(Hdf5Writer.DATASPACE, Hdf5Writer.dataspace(2, 12)),
                                        new Message(Hdf5Writer.DATATYPE, Hdf5Writer.floats(4)),
                                        new Message(Hdf5Writer.LAYOUT, Hdf5Writer.contiguous(-1, 96))))
                        .bytes(),
                "which takes 96 bytes, but only 0 are there");
    }

    private static byte[] chunked(int[] block, byte[] filters, List<Chunk> chunks, long... shape) {
        return file().chunked(KERNEL, Hdf5Writer.floats(4), block, filters, chunks, shape)
                .bytes();
    }

    @Test
    void missingDuplicateAndOutsideChunks() {
        int[] block = {2, 6};
        Chunk first = new Chunk(new byte[48], 0, 0, 0);
        assertRefused(chunked(block, new byte[0], List.of(first), 2, 12), "of shape (2, 12) has 1 chunks, expected 2");
        assertRefused(
                chunked(block, new byte[0], List.of(first, first), 2, 12),
                "has a chunk at [0, 0], outside of it or twice");
        assertRefused(
                chunked(block, new byte[0], List.of(first, new Chunk(new byte[48], 0, 0, 12)), 2, 12),
                "has a chunk at [0, 12], outside of it or twice");
        assertRefused(
                chunked(block, new byte[0], List.of(first, new Chunk(new byte[48], 0, 0, 5)), 2, 12),
                "has a chunk at [0, 5], outside of it or twice");
    }

    @Test
    void chunksOfAnotherSize() {
        int[] block = {2, 12};
        assertRefused(
                chunked(block, new byte[0], List.of(new Chunk(new byte[95], 0, 0, 0)), 2, 12),
                "a chunk of array",
                "has 95 bytes, expected 96 bytes");
        assertRefused(
                chunked(
                        block,
                        Hdf5Writer.filters(1),
                        List.of(new Chunk(Hdf5Writer.deflate(new byte[90]), 0, 0, 0)),
                        2,
                        12),
                "has 90 bytes, expected 96 bytes");
        assertRefused(
                chunked(
                        block,
                        Hdf5Writer.filters(1),
                        List.of(new Chunk(Hdf5Writer.deflate(new byte[200]), 0, 0, 0)),
                        2,
                        12),
                "inflates to more, expected 96 bytes");
        assertRefused(
                chunked(block, Hdf5Writer.filters(1), List.of(new Chunk(new byte[20], 0, 0, 0)), 2, 12),
                "a chunk of array",
                "can't be inflated");
        byte[] cut = Arrays.copyOf(Hdf5Writer.deflate(new byte[96]), 6);
        assertRefused(
                chunked(block, Hdf5Writer.filters(1), List.of(new Chunk(cut, 0, 0, 0)), 2, 12),
                "a chunk of array",
                "ends within");
        assertRefused(
                chunked(block, Hdf5Writer.filters(3), List.of(new Chunk(new byte[2], 0, 0, 0)), 2, 12),
                "has 2 bytes, expected 96");
    }

    @Test
    void chunksThatAreDecompressionBombs() {
        byte[] deflated = Hdf5Writer.deflate(new byte[100_000]);
        assertRefused(
                chunked(
                        new int[] {1 << 20, 12},
                        Hdf5Writer.filters(1),
                        List.of(new Chunk(deflated, 0, 0, 0)),
                        1 << 20,
                        12),
                "it is a decompression bomb");
        assertRefused(
                chunked(new int[] {1 << 24, 12}, Hdf5Writer.filters(1), List.of(new Chunk(deflated, 0, 0, 0)), 2, 12),
                "of shape [2, 12] is stored in chunks of shape [16777216, 12]");
        assertRefused(
                chunked(new int[] {0, 12}, Hdf5Writer.filters(1), List.of(new Chunk(deflated, 0, 0, 0)), 2, 12),
                "is stored in chunks of shape [0, 12]");
    }

    @Test
    void unknownFilters() {
        assertRefused(
                chunked(
                        new int[] {2, 12},
                        Hdf5Writer.filters(32_000),
                        List.of(new Chunk(new byte[96], 0, 0, 0)),
                        2,
                        12),
                "is compressed by filter 32000 ('undefined'), expected gzip; copy the file with h5repack -f GZIP=4");
    }

    // ---- configs

    private static byte[] described(String config) {
        return KerasWriter.named("2.3.1", Optional.empty(), LAYERS)
                .text("", "model_config", config)
                .bytes();
    }

    @Test
    void configsThatAreNotJson() {
        assertRefused(described("{\"class_name\": "), "the attribute 'model_config' is not the JSON of a Keras model");
        assertRefused(described("{} {}"), "expected one object and nothing after it");
        assertRefused(described("{\"a\": 1, \"a\": 2}"), "is not the JSON of a Keras model: Duplicate field 'a'");
        assertRefused(described("[".repeat(5_000)), "is not the JSON of a Keras model", "nesting depth");
        assertRefused(described("7"), "has no 'class_name', expected the description of a Keras model");
        assertRefused(described(" "), "the attribute 'model_config' is not the JSON of a Keras model");
    }

    @Test
    void configsWithoutLayers() {
        assertRefused(
                described("{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}"),
                "lists 0 layers, expected 1 to 2000");
        assertRefused(described("{\"class_name\": \"Sequential\", \"config\": 5}"), "lists 0 layers");
        assertRefused(
                described("{\"class_name\": \"Sequential\", \"config\": {\"layers\": [5]}}"),
                "has a layer without 'class_name' and 'config'");
    }

    @Test
    void layersOfTheSameName() {
        List<Layer> twice = new ArrayList<>(LAYERS);
        twice.add(LAYERS.get(3));
        assertRefused(
                described(KerasWriter.sequential(twice).toString()),
                "has two layers 'decoder', expected each name once");
    }

    @Test
    void graphsWithoutOutput() {
        ObjectNode model = KerasWriter.functional(LAYERS, true);
        ((ObjectNode) model.get("config")).set("output_layers", KerasWriter.reference("nowhere"));
        assertRefused(
                described(model.toString()), "the model's output is layer 'nowhere', which its config doesn't have");
        ArrayNode none = KerasWriter.JSON.createArrayNode();
        ((ObjectNode) model.get("config")).set("output_layers", none);
        assertRefused(described(model.toString()), "the model has 0 outputs");
    }

    @Test
    void unitsThatOverflow() {
        List<Layer> layers = new ArrayList<>(LAYERS);
        layers.set(2, layers.get(2).with("units", Integer.MAX_VALUE));
        assertRefused(
                described(KerasWriter.sequential(layers).toString()),
                "expected (I, 4H) = (2, 8589934588) with H = 2147483647");
    }

    @Test
    void twelveArraysWithFalseShapes() {
        List<Weight> weights = new ArrayList<>();
        for (String gate : List.of("i", "c", "f", "o")) {
            weights.add(new Weight("W_" + gate, new float[2], 1 << 15, 1 << 15));
            weights.add(new Weight("U_" + gate, new float[2], 1 << 15, 1 << 15));
            weights.add(new Weight("b_" + gate, new float[2], 1 << 15));
        }
        Layer lstm = LAYERS.get(2).with("units", 1 << 15).of(weights);
        assertRefused(KerasWriter.whole("1.2.2", List.of(lstm)), "which takes 4294967296 bytes, but only ");
    }

    // ---- archives

    private static ZipWriter archive() {
        return new ZipWriter()
                .with("metadata.json", KerasWriter.bytes("{\"keras_version\": \"3.1.0\"}"))
                .with(
                        "config.json",
                        KerasWriter.bytes(KerasWriter.sequential(LAYERS).toString()));
    }

    @Test
    void incompleteArchives() {
        assertRefused(archive().bytes(), "the archive has no 'model.weights.h5', expected the weights there, in HDF5");
        assertRefused(
                archive().with("model.weights.npz", new byte[9]).bytes(), "the archive has no 'model.weights.h5'");
        assertRefused(
                new ZipWriter()
                        .with("metadata.json", KerasWriter.bytes("{}"))
                        .with("model.weights.h5", new byte[99])
                        .bytes(),
                "the archive has no 'config.json', expected a Keras model");
    }

    @Test
    void archivesWithDecompressionBombs() {
        byte[] zeros = new byte[1 << 22];
        assertRefused(
                archive().withDeflated("model.weights.h5", zeros).bytes(),
                "would inflate to 4194304, expected at most 100 times as many");
        assertRefused(
                new ZipWriter()
                        .with("metadata.json", new byte[(1 << 20) + 1])
                        .with("model.weights.h5", new byte[99])
                        .bytes(),
                "the archive's 'metadata.json' has 1048577 bytes, expected at most 1048576");
    }

    @Test
    void namesOutsideOfTheArchiveAreNeverWritten() throws IOException {
        byte[] weights = KerasWriter.numbered("layers", LAYERS).bytes();
        byte[] file = archive()
                .with("../../../tmp/evil.sh", new byte[9])
                .with("model.weights.h5", weights)
                .bytes();

        assertThat(KerasReaderTest.read(file).model()).hasToString("5 tokens of width 2; LSTM 3; 4 classes");
    }

    @Test
    void weightsThatAreNotHdf5() {
        assertRefused(
                archive().with("model.weights.h5", new byte[99]).bytes(),
                "the HDF5 file can't be read (Superblock didn't contain valid signature)");
        assertRefused(
                archive().with("model.weights.h5", new byte[9]).bytes(),
                "the HDF5 file has 9 bytes, expected at least 48");
    }

    @Test
    void metadataThatIsNotJson() {
        byte[] weights = KerasWriter.numbered("layers", LAYERS).bytes();
        assertRefused(
                new ZipWriter()
                        .with("metadata.json", KerasWriter.bytes("keras"))
                        .with("config.json", KerasWriter.bytes("{}"))
                        .with("model.weights.h5", weights)
                        .bytes(),
                "metadata.json is not the JSON of a Keras model");
    }

    @Test
    void tooLongConfigBesideTheWeights() {
        byte[] weights = KerasWriter.numbered("layers", LAYERS).bytes();
        String text = " ".repeat(KerasConfig.MAX_BYTES + 1);

        assertThatThrownBy(() ->
                        KerasReaderTest.read("w.h5", weights, Map.of("config.json", text), TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessage("w.h5: 'config.json' beside it has 4194305 bytes, expected at most 4194304");
    }
}
