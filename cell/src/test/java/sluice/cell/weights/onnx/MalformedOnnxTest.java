package sluice.cell.weights.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.weights.onnx.OnnxWriter.number;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** Malformed and hostile files, one case per kind of damage. Each is rejected with a message, quickly and in little memory. */
@Timeout(60)
class MalformedOnnxTest {
    private static final LstmModel MODEL = Models.random(new Random(1), 5, 2, 3, 4);
    private static final byte[] SMALL = OnnxModels.bytes(MODEL, 0);
    private static final int DAMAGED_FILES = 3_000;

    private static ModelFile read(byte[] file) throws IOException {
        return ModelReader.read("model.onnx", new MemoryChannel(file), TensorNames.automatic());
    }

    private static void assertRejected(byte[] file, String... parts) {
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.onnx: ")
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
    }

    private static void assertGraphRejected(ProtoWriter graph, String... parts) {
        assertRejected(OnnxWriter.model(graph.toByteArray(), 14).toByteArray(), parts);
    }

    /** A graph with features as input and one LSTM, whose W is this tensor. */
    private static byte[] withW(ProtoWriter tensor) {
        LstmLayer layer = MODEL.layers().get(0);
        return new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", layer)
                .graph(5, tensor)
                .named("lstm", "LSTM", "X,bad,R,B", "Y")
                .output("Y")
                .bytes();
    }

    private static ProtoWriter header(int type) {
        return OnnxWriter.header("bad", type, 1, 12, 2);
    }

    @Test
    void theUndamagedFileIsValid() throws IOException {
        assertThat(read(SMALL).model()).hasToString("5 tokens of width 2; LSTM 3; 4 classes");
    }

    @Test
    void truncationAtEveryByte() {
        for (int length = 0; length < SMALL.length; length++) {
            byte[] file = Arrays.copyOf(SMALL, length);

            assertThatThrownBy(() -> read(file)).as("%d bytes", length).isInstanceOf(ModelException.class);
        }
    }

    @Test
    void trailingGarbage() {
        byte[] file = Arrays.copyOf(SMALL, SMALL.length + 1); // field number 0

        assertRejected(file, "a field has the number 0, expected 1 to", "this is not an ONNX model, or a damaged one");
    }

    @Test
    void randomDamageAnywhere() throws IOException {
        Random random = new Random(20);
        int read = 0;
        for (int file = 0; file < DAMAGED_FILES; file++) {
            byte[] damaged = SMALL.clone();
            int changes = 1 + random.nextInt(4);
            for (int change = 0; change < changes; change++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                read(damaged);
                read++;
            } catch (ModelException e) {
                assertThat(e).hasMessageStartingWith("model.onnx: ");
            }
        }
        assertThat(read).isBetween(1, DAMAGED_FILES - 1); // changed weights leave the file valid
    }

