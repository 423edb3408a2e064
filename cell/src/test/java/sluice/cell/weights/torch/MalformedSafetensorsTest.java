package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** One case for each kind of malformed file. Each must be rejected with a message, without excessive memory or time. */
@Timeout(60)
class MalformedSafetensorsTest {
    private static final byte[] SMALL = SafetensorsWriter.bytes(
            SafetensorsWriter.tensors(Models.random(new Random(1), 5, 2, 3, 4)), Map.of("made by", "a test"));

    private static ModelFile read(byte[] file) throws IOException {
        return ModelReader.read("model.bin", new MemoryChannel(file), TensorNames.automatic());
    }

    private static void assertRefused(byte[] file, String... parts) {
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.bin: ")
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
    }

    private static void assertHeaderRefused(String header, int dataBytes, String... parts) {
        assertRefused(SafetensorsWriter.bytes(header, new byte[dataBytes]), parts);
    }

    private static byte[] withLength(long length) {
        byte[] file = SMALL.clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return file;
    }

    private static String entry(String name, String shape, long begin, long end) {
        return String.format(
                Locale.ROOT,
                "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                name,
                shape,
                begin,
                end);
    }

    @Test
    void baseFileIsValid() throws IOException {
        ModelFile file = read(SMALL);

        assertThat(file.model()).hasToString("5 tokens of width 2; LSTM 3; 4 classes");
        assertThat(file.metadata()).containsOnly(Map.entry("made by", "a test"));
    }

    @Test
    void emptyFile() {
        assertRefused(new byte[0], "has 0 bytes, expected at least the 8");
    }

    @Test
    void sevenBytes() {
        assertRefused(new byte[7], "has 7 bytes, expected at least the 8");
    }

