package sluice.cell.weights.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;

class ElementTypeTest {
    private static float[] floats(ElementType type, ByteBuffer values) {
        float[] floats = new float[(int) (values.remaining() / type.bytes(1))];
        type.toFloats(values, floats, 0);
        return floats;
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer doubles(double... values) {
        ByteBuffer buffer = littleEndian(values.length * Double.BYTES);
        buffer.asDoubleBuffer().put(values);
        return buffer;
    }

    private static ByteBuffer shorts(int... values) {
        ByteBuffer buffer = littleEndian(values.length * Short.BYTES);
        for (int value : values) {
            buffer.putShort((short) value);
        }
        return buffer.flip();
    }

    private static void assertBits(float[] found, float... expected) {
        assertThat(found).hasSize(expected.length);
        for (int at = 0; at < expected.length; at++) {
            assertThat(Float.floatToRawIntBits(found[at]))
                    .as("value %d", at)
                    .isEqualTo(Float.floatToRawIntBits(expected[at]));
        }
    }

    @Test
    void everyFloat16ConvertsByItsDefinition() {
        for (int bits = 0; bits <= 0xFFFF; bits++) {
            int sign = bits >>> 15;
            int exponent = (bits >>> 10) & 0x1F;
            int fraction = bits & 0x3FF;
            float found = floats(ElementType.F16, shorts(bits))[0];
            if (exponent == 0x1F && fraction != 0) {
                assertThat(found).isNaN();
                continue;
            }
            double magnitude = exponent == 0x1F
                    ? Double.POSITIVE_INFINITY
                    : exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.pow(2, exponent - 25);
            float expected = (float) (sign == 0 ? magnitude : -magnitude);
            assertThat(Float.floatToRawIntBits(found))
                    .as("half %04X", bits)
                    .isEqualTo(Float.floatToRawIntBits(expected));
        }
    }

    @Test
    void bfloat16IsTheUpperHalfOfFloat32() {
        assertBits(
                floats(
                        ElementType.BF16,
                        shorts(0x3F80, 0xC000, 0x0000, 0x8000, 0x0001, 0x8001, 0x7F7F, 0x7F80, 0xFF80)),
                1f,
                -2f,
                0f,
                -0f,
                0x1p-133f,
                -0x1p-133f,
                0x1.FEp127f,
                Float.POSITIVE_INFINITY,
                Float.NEGATIVE_INFINITY);
        assertThat(floats(ElementType.BF16, shorts(0x7FC0))[0]).isNaN();
    }

    @Test
    void doublesAreRounded() {
        assertBits(
                floats(ElementType.F64, doubles(0.1, -0.0, 1 + 0x1p-25, 1e-46, -0x1p-149, Float.MAX_VALUE, 1e39)),
                0.1f,
                -0f,
                1f,
                0f,
                -Float.MIN_VALUE,
                Float.MAX_VALUE,
                Float.POSITIVE_INFINITY);
    }

    @Test
    void floatsKeepTheirBits() {
        ByteBuffer source = littleEndian(16);
        source.asFloatBuffer().put(new float[] {-0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, 0.1f});

        assertBits(floats(ElementType.F32, source), -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, 0.1f);
    }

    @ParameterizedTest
    @CsvSource({"F64, 80", "F32, 40", "F16, 20", "BF16, 20", "I64, 80", "BOOL, 10", "F8_E4M3, 10", "C64, 80"})
    void bytesOfTenValues(ElementType type, long bytes) {
        assertThat(type.bytes(10)).isEqualTo(bytes);
    }

    @Test
    void sizesOfTypesSmallerThanAByteMustBeWholeBytes() {
        assertThat(ElementType.F4.bytes(4)).isEqualTo(2);
        assertThat(ElementType.F6_E2M3.bytes(4)).isEqualTo(3);
        assertThatThrownBy(() -> ElementType.F6_E3M2.bytes(3))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("3 values of 6 bits are not a whole number of bytes");
    }

    // ---- weights of a model

    private static ModelFile readWithBias(RawTensor bias) throws IOException {
        List<RawTensor> tensors = new ArrayList<>(SafetensorsWriter.tensors(Models.random(new Random(5), 6, 2, 3, 4)));
        tensors.removeIf(tensor -> tensor.name().equals(bias.name()));
        tensors.add(bias);
        return ModelReader.read(
                "m", new MemoryChannel(SafetensorsWriter.bytes(tensors, Map.of())), TensorNames.automatic());
    }

    @SuppressWarnings("ByteBufferBackingArray") // each buffer is allocated here and wraps its whole array
    private static RawTensor decoderBias(String dtype, ByteBuffer values) {
        return new RawTensor("decoder.bias", dtype, new long[] {4}, values.array());
    }

    @Test
    void weightsOfEveryFloatTypeAreRead() throws IOException {
        float[] expected = {1f, -0f, 0.5f, -2f};

        for (RawTensor bias : List.of(
                decoderBias("F16", shorts(0x3C00, 0x8000, 0x3800, 0xC000)),
                decoderBias("BF16", shorts(0x3F80, 0x8000, 0x3F00, 0xC000)),
                decoderBias("F64", doubles(1, -0.0, 0.5, -2)))) {
            assertBits(readWithBias(bias).model().output().orElseThrow().bias(), expected);
        }
    }

    @Test
    void infinitiesOfEveryFloatTypeAreRejected() {
        for (RawTensor bias : List.of(
                decoderBias("F16", shorts(0, 0, 0x7C00, 0)),
                decoderBias("BF16", shorts(0, 0, 0x7F80, 0)),
                decoderBias("F64", doubles(0, 0, 1e300, 0)))) {
            assertThatThrownBy(() -> readWithBias(bias))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("m: tensor 'decoder.bias' has the value Infinity at index [2]")
                    .hasMessageContaining("finite numbers that float32 can hold");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"I32", "U32"})
    void integerTypesCantBeWeights(String dtype) {
        assertThatThrownBy(() -> readWithBias(new RawTensor("decoder.bias", dtype, new long[] {4}, new byte[16])))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(
                        "m: tensor 'decoder.bias' has dtype %s, expected F32, F16, BF16 or F64".formatted(dtype));
    }
}
