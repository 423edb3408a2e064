package sluice.cell.weights.file;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;

/** Element types of tensors, with the names that safetensors uses. */
public enum ElementType {
    F64(64),
    F32(32),
    F16(16),
    BF16(16),
    C64(64),
    I64(64),
    U64(64),
    I32(32),
    U32(32),
    I16(16),
    U16(16),
    I8(8),
    U8(8),
    BOOL(8),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    F8_E4M3FNUZ(8),
    F8_E5M2FNUZ(8),
    F6_E2M3(6),
    F6_E3M2(6),
    F4(4);

    /** All names, joined for messages: {@code F64, F32, ...}. */
    public static final String NAMES =
            Arrays.stream(values()).map(ElementType::name).collect(Collectors.joining(", "));

    /** Counts and indexes, and no quantized weights. */
    public static final Set<ElementType> COUNTS = EnumSet.of(I64, U64, I32, U32, I16, U16);

    private static final int HALF_FRACTION_BITS = 10;
    private static final int HALF_INFINITE_EXPONENT = 0x1F;
    private static final int FLOAT_FRACTION_BITS = 23;
    private static final int FLOAT_INFINITE_EXPONENT = 0xFF;
    private static final int EXPONENT_BIAS_STEP = 127 - 15; // bias of float32 minus bias of float16

    private final int bits;

    ElementType(int bits) {
        this.bits = bits;
    }

    public static Optional<ElementType> named(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /**
     * The size of this many values in bytes.
     *
     * @throws ArithmeticException if that is not a whole number of bytes, or overflows a long
     */
    public long bytes(long values) {
        long total = Math.multiplyExact(values, bits);
        if (total % Byte.SIZE != 0) {
            throw new ArithmeticException(
                    String.format(Locale.ROOT, "%d values of %d bits are not a whole number of bytes", values, bits));
        }
        return total / Byte.SIZE;
    }

    /** Whether values of this type can be weights, that is, whether {@link #toFloats} supports it. */
    public boolean isWeight() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** @throws ModelException if values of this type can't be weights */
    public void requireWeight(String tensor) {
        if (!isWeight()) {
            throw new ModelException(
                    "tensor '%s' has dtype %s, expected F32, F16, BF16 or F64 for weights; save it as one of these"
                            .formatted(tensor, this));
        }
    }

    /**
     * Converts the remaining bytes of a buffer, in its byte order, to float32. F32, F16 and BF16 convert exactly. F64
     * is rounded to nearest; a value beyond the range of float32 becomes infinite.
     *
     * @param from index in the target of the first value
     */
    public void toFloats(ByteBuffer source, float[] target, int from) {
        switch (this) {
            case F32 -> source.asFloatBuffer().get(target, from, source.remaining() / Float.BYTES);
            case F64 -> doublesToFloats(source, target, from);
            case F16 -> halvesToFloats(source, target, from);
            case BF16 -> brainFloatsToFloats(source, target, from);
            default -> throw new IllegalStateException(this + " values can't be weights");
        }
    }

    private static void doublesToFloats(ByteBuffer source, float[] target, int from) {
        for (int at = from; source.hasRemaining(); at++) {
            target[at] = (float) source.getDouble();
        }
    }

    private static void halvesToFloats(ByteBuffer source, float[] target, int from) {
        for (int at = from; source.hasRemaining(); at++) {
            target[at] = halfToFloat(source.getShort());
        }
    }

    /** A bfloat16 holds the upper 16 bits of a float32. */
    private static void brainFloatsToFloats(ByteBuffer source, float[] target, int from) {
        for (int at = from; source.hasRemaining(); at++) {
            target[at] = Float.intBitsToFloat(source.getShort() << Short.SIZE);
        }
    }

    /** Converts IEEE 754 binary16 to binary32. Java 17 has no method for it. */
    private static float halfToFloat(short half) {
        int sign = (half & 0x8000) << Short.SIZE;
        int exponent = (half >>> HALF_FRACTION_BITS) & HALF_INFINITE_EXPONENT;
        int fraction = half & ((1 << HALF_FRACTION_BITS) - 1);
        if (exponent == 0) { // zero or subnormal: a multiple of 2^-24, normal in float32
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
        }
        int wide = exponent == HALF_INFINITE_EXPONENT ? FLOAT_INFINITE_EXPONENT : exponent + EXPONENT_BIAS_STEP;
        return Float.intBitsToFloat(
                sign | wide << FLOAT_FRACTION_BITS | fraction << (FLOAT_FRACTION_BITS - HALF_FRACTION_BITS));
    }
}
