package sluice.cell.weights.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.function.LongConsumer;
import sluice.cell.model.ModelException;

/**
 * Reads the wire format of Protocol Buffers, field by field, from an untrusted file.
 *
 * <p>A message is a sequence of fields: a varint with field number and wire type, then a varint, 4 bytes, 8 bytes, or a
 * length and as many bytes. {@link #next} moves to the next field of the current message, {@link #open} enters a field
 * that is a message, and {@link #close} leaves it. Fields that are not requested are skipped. A length beyond the end of
 * the enclosing message is an error, and the memory for what is kept is limited.
 */
final class ProtoReader {
    /** Wire type of a varint. */
    static final int VARINT = 0;

    /** Wire type of 8 bytes. */
    static final int FIXED64 = 1;

    /** Wire type of a length and as many bytes: text, a message, or packed numbers. */
    static final int BYTES = 2;

    /** Wire type of 4 bytes. */
    static final int FIXED32 = 5;

    /** Limit of memory for names, shapes and attributes: a hundred times what the largest LSTM needs. */
    static final long MAX_KEPT_BYTES = 64L << 20;

    private static final int MESSAGE_BYTES = 200; // approximate object overhead of a message
    private static final int NUMBER_BYTES = Long.BYTES;
    private static final int WIRE_TYPE_BITS = 3;
    private static final int VARINT_BITS = 7;
    private static final int MAX_FIELD = (1 << 29) - 1;
    private static final int BUFFER_BYTES = 1 << 16;

    private final SeekableByteChannel channel;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    private final Deque<Long> outerEnds = new ArrayDeque<>();
    private long bufferStart; // file offset of the first byte of the buffer
    private long position; // file offset
    private long end; // end of the current message
    private long valueStart; // start of the value of the current field
    private long fieldEnd; // start of the next field
    private int field;
    private int wire;
    private long number; // value of the current field, unless its wire type is BYTES
    private long keptBytes;

    /** A byte range of a file: {@code begin} inclusive, {@code end} exclusive. */
    record Span(long begin, long end) {
        long bytes() {
            return end - begin;
        }
    }

    ProtoReader(SeekableByteChannel channel) throws IOException {
        this(channel, new Span(0, channel.size()));
    }

    /** @param message location of the message */
    ProtoReader(SeekableByteChannel channel, Span message) {
        this.channel = channel;
        this.position = message.begin();
        this.fieldEnd = message.begin();
        this.end = message.end();
    }

    /** Moves to the next field. Returns false if the current message has no more. */
    boolean next() throws IOException {
        position = fieldEnd;
        if (position == end) {
            return false;
        }
        long tag = varint();
        wire = (int) (tag & ((1 << WIRE_TYPE_BITS) - 1));
        long fieldNumber = tag >>> WIRE_TYPE_BITS;
        if (fieldNumber < 1 || fieldNumber > MAX_FIELD) {
            throw damaged(
                    String.format(Locale.ROOT, "a field has the number %d, expected 1 to %d", fieldNumber, MAX_FIELD));
        }
        field = (int) fieldNumber;
        valueStart = position;
        switch (wire) {
            case VARINT -> number = varint();
            case FIXED64 -> number = fixed(Long.BYTES);
            case FIXED32 -> number = fixed(Integer.BYTES);
            case BYTES -> {
                fieldEnd = endOf(varint());
                return true;
            }
            default ->
                throw damaged(
                        String.format(Locale.ROOT, "field %d has wire type %d, expected 0, 1, 2 or 5", field, wire));
        }
        fieldEnd = position;
        return true;
    }

    private long endOf(long length) {
        if (length < 0 || length > end - position) {
            throw damaged(String.format(
                    Locale.ROOT,
                    "field %d claims %s bytes, but only %d follow: the file is cut short, copy it again",
                    field,
                    Long.toUnsignedString(length),
                    end - position));
        }
        return position + length;
    }

    /** Number of the current field. */
    int field() {
        return field;
    }

    /** Wire type of the current field: {@link #VARINT}, {@link #FIXED64}, {@link #BYTES} or {@link #FIXED32}. */
    int wire() {
        return wire;
    }

    /** Value of the current field, a varint. */
    long number() {
        require(VARINT);
        return number;
    }