    @Test
    void eightZeroBytes() {
        assertRefused(new byte[8], "the header is empty, expected JSON that begins with '{'");
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 18446744073709551615",
        "-9223372036854775808, 9223372036854775808",
        "9223372036854775807, 9223372036854775807",
        "100000001, 100000001"
    })
    void headerLengthBeyondTheLimit(long length, String shown) {
        assertRefused(withLength(length), "the header claims %s bytes, expected at most 100000000".formatted(shown));
    }

    @Test
    void headerLengthBeyondTheFile() {
        assertRefused(withLength(100_000_000), "claims 100000000 bytes, but only " + (SMALL.length - 8) + " follow");
        assertRefused(withLength(SMALL.length - 7), "cut short");
    }

    @Test
    void headerThatIsNotAnObject() {
        assertHeaderRefused("[1, 2]", 0, "begins with byte 0x5B, expected JSON that begins with '{'");
    }

    @Test
    void headerThatBeginsWithASpace() {
        assertHeaderRefused(" {}", 0, "begins with byte 0x20");
    }

    @Test
    void headerThatIsNotJson() {
        assertHeaderRefused("{oops}", 0, "the header is not the JSON of a safetensors file");
    }

    @Test
    void headerThatIsNotClosed() {
        assertHeaderRefused("{\"a\":{\"dtype\":\"F32\",", 0, "the header is not the JSON of a safetensors file");
    }

    @Test
    void headerThatIsNotUtf8() {
        byte[] file = SafetensorsWriter.bytes("{\"~\":1}", new byte[0]);
        file[10] = (byte) 0xFF;

        assertRefused(file, "the header is not valid UTF-8");
    }

    @Test
    void textAfterTheHeader() {
        assertHeaderRefused("{} {}", 0, "the header has text after its JSON object");
    }

    @Test
    void deepNesting() {
        String deep = "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000);

        assertHeaderRefused(deep, 0, "the header is not the JSON of a safetensors file", "nesting depth");
        assertHeaderRefused("{\"a\":{\"b\":" + "[".repeat(100_000), 0, "nesting depth");
        assertHeaderRefused("{" + entry("a", "[".repeat(9) + "]".repeat(9), 0, 4) + "}", 4, "expected integers");
    }

    @Test
    void duplicateTensor() {
        assertHeaderRefused("{" + entry("a", "[1]", 0, 4) + "," + entry("a", "[1]", 4, 8) + "}", 8, "Duplicate", "'a'");
    }

    @Test
    void duplicateField() {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[2],\"data_offsets\":[0,4]}}",
                4,
                "Duplicate",
                "'shape'");
    }

    @Test
    void hole() {
        assertHeaderRefused(
                "{" + entry("a", "[1]", 0, 4) + "," + entry("b", "[1]", 8, 12) + "}",
                12,
                "tensor 'b' begins at byte 8 of the data, but tensor 'a' ends at byte 4: a hole");
    }

    @Test
    void holeAtTheStart() {
        assertHeaderRefused(
                "{" + entry("a", "[1]", 4, 8) + "}",
                8,
                "tensor 'a' begins at byte 4 of the data, but the data begins at byte 0: a hole");
    }

    @Test
    void overlap() {
        assertHeaderRefused(
                "{" + entry("a", "[2]", 0, 8) + "," + entry("b", "[2]", 4, 12) + "}",
                12,
                "tensor 'b' begins at byte 4 of the data, but tensor 'a' ends at byte 8: an overlap");
    }

    @Test
    void offsetsReversed() {
        assertHeaderRefused(
                "{" + entry("a", "[1]", 4, 0) + "}", 4, "tensor 'a' has 'data_offsets' [4, 0]", "begin <= end");
    }

    @Test
    void offsetsNegative() {
        assertHeaderRefused("{" + entry("a", "[1]", -4, 0) + "}", 4, "tensor 'a' has 'data_offsets' with -4 in it");
    }

    @Test
    void oneOffset() {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "tensor 'a' has 1 'data_offsets'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[9223372036854775807,9223372036854775807]",
                "[4294967296,4294967296]",
                "[4611686018427387904,4]",
                "[2305843009213693952]",
                "[4611686018427387904,4,0]"
            })
    void shapeThatOverflows(String shape) {
        assertHeaderRefused(
                "{" + entry("a", shape, 0, 4) + "}", 4, "tensor 'a' has shape (", "not a valid number of bytes");
    }

    @Test
    void dimensionBeyondALong() {
        assertHeaderRefused("{" + entry("a", "[9223372036854775808]", 0, 4) + "}", 4, "out of range");
    }

    @Test
    void negativeDimension() {
        assertHeaderRefused("{" + entry("a", "[-1,-1]", 0, 4) + "}", 4, "tensor 'a' has 'shape' with -1 in it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1.0]", "[1e0]", "[\"1\"]", "[null]", "[true]", "[[1]]", "[{}]"})
    void dimensionThatIsNotAnInteger(String shape) {
        assertHeaderRefused("{" + entry("a", shape, 0, 4) + "}", 4, "tensor 'a' has 'shape' with", "expected integers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"1\"", "null", "{}"})
    void shapeThatIsNotAnArray(String shape) {
        assertHeaderRefused("{" + entry("a", shape, 0, 4) + "}", 4, "tensor 'a' has 'shape' that is not an array");
    }

    @Test
    void tooManyDimensions() {
        String ones = "[" + "1,".repeat(32) + "1]";

        assertHeaderRefused("{" + entry("a", ones, 0, 4) + "}", 4, "tensor 'a' has 'shape' of more than 32 numbers");
    }

    @Test
    void missingDtype() {
        assertHeaderRefused(
                "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}",
                4,
                "tensor 'a' has no 'dtype', expected one of F64, F32");
    }

    @Test
    void missingShape() {
        assertHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor 'a' has no 'shape'");
    }

    @Test
    void missingOffsets() {
        assertHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "tensor 'a' has no 'data_offsets'");
    }

    @Test
    void unknownDtype() {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"Q4_K\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                4,
                "tensor 'a' has dtype 'Q4_K', expected one of F64, F32");
    }

    @Test
    void dtypeThatIsNotAString() {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":[\"F32\"],\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "tensor 'a' has dtype");
        assertHeaderRefused("{\"a\":{\"dtype\":null,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "has dtype 'null'");
    }

    @Test
    void partialByte() {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, "tensor 'a' has shape (3) of F4");
    }

    @Test
    void tensorThatIsNotAnObject() {
        assertHeaderRefused("{\"a\":[0,4]}", 4, "tensor 'a' is not described by a JSON object");
    }

    @Test
    void metadataThatAreNotStrings() {
        assertHeaderRefused("{\"__metadata__\":{\"epochs\":7}}", 0, "'__metadata__' has a value under 'epochs'");
        assertHeaderRefused("{\"__metadata__\":{\"args\":{}}}", 0, "'__metadata__' has a value under 'args'");
        assertHeaderRefused("{\"__metadata__\":[]}", 0, "'__metadata__' is not a JSON object of strings");
    }

    @Test
    void tooManyTensors() {
        StringBuilder header = new StringBuilder("{");
        for (int tensor = 0; tensor <= SafetensorsHeader.MAX_TENSORS; tensor++) {
            header.append(tensor == 0 ? "" : ",").append(entry("t" + tensor, "[0]", 0, 0));
        }

        assertHeaderRefused(header.append("}").toString(), 0, "more than 100000 tensors");
    }

    @Test
    void tooLongName() {
        assertHeaderRefused("{" + entry("n".repeat(100_000), "[1]", 0, 4) + "}", 4, "exceeds the maximum allowed");
    }

    @Test
    void trailingGarbage() {
        assertRefused(Arrays.copyOf(SMALL, SMALL.length + 1), "expected the file to end there");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFinite(float value) {
        List<RawTensor> tensors = new ArrayList<>(SafetensorsWriter.tensors(Models.random(new Random(1), 5, 2, 3, 4)));
        tensors.removeIf(tensor -> tensor.name().equals("lstm.bias_ih_l0"));
        float[] bias = new float[12];
        bias[7] = value;
        tensors.add(RawTensor.f32("lstm.bias_ih_l0", bias, 12));

        assertRefused(
                SafetensorsWriter.bytes(tensors, Map.of()),
                "tensor 'lstm.bias_ih_l0' has the value " + value + " at index [7]",
                "finite");
    }

    @ParameterizedTest
    @ValueSource(longs = {12, 1})
    void wrongRank(long last) {
        List<RawTensor> tensors = new ArrayList<>(SafetensorsWriter.tensors(Models.random(new Random(1), 5, 2, 3, 4)));
        tensors.removeIf(tensor -> tensor.name().equals("lstm.weight_ih_l0"));
        tensors.add(RawTensor.f32("lstm.weight_ih_l0", new float[24], 24 / last, last, 1));

        assertRefused(
                SafetensorsWriter.bytes(tensors, Map.of()),
                "tensor 'lstm.weight_ih_l0' has shape (",
                "expected (4H, I)");
    }

    @Test
    void noTensors() {
        assertHeaderRefused("{}", 0, "the file has no LSTM", "found no tensors with names");
    }

    @Test
    void twoGigabytesClaimedInThreeHundredBytes() {
        String header = "{" + entry("lstm.weight_ih_l0", "[536870912]", 0, 2_147_483_648L) + "}";

        assertHeaderRefused(header, 180, "describes 2147483648 bytes of data, but only 180 follow");
    }

    @Test
    void truncationAtEveryByte() {
        for (int length = 0; length < SMALL.length; length++) {
            assertRefused(Arrays.copyOf(SMALL, length));
        }
    }

    @Test
    void flippedBytesAreReadOrRejected() {
        long seed = System.nanoTime();
        System.out.println("flippedBytesAreReadOrRejected: seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 10_000; round++) {
            byte[] file = SMALL.clone();
            int at = random.nextInt(file.length);
            file[at] = (byte) random.nextInt(256);
            try {
                read(file).model().verify();
            } catch (ModelException e) {
                assertThat(e).hasMessageStartingWith("model.bin: ");
            } catch (IOException | RuntimeException | Error e) {
                throw new AssertionError(
                        String.format(Locale.ROOT, "seed %d, round %d: byte %d set to %d", seed, round, at, file[at]),
                        e);
            }
        }
    }

    @Test
    void emptyTensorsAndSingleNumbersAreLegal() throws IOException {
        List<RawTensor> tensors = new ArrayList<>(SafetensorsWriter.tensors(Models.random(new Random(2), 5, 2, 3, 4)));
        tensors.add(0, RawTensor.f32("empty", new float[0], 0, 1L << 40));
        tensors.add(3, RawTensor.f32("also_empty", new float[0], 0));
        tensors.add(new RawTensor("steps", "I64", new long[0], new byte[8]));

        ModelFile file = read(SafetensorsWriter.bytes(tensors, Map.of()));

        assertThat(file.notes())
                .contains(
                        "tensor 'empty' (0, 1099511627776) is not used: it has no values",
                        "tensor 'also_empty' (0) is not used: it has no values",
                        "tensor 'steps' () is not used: taken for a counter");
    }

    @Test
    void unknownFieldsAreIgnored() throws IOException {
        String small = new String(SMALL, StandardCharsets.ISO_8859_1);
        String header = small.substring(8, small.indexOf("}}") + 2).replace("\"dtype\"", "\"extra\":[1,2],\"dtype\"");
        byte[] data = Arrays.copyOfRange(
                SMALL,
                8 + (int) ByteBuffer.wrap(SMALL).order(ByteOrder.LITTLE_ENDIAN).getLong(),
                SMALL.length);

        assertThat(read(SafetensorsWriter.bytes(header, data)).model().fingerprint())
                .isEqualTo(read(SMALL).model().fingerprint());
    }
}
