package sluice.cell.weights.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import sluice.cell.weights.onnx.ProtoWriter;

/**
 * A message of Protocol Buffers without the lengths of what it contains: a change in it leaves what is around it whole,
 * where in the message itself it would break every length that it stands in.
 *
 * <p>A row of instructions: the byte 0 ends a message; any other begins a field, whose number are its upper bits, with
 * what the lower two say: a varint, a message that lasts to its end, up to 255 bytes after their number, or four bytes.
 * Any bytes are an outline.
 */
final class ProtoOutline {
    private static final int KIND_BITS = 2;
    private static final int KIND = (1 << KIND_BITS) - 1;
    private static final int NUMBER = 0;
    private static final int MESSAGE = 1;
    private static final int SHORT_BYTES = 2;
    private static final int REAL = 3;
    private static final int END = 0;
    private static final int MAX_SHORT = 0xFF;
    private static final int MAX_DEPTH = 500;

    /** Which fields of ONNX's messages are messages themselves, by the message they stand in. */
    private static final Map<String, Map<Integer, String>> MESSAGES = Map.of(
            "Model", Map.of(7, "Graph", 8, "Opset", 14, "Entry"),
            "Graph", Map.of(1, "Node", 5, "Tensor", 11, "Value", 12, "Value"),
            "Node", Map.of(5, "Attribute"),
            "Attribute", Map.of(5, "Tensor"),
            "Tensor", Map.of(13, "Entry"),
            "Value", Map.of(2, "Type"),
            "Type", Map.of(1, "TensorType"),
            "TensorType", Map.of(2, "Shape"),
            "Shape", Map.of(1, "Dimension"));

    private ProtoOutline() {}

    /** The message that an outline stands for. */
    static byte[] message(byte[] outline) {
        Deque<ProtoWriter> open = new ArrayDeque<>();
        Deque<Integer> fields = new ArrayDeque<>();
        open.push(new ProtoWriter());
        ByteBuffer left = ByteBuffer.wrap(outline);
        while (left.hasRemaining()) {
            int instruction = left.get() & 0xFF;
            int field = instruction >>> KIND_BITS;
            if (instruction == END) {
                close(open, fields);
            } else if ((instruction & KIND) == NUMBER) {
                open.peek().number(field, varint(left));
            } else if ((instruction & KIND) == SHORT_BYTES) {
                open.peek().bytes(field, take(left, left.hasRemaining() ? left.get() & MAX_SHORT : 0));
            } else if ((instruction & KIND) == REAL) {
                byte[] real = new byte[Float.BYTES];
                left.get(real, 0, Math.min(real.length, left.remaining()));
                open.peek().tag(field, 5).raw(real);
            } else if (open.size() < MAX_DEPTH) {
                open.push(new ProtoWriter());
                fields.push(field);
            }
        }
        while (open.size() > 1) {
            close(open, fields);
        }
        return open.pop().toByteArray();
    }

    private static void close(Deque<ProtoWriter> open, Deque<Integer> fields) {
        if (open.size() > 1) {
            ProtoWriter message = open.pop();
            open.peek().message(fields.pop(), message);
        }
    }

    private static byte[] take(ByteBuffer left, int length) {
        byte[] bytes = new byte[Math.min(length, left.remaining())];
        left.get(bytes);
        return bytes;
    }

    private static long varint(ByteBuffer left) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE && left.hasRemaining(); shift += 7) {
            int next = left.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                break;
            }
        }
        return value;
    }

    /** The outline of an ONNX model, for seeds. */
    static byte[] ofModel(byte[] model) {
        ByteArrayOutputStream outline = new ByteArrayOutputStream();
        describe(ByteBuffer.wrap(model), "Model", outline);
        return outline.toByteArray();
    }

    private static void describe(ByteBuffer left, String message, ByteArrayOutputStream outline) {
        while (left.hasRemaining()) {
            long tag = varint(left);
            int field = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> {
                    outline.write(field << KIND_BITS | NUMBER);
                    outline.writeBytes(new ProtoWriter().varint(varint(left)).toByteArray());
                }
                case 5 -> {
                    outline.write(field << KIND_BITS | REAL);
                    outline.writeBytes(take(left, Float.BYTES));
                }
                default -> describe(take(left, (int) varint(left)), field, message, outline);
            }
        }
    }

    private static void describe(byte[] bytes, int field, String message, ByteArrayOutputStream outline) {
        Optional<String> inner =
                Optional.ofNullable(MESSAGES.getOrDefault(message, Map.of()).get(field));
        if (inner.isPresent()) {
            outline.write(field << KIND_BITS | MESSAGE);
            describe(ByteBuffer.wrap(bytes), inner.get(), outline);
            outline.write(END);
        } else if (bytes.length > MAX_SHORT) {
            throw new IllegalArgumentException("a seed with %d bytes in one field".formatted(bytes.length));
        } else {
            outline.write(field << KIND_BITS | SHORT_BYTES);
            outline.write(bytes.length);
            outline.writeBytes(bytes);
        }
    }
}
