package sluice.cell.weights.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import sluice.cell.weights.onnx.ProtoWriter;

/**
 * A form of Protocol Buffers messages without lengths, for fuzzing. A change in an outline leaves the surrounding messages
 * intact. The same change in a message would break the length of every enclosing message.
 *
 * <p>An outline is a sequence of instructions. The byte 0 ends a message. Any other byte begins a field: its upper bits are
 * the field number, its lower two bits the kind: a varint, a message up to its end, a length of one byte and as many bytes,
 * or four bytes. Any bytes are a valid outline.
 */
final class ProtoOutline {
    private static final int KIND_BITS = 2;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;
    private static final int NUMBER = 0;
    private static final int MESSAGE = 1;
    private static final int SHORT_BYTES = 2;
    private static final int FIXED32 = 3;
    private static final int END = 0;
    private static final int MAX_SHORT = 0xFF;
    private static final int MAX_DEPTH = 500;

    /** The fields of ONNX messages that are messages, by enclosing message. */
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

    /** Converts an outline to a message. */
    static byte[] message(byte[] outline) {
        Deque<ProtoWriter> open = new ArrayDeque<>();
        Deque<Integer> fields = new ArrayDeque<>();
        open.push(new ProtoWriter());
        ByteBuffer input = ByteBuffer.wrap(outline);
        while (input.hasRemaining()) {
            int instruction = input.get() & 0xFF;
            int field = instruction >>> KIND_BITS;
            if (instruction == END) {
                close(open, fields);
            } else if ((instruction & KIND_MASK) == NUMBER) {
                open.peek().number(field, varint(input));
            } else if ((instruction & KIND_MASK) == SHORT_BYTES) {
                open.peek().bytes(field, take(input, input.hasRemaining() ? input.get() & MAX_SHORT : 0));
            } else if ((instruction & KIND_MASK) == FIXED32) {
                byte[] bytes = new byte[Float.BYTES];
                input.get(bytes, 0, Math.min(bytes.length, input.remaining()));
                open.peek().tag(field, 5).raw(bytes);
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

    private static byte[] take(ByteBuffer input, int length) {
        byte[] bytes = new byte[Math.min(length, input.remaining())];
        input.get(bytes);
        return bytes;
    }

    private static long varint(ByteBuffer input) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE && input.hasRemaining(); shift += 7) {
            int next = input.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                break;
            }
        }
        return value;
    }

    /** Converts an ONNX model to an outline, for seeds. */
    static byte[] ofModel(byte[] model) {
        ByteArrayOutputStream outline = new ByteArrayOutputStream();
        describe(ByteBuffer.wrap(model), "Model", outline);
        return outline.toByteArray();
    }

    private static void describe(ByteBuffer input, String message, ByteArrayOutputStream outline) {
        while (input.hasRemaining()) {
            long tag = varint(input);
            int field = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> {
                    outline.write(field << KIND_BITS | NUMBER);
                    outline.writeBytes(new ProtoWriter().varint(varint(input)).toByteArray());
                }
                case 5 -> {
                    outline.write(field << KIND_BITS | FIXED32);
                    outline.writeBytes(take(input, Float.BYTES));
                }
                default -> describe(take(input, (int) varint(input)), field, message, outline);
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
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "a seed has %d bytes in one field, expected at most 255", bytes.length));
        } else {
            outline.write(field << KIND_BITS | SHORT_BYTES);
            outline.write(bytes.length);
            outline.writeBytes(bytes);
        }
    }
}
