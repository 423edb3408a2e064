package sluice.cell.weights.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes one Protocol Buffers message, valid or invalid. Fields are written in the order of the calls. */
public final class ProtoWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Writes a varint field. */
    public ProtoWriter number(int field, long value) {
        return tag(field, ProtoReader.VARINT).varint(value);
    }

    /** Writes a float32 field. */
    public ProtoWriter real(int field, float value) {
        tag(field, ProtoReader.FIXED32);
        bytes.writeBytes(littleEndian(value));
        return this;
    }

    public ProtoWriter bytes(int field, byte[] value) {
        return bytes(field, value, value.length);
    }

    /** Writes bytes with a claimed length, which may be false. */
    public ProtoWriter bytes(int field, byte[] value, long claimed) {
        tag(field, ProtoReader.BYTES).varint(claimed);
        return raw(value);
    }

    public ProtoWriter text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    public ProtoWriter message(int field, ProtoWriter value) {
        return bytes(field, value.toByteArray());
    }

    /** Writes packed varints. */
    public ProtoWriter numbers(int field, long... values) {
        ProtoWriter packed = new ProtoWriter();
        for (long value : values) {
            packed.varint(value);
        }
        return bytes(field, packed.toByteArray());
    }

    /** Writes packed float32 values. {@code raw_data} has the same encoding. */
    public ProtoWriter reals(int field, float... values) {
        return bytes(field, littleEndian(values));
    }

    public static byte[] littleEndian(float... values) {
        byte[] bytes = new byte[values.length * Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
        return bytes;
    }

    public ProtoWriter tag(int field, int wire) {
        return varint(((long) field << 3) | wire);
    }

    public ProtoWriter varint(long value) {
        long remaining = value;
        while ((remaining & ~0x7FL) != 0) {
            bytes.write((int) ((remaining & 0x7F) | 0x80));
            remaining >>>= 7;
        }
        bytes.write((int) remaining);
        return this;
    }

    /** Writes bytes without tag and length. */
    public ProtoWriter raw(byte[] value) {
        bytes.writeBytes(value);
        return this;
    }

    public byte[] toByteArray() {
        return bytes.toByteArray();
    }
}