    /** Value of the current field, a float32. */
    float floatValue() {
        require(FIXED32);
        return Float.intBitsToFloat((int) number);
    }

    /** Value of the current field, UTF-8. */
    String text() throws IOException {
        long begin = position;
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "byte %d: a text is not valid UTF-8; this is not an ONNX model, or a damaged one",
                            begin),
                    e);
        }
    }

    /** Value of the current field, bytes decoded as UTF-8; malformed input is replaced. */
    String lenientText() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    private byte[] bytes() throws IOException {
        Span span = span();
        addKept(span.bytes() * Character.BYTES + MESSAGE_BYTES);
        byte[] bytes = new byte[(int) span.bytes()];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) read();
        }
        return bytes;
    }

    /** Location of the bytes of the current field; they are not read. */
    Span span() {
        require(BYTES);
        return new Span(position, fieldEnd);
    }

    /**
     * Location of the values of a repeated field; they are not read.
     *
     * @param single wire type of an unpacked value; packed values have wire type {@link #BYTES}
     */
    Span valuesSpan(int single) {
        if (wire == BYTES) {
            return span();
        }
        require(single);
        return new Span(valueStart, fieldEnd);
    }

    /** Reads the varints of a repeated field: one, or packed ones. */
    void numbers(LongConsumer consumer) throws IOException {
        forEach(VARINT, consumer);
    }

    /** Reads the 4-byte values of a repeated field: one, or packed ones. */
    void fixed32s(LongConsumer consumer) throws IOException {
        forEach(FIXED32, consumer);
    }

    private void forEach(int single, LongConsumer consumer) throws IOException {
        if (wire == single) {
            addKept(NUMBER_BYTES);
            consumer.accept(number);
            return;
        }
        require(BYTES);
        open();
        while (position < end) {
            addKept(NUMBER_BYTES);
            consumer.accept(single == VARINT ? varint() : fixed(Integer.BYTES));
        }
        close();
    }

    /** Enters the current field, a message: {@link #next} then moves to its first field. */
    void open() {
        require(BYTES);
        addKept(MESSAGE_BYTES);
        outerEnds.push(end);
        end = fieldEnd;
        fieldEnd = position;
    }

    /** Leaves the current message: {@link #next} then moves to the field after it. */
    void close() {
        fieldEnd = end;
        end = outerEnds.pop();
    }

    /** Whether a span of packed varints has another one. */
    boolean hasVarint() {
        return position < end;
    }

    /** Reads the next varint. */
    long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += VARINT_BITS) {
            int next = read();
            if (shift == Long.SIZE - 1 && next > 1) {
                throw damaged("a varint has more than 64 bits");
            }
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw damaged("a varint has more than 64 bits");
    }

    private long fixed(int bytes) throws IOException {
        long value = 0;
        for (int at = 0; at < bytes; at++) {
            value |= (long) read() << (at * Byte.SIZE);
        }
        return value;
    }

    private int read() throws IOException {
        if (position >= end) {
            throw damaged("the message ends in the middle of a field: the file is cut short, copy it again");
        }
        long offset = position - bufferStart;
        if (offset < 0 || offset >= buffer.limit()) {
            fill();
            offset = 0;
        }
        position++;
        return buffer.get((int) offset) & 0xFF;
    }

    private void fill() throws IOException {
        bufferStart = position;
        channel.position(position);
        buffer.clear();
        while (buffer.position() == 0) {
            if (channel.read(buffer) < 0) {
                buffer.limit(0);
                throw damaged("the file was truncated while it was read");
            }
        }
        buffer.flip();
    }

    private void require(int expected) {
        if (wire != expected) {
            throw damaged(String.format(Locale.ROOT, "field %d has wire type %d, expected %d", field, wire, expected));
        }
    }

    private void addKept(long bytes) {
        keptBytes += bytes;
        if (keptBytes > MAX_KEPT_BYTES) {
            throw damaged(String.format(
                    Locale.ROOT, "names, shapes and attributes take more than %d bytes of memory", MAX_KEPT_BYTES));
        }
    }

    private ModelException damaged(String found) {
        return new ModelException(String.format(
                Locale.ROOT, "byte %d: %s; this is not an ONNX model, or a damaged one", position, found));
    }
}