    @Test
    void randomDamageOfTheStructure() {
        byte[] lean = OnnxModels.bytes(Models.random(new Random(2), 1, 1, 1, 1), 0); // mostly structure, few weights
        Random random = new Random(21);
        for (int file = 0; file < DAMAGED_FILES; file++) {
            byte[] damaged = lean.clone();
            int from = random.nextInt(damaged.length);
            int count = Math.min(1 + random.nextInt(8), damaged.length - from);
            byte[] noise = new byte[count];
            random.nextBytes(noise);
            System.arraycopy(noise, 0, damaged, from, count);
            try {
                read(damaged);
            } catch (ModelException | IOException e) {
                assertThat(e).isInstanceOf(ModelException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {5_000, Integer.MAX_VALUE, 1L << 40, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void aLengthBeyondTheFile(long claimed) {
        byte[] file = new ProtoWriter()
                .number(1, 8)
                .text(2, "a test")
                .bytes(7, new byte[10], claimed)
                .toByteArray();

        assertRejected(file, "field 7 claims " + Long.toUnsignedString(claimed) + " bytes, but only 10 follow");
    }

    @Test
    void aLengthBeyondItsMessage() {
        ProtoWriter node = new ProtoWriter().bytes(1, new byte[2], 3);

        assertGraphRejected(
                new ProtoWriter().message(1, node).text(2, "more"), "field 1 claims 3 bytes, but only 2 follow");
    }

    @Test
    void aVarintOfMoreThanSixtyFourBits() {
        byte[] tooLong = new byte[11];
        Arrays.fill(tooLong, (byte) 0xFF);
        byte[] tooLarge = {-1, -1, -1, -1, -1, -1, -1, -1, -1, 2};

        assertRejected(
                new ProtoWriter().raw(SMALL).tag(1, 0).raw(tooLong).toByteArray(), "a varint has more than 64 bits");
        assertRejected(
                new ProtoWriter().raw(SMALL).tag(1, 0).raw(tooLarge).toByteArray(), "a varint has more than 64 bits");
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 6, 7})
    void groupsAndUnknownWireTypes(int wire) {
        assertRejected(
                new ProtoWriter().raw(SMALL).tag(9, wire).toByteArray(),
                String.format(Locale.ROOT, "field 9 has wire type %d, expected 0, 1, 2 or 5", wire));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 29, 1L << 40})
    void invalidFieldNumbers(long field) {
        assertRejected(
                new ProtoWriter().raw(SMALL).varint(field << 3).toByteArray(),
                String.format(Locale.ROOT, "a field has the number %d, expected 1 to 536870911", field));
    }

    @Test
    void aFieldWithAnotherWireType() {
        assertGraphRejected(new ProtoWriter().number(1, 7), "field 1 has wire type 0, expected 2");
    }

    @Test
    void unknownFieldsAreSkipped() throws IOException {
        byte[] file = new ProtoWriter()
                .raw(SMALL)
                .number(900, 1)
                .text(901, "?")
                .real(902, 1)
                .tag(903, ProtoReader.FIXED64)
                .raw(new byte[8])
                .toByteArray();

        assertThat(read(file).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    /** Graphs in attributes of nodes: the format allows any nesting depth. */
    @Test
    void deepNesting() {
        ProtoWriter graph = new ProtoWriter();
        for (int depth = 0; depth < 2_000; depth++) {
            ProtoWriter attribute = new ProtoWriter().text(1, "body").message(6, graph);
            graph = new ProtoWriter()
                    .message(1, new ProtoWriter().text(2, "o").text(4, "If").message(5, attribute));
        }

        assertGraphRejected(graph, "the graph has graphs nested 9 deep in its nodes, expected at most 8");
    }

    @Test
    void aVeryLongChainOfNodes() throws IOException {
        int count = 50_000;
        OnnxWriter onnx = new OnnxWriter(14)
                .input("x0", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0));
        for (int at = 0; at < count; at++) {
            onnx.node("Identity", "x" + at, "x" + (at + 1));
        }
        byte[] file = onnx.node("LSTM", "x" + count + ",W,R,B", "Y").output("Y").bytes();

        assertThat(read(file).model().layers()).hasSize(1);
    }

    @Test
    void moreMessagesThanTheMemoryLimit() {
        byte[] nodes = new byte[2_000_000];
        for (int at = 0; at < nodes.length; at += 2) {
            nodes[at] = 0x0A; // an empty node
        }

        assertGraphRejected(new ProtoWriter().raw(nodes), "names, shapes and attributes take more than 67108864 bytes");
    }

    @Test
    void cyclesInTheGraph() {
        byte[] file = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .named("a", "Identity", "p", "q")
                .named("b", "Identity", "q", "p")
                .named("lstm", "LSTM", "p,W,R,B", "Y")
                .output("Y")
                .bytes();

        assertRejected(
                file, "node 'a' (Identity) reads 'p', which only node 'b' (Identity) produces", "without a cycle");
    }

    @Test
    void aNodeThatReadsItsOwnOutput() {
        byte[] file =
                new OnnxWriter(14).named("a", "Identity", "p", "p").output("p").bytes();

        assertRejected(file, "node 'a' (Identity) reads 'p', which only node 'a' (Identity) produces");
    }

    @Test
    void anUndefinedName() {
        byte[] file = new OnnxWriter(14)
                .named("a", "Identity", "ghost", "p")
                .output("p")
                .bytes();

        assertRejected(file, "node 'a' (Identity) reads 'ghost', which nothing in the file produces");
    }

    @Test
    void anUndefinedOutput() {
        assertRejected(
                new OnnxWriter(14).output("ghost").bytes(), "output 'ghost' of the graph is not produced by any node");
    }

    @Test
    void twoTensorsWithTheSameName() {
        byte[] file = new OnnxWriter(14).longs("a", 1).longs("a", 2).bytes();

        assertRejected(file, "two tensors named 'a', expected different names");
    }

    @Test
    void twoInputsWithTheSameName() {
        byte[] file = new OnnxWriter(14).tokens("a", 1).tokens("a", 2).bytes();

        assertRejected(file, "two inputs named 'a', expected different names");
    }

    @Test
    void twoNodesThatProduceTheSameName() {
        byte[] file = new OnnxWriter(14)
                .tokens("x", 1)
                .named("one", "Identity", "x", "y")
                .named("two", "Identity", "x", "y")
                .bytes();

        assertRejected(file, "node 'two' (Identity) produces 'y', which is already defined");
    }

    @Test
    void aNodeThatProducesTheNameOfATensor() {
        byte[] file = new OnnxWriter(14)
                .longs("w", 1)
                .named("one", "Identity", "w", "w")
                .bytes();

        assertRejected(file, "node 'one' (Identity) produces 'w', which is already defined");
    }

    @Test
    void twoGraphs() {
        byte[] file = new ProtoWriter().raw(SMALL).message(7, new ProtoWriter()).toByteArray();

        assertRejected(file, "the file has two graphs, expected one");
    }

    @Test
    void noGraphAndNoOpset() {
        assertRejected(new ProtoWriter().number(1, 8).text(2, "a test").toByteArray(), "the file has no graph");
        assertRejected(
                new ProtoWriter()
                        .number(1, 8)
                        .text(2, "a test")
                        .message(7, new ProtoWriter())
                        .toByteArray(),
                "doesn't say which opset");
    }

    @Test
    void sparseTensors() {
        assertGraphRejected(new ProtoWriter().message(15, new ProtoWriter()), "the graph has sparse tensors");
    }

    @Test
    void textThatIsNotUtf8() {
        ProtoWriter node = new ProtoWriter().bytes(3, new byte[] {(byte) 0xFF});

        assertGraphRejected(new ProtoWriter().message(1, node), "a text is not valid UTF-8");
    }

    @ParameterizedTest
    @CsvSource({"92", "100", "0"})
    void rawDataOfAWrongLength(int bytes) {
        assertRejected(
                withW(header(1).bytes(9, new byte[bytes])),
                "node 'lstm' (LSTM): tensor 'bad': FLOAT of shape (1, 12, 2) needs 96 bytes, but its raw_data has "
                        + bytes);
    }

    @Test
    void typedDataOfAWrongLength() {
        assertRejected(
                withW(header(1).reals(4, new float[23])), "needs 96 bytes, but its float_data or double_data has 92");
        assertRejected(
                withW(header(11).bytes(10, new byte[96])), "needs 192 bytes, but its float_data or double_data has 96");
        assertRejected(withW(header(10).numbers(5, new long[23])), "tensor 'bad' has at most 23 values");
        assertRejected(
                withW(header(10).numbers(5, new long[25])),
                "tensor 'bad' has 25 values, but its shape (1, 12, 2) has 24");
    }

    @Test
    void typedDataInAFieldOfAnotherType() {
        assertRejected(
                withW(header(1).bytes(10, new byte[96])),
                "tensor 'bad' of type FLOAT has its values in field 10, expected field 4");
        assertRejected(withW(header(1).tag(4, 1).raw(new byte[8])), "field 4 has wire type 1, expected 5");
    }

    @Test
    void dataInTwoFieldsOrInNone() {
        assertRejected(
                withW(header(1).reals(4, new float[24]).reals(9, new float[24])),
                "tensor 'bad' of shape (1, 12, 2) has its values in 2 places, expected one");
        assertRejected(withW(header(1)), "tensor 'bad' of shape (1, 12, 2) has its values in 0 places, expected one");
    }

    @Test
    void dataInPiecesWithPartialValues() {
        assertRejected(
                withW(header(1).bytes(4, new byte[90]).bytes(4, new byte[6])), "tensor 'bad' has values cut in pieces");
    }

    @Test
    void dataInManyPieces() {
        ProtoWriter tensor = OnnxWriter.header("bad", 1, 1001);
        for (int at = 0; at < 1001; at++) {
            tensor.real(4, 1);
        }

        assertRejected(withW(tensor), "has its values in more than 1000 pieces");
    }

    @Test
    void dataInSegments() {
        assertRejected(withW(header(1).message(3, new ProtoWriter())), "a tensor is stored in segments");
    }

    @ParameterizedTest
    @CsvSource({"6,INT32", "7,INT64", "8,STRING", "2,UINT8", "14,COMPLEX64", "0,unknown", "99,unknown"})
    void weightsOfUnsupportedTypes(int type, String name) {
        assertRejected(
                withW(header(type).bytes(9, new byte[96])), "bad", "expected FLOAT, FLOAT16, BFLOAT16 or DOUBLE", name);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFinite(float value) {
        float[] values = new float[24];
        values[5] = value;

        assertRejected(
                withW(header(1).reals(9, values)),
                "node 'lstm' (LSTM): tensor 'bad' has the value %s at index [0, 2, 1]".formatted(value));
    }

    @Test
    void weightsOutOfTheRangeOfFloat32() {
        byte[] values = doubles(1e300, 24);

        assertRejected(withW(header(11).bytes(9, values)), "tensor 'bad' has the value Infinity at index [0, 0, 0]");
    }

    private static byte[] doubles(double first, int count) {
        byte[] bytes = new byte[count * Double.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putDouble(first);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({"-1", "-9223372036854775808"})
    void negativeDimensions(long dimension) {
        assertRejected(
                withW(OnnxWriter.header("bad", 1, 1, dimension).reals(9, new float[2])),
                String.format(
                        Locale.ROOT, "tensor 'bad' has shape (1, %d), expected dimensions of 0 or more", dimension));
    }

    @Test
    void hugeDimensions() {
        String expected = "at most 2147483639 values";
        assertRejected(withW(OnnxWriter.header("bad", 1, Long.MAX_VALUE, Long.MAX_VALUE)), expected);
        assertRejected(withW(OnnxWriter.header("bad", 1, 1L << 16, 1L << 15)), expected);
        assertRejected(withW(OnnxWriter.header("bad", 1, 0, 1L << 31, 1L << 31)), expected);
        assertRejected(
                withW(OnnxWriter.header("bad", 1, 1, 1 << 15, 1 << 15).bytes(9, new byte[8])),
                "tensor 'bad'",
                "(1, 32768, 32768)");
    }

    @Test
    void zeroDimensions() {
        assertRejected(
                withW(OnnxWriter.header("bad", 1, 1, 12, 0)),
                "W is tensor 'bad' (1, 12, 0), expected shape (1, 12, I)");
    }

    @Test
    void tooManyDimensions() {
        assertRejected(
                withW(OnnxWriter.header("bad", 1, new long[33])),
                "tensor 'bad' has 33 dimensions, expected at most 32");
    }

    /** Each node doubles the size of its input. */
    @Test
    void constantsThatGrowWithoutLimit() {
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .floats("c0", new float[64], 64);
        for (int at = 0; at < 60; at++) {
            onnx.node("Concat", String.format(Locale.ROOT, "c%d,c%d", at, at), "c" + (at + 1), number("axis", 0));
        }
        byte[] file = onnx.named("lstm", "LSTM", "X,c60,R,B", "Y").output("Y").bytes();

        assertRejected(file, "values from its tensors, expected at most ", "far more than the file holds");
    }

    @Test
    void sizesThatGrowWithoutLimit() {
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .node("Shape", "X", "c0");
        for (int at = 0; at < 60; at++) {
            onnx.node("Concat", String.format(Locale.ROOT, "c%d,c%d", at, at), "c" + (at + 1), number("axis", 0));
        }
        byte[] file = onnx.node("Reshape", "X,c60", "x")
                .node("LSTM", "x,W,R,B", "Y")
                .output("Y")
                .bytes();

        assertRejected(file, "expected at most 1000");
    }

    @Test
    void directionsThatGrowWithoutLimit() {
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .node("LSTM", "X,W,R,B", "y0");
        for (int at = 0; at < 60; at++) {
            onnx.node("Concat", String.format(Locale.ROOT, "y%d,y%d", at, at), "y" + (at + 1), number("axis", 3));
        }

        assertRejected(onnx.output("y60").bytes(), "concatenates more than 1000 outputs");
    }

    @Test
    void tooManyLstms() {
        LstmLayer layer = LstmLayer.of(Models.direction(new Random(3), 1, 1));
        OnnxWriter onnx = new OnnxWriter(14)
                .input("x0", OnnxWriter.FLOAT, "t", "n", 1)
                .weights("", layer)
                .longs("one", 1);
        for (int at = 0; at < 1_001; at++) {
            onnx.node("LSTM", String.format(Locale.ROOT, "x%d,W,R,B", at), "y" + at)
                    .node("Squeeze", String.format(Locale.ROOT, "y%d,one", at), "x" + (at + 1));
        }

        assertRejected(onnx.output("x1001").bytes(), "more than 1000 LSTM nodes");
    }

    @Test
    void axesThatGrowWithoutLimit() {
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .longs("zero", 0)
                .node("LSTM", "X,W,R,B", "y0");
        for (int at = 0; at < 60; at++) {
            onnx.node("Unsqueeze", String.format(Locale.ROOT, "y%d,zero", at), "y" + (at + 1));
        }

        assertRejected(onnx.output("y60").bytes(), "33 dimensions, expected at most 32");
    }

    @Test
    void anAxisOutOfRange() {
        OnnxWriter onnx = new OnnxWriter(14)
                .input("X", OnnxWriter.FLOAT, "t", "n", 2)
                .weights("", MODEL.layers().get(0))
                .longs("nine", 9)
                .named("squeeze", "Squeeze", "W,nine", "w")
                .node("LSTM", "X,w,R,B", "Y")
                .output("Y");

        assertRejected(onnx.bytes(), "node 'squeeze' (Squeeze): axis is 9 of 3, expected -3 to 2");
    }

    private static byte[] external(String location, String offset, String length) {
        return withW(header(1)
                .message(13, new ProtoWriter().text(1, "location").text(2, location))
                .message(13, new ProtoWriter().text(1, "offset").text(2, offset))
                .message(13, new ProtoWriter().text(1, "length").text(2, length))
                .number(14, 1));
    }

    private static ModelFile readFrom(Path folder, byte[] file) throws IOException {
        Files.createDirectories(folder);
        return ModelReader.read(Files.write(folder.resolve("model.onnx"), file), TensorNames.automatic());
    }

    @Test
    void externalDataIsRead(@TempDir Path folder) throws IOException {
        Files.write(folder.resolve("weights.bin"), ProtoWriter.littleEndian(new float[30]));
        Files.createDirectories(folder.resolve("sub"));
        Files.write(folder.resolve("sub/weights.bin"), ProtoWriter.littleEndian(new float[30]));

        assertThat(readFrom(folder, external("weights.bin", "8", "96")).model().inputWidth())
                .isEqualTo(2);
        assertThat(readFrom(folder, external("sub/weights.bin", "24", "96"))
                        .model()
                        .inputWidth())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../secret.bin", "sub/../../secret.bin", "sub/../inside.bin", "/etc/passwd", "", ".", "sub"})
    void externalDataOutsideTheFolderOfTheModel(String location, @TempDir Path folder) throws IOException {
        Path inner = Files.createDirectories(folder.resolve("inner/sub")).getParent();
        Files.write(folder.resolve("secret.bin"), ProtoWriter.littleEndian(new float[30]));
        Files.write(inner.resolve("inside.bin"), ProtoWriter.littleEndian(new float[30]));

        assertThatThrownBy(() -> readFrom(inner, external(location, "0", "96")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(
                        "model.onnx: node 'lstm' (LSTM): tensor 'bad': the weights lie in '" + location + "'");
    }

    @Test
    void externalDataBehindALinkToOutsideTheFolder(@TempDir Path folder) throws IOException {
        Assumptions.assumeTrue(
                FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
                "links need a POSIX file system");
        Path inner = Files.createDirectories(folder.resolve("inner"));
        Files.write(folder.resolve("secret.bin"), ProtoWriter.littleEndian(new float[30]));
        Files.createSymbolicLink(inner.resolve("link.bin"), folder.resolve("secret.bin"));
        Files.createSymbolicLink(inner.resolve("up"), folder);

        for (String location : new String[] {"link.bin", "up/secret.bin"}) {
            assertThatThrownBy(() -> readFrom(inner, external(location, "0", "96")))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("a link to a file outside the directory of the model");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8|100|needs 96 bytes, but its external data claims 100",
                "100|96|is at bytes 100 to 196 of 'weights.bin', which has 120",
                "9223372036854775807|96|offset '9223372036854775807', expected a number of bytes",
                "-1|96|offset '-1', expected a number of bytes",
                "x|96|offset 'x', expected a number of bytes",
                "0|1e3|length '1e3', expected a number of bytes",
                "0|99999999999999999999|length '99999999999999999999'"
            })
    void wrongOffsetsAndLengthsOfExternalData(String offset, String length, String message, @TempDir Path folder)
            throws IOException {
        Files.write(folder.resolve("weights.bin"), ProtoWriter.littleEndian(new float[30]));

        assertThatThrownBy(() -> readFrom(folder, external("weights.bin", offset, length)))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("tensor 'bad'")
                .hasMessageContaining(message);
    }

    @Test
    void externalDataOfAModelWithoutAFolder() {
        assertRejected(
                external("weights.bin", "0", "96"),
                "the weights lie in 'weights.bin', but the folder of the model has no such file");
    }

    @Test
    void externalDataInAMissingFile(@TempDir Path folder) {
        assertThatThrownBy(() -> readFrom(folder, external("weights.bin", "0", "96")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("the folder of the model has no such file");
    }

    @Test
    void pathsInMetadataAreIgnored() throws IOException {
        byte[] file = new ProtoWriter()
                .raw(SMALL)
                .message(14, new ProtoWriter().text(1, "location").text(2, "../x"))
                .toByteArray();

        assertThat(read(file).metadata()).containsOnly(Map.entry("location", "../x"));
    }
}
