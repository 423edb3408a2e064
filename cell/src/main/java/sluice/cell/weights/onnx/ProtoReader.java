package sluice.cell.weights.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;
import sluice.cell.model.ModelException;

/**
 * Reads the wire format of Protocol Buffers, one field after the other, from a file that is not trusted.
 *
 * <p>A message is a row of fields: a varint that holds number and wire type, then a varint, 4 bytes, 8 bytes, or a
 * length and as many bytes. {@link #next} goes to the next field of the message at hand, {@link #open} into one that
 * is a message itself and {@link #close} out of it; what isn't asked for is skipped unread. No length is believed
 * beyond the end of the message that it stands in, and what is kept of the file is counted.
 */
final class ProtoReader {
    /** A varint, as {@link #wire} says it. */
    static final int VARINT = 0;

    /** 8 bytes. */
    static final int FIXED64 = 1;

    /** A length and as many bytes: text, a message, packed numbers. */
    static final int BYTES = 2;

    /** 4 bytes. */
    static final int FIXED32 = 5;

    /** A hundred times what the largest LSTM needs; values of tensors don't count. */
    static final long MAX_KEPT_BYTES = 64L << 20;

    private static final int MESSAGE_BYTES = 200; // what a message of any content costs in objects
    private static final int NUMBER_BYTES = Long.BYTES;
    private static final int WIRE_TYPE_BITS = 3;
    private static final int VARINT_BITS = 7;
    private static final int MAX_FIELD = (1 << 29) - 1;
    private static final int BUFFER_BYTES = 1 << 16;

    private final SeekableByteChannel channel;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    private final Deque<Long> outerEnds = new ArrayDeque<>();
    private long bufferStart; // where in the file the buffer's first byte stands
    private long position; // in the file
    private long end; // of the message at hand
    private long valueStart; // of the field at hand
    private long fieldEnd; // where the next field begins
    private int field;
    private int wire;
    private long number; // of a field that is one
    private long kept;

    /** A part of a file: bytes {@code begin} to {@code end}, exclusive. */
    record Span(long begin, long end) {
        long bytes() {
            return end - begin;
        }
    }

    ProtoReader(SeekableByteChannel channel) throws IOException {
        this(channel, new Span(0, channel.size()));
    }

    /** @param message where the message stands */
    ProtoReader(SeekableByteChannel channel, Span message) {
        this.channel = channel;
        this.position = message.begin();
        this.fieldEnd = message.begin();
        this.end = message.end();
    }

    /** Goes to the next field; false where the message at hand has no more. */
    boolean next() throws IOException {
        position = fieldEnd;
        if (position == end) {
            return false;
        }
        long tag = varint();
        wire = (int) (tag & ((1 << WIRE_TYPE_BITS) - 1));
        long fieldNumber = tag >>> WIRE_TYPE_BITS;
        if (fieldNumber < 1 || fieldNumber > MAX_FIELD) {
            throw damaged("a field with the number %d, expected 1 to %d".formatted(fieldNumber, MAX_FIELD));
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
            default -> throw damaged("field %d has wire type %d, expected 0, 1, 2 or 5".formatted(field, wire));
        }
        fieldEnd = position;
        return true;
    }

    private long endOf(long length) {
        if (length < 0 || length > end - position) {
            throw damaged("field %d claims %s bytes, but only %d follow: the file is cut short, copy it again"
                    .formatted(field, Long.toUnsignedString(length), end - position));
        }
        return position + length;
    }

    /** The number of the field at hand. */
    int field() {
        return field;
    }

    /** How the field at hand is written: {@link #VARINT}, {@link #FIXED64}, {@link #BYTES} or {@link #FIXED32}. */
    int wire() {
        return wire;
    }

    /** The field at hand, a varint. */
    long number() {
        require(VARINT);
        return number;
    }

    /** The field at hand, four bytes. */
    float real() {
        require(FIXED32);
        return Float.intBitsToFloat((int) number);
    }

    /** The field at hand, UTF-8. */
    String text() throws IOException {
        long begin = position;
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ModelException("byte %d: a text that is not valid UTF-8".formatted(begin), e);
        }
    }

    /** The field at hand, bytes that are a text where we know what they mean. */
    String looseText() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    private byte[] bytes() throws IOException {
        Span span = span();
        keep(span.bytes() * Character.BYTES + MESSAGE_BYTES);
        byte[] bytes = new byte[(int) span.bytes()];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) read();
        }
        return bytes;
    }

    /** Where the bytes of the field at hand stand; they are not read. */
    Span span() {
        require(BYTES);
        return new Span(position, fieldEnd);
    }

    /**
     * Where the values of a repeated field stand, which are not read.
     *
     * @param single the wire type of one alone; packed ones are bytes
     */
    Span pieceOf(int single) {
        if (wire == BYTES) {
            return span();
        }
        require(single);
        return new Span(valueStart, fieldEnd);
    }

    /** Each number of a repeated field: one, or packed ones. */
    void numbers(LongConsumer consumer) throws IOException {
        each(VARINT, consumer);
    }

    /** The bits of each number of a repeated field of four bytes each: one, or packed ones. */
    void fixed32s(LongConsumer consumer) throws IOException {
        each(FIXED32, consumer);
    }

    private void each(int single, LongConsumer consumer) throws IOException {
        if (wire == single) {
            keep(NUMBER_BYTES);
            consumer.accept(number);
            return;
        }
        require(BYTES);
        open();
        while (position < end) {
            keep(NUMBER_BYTES);
            consumer.accept(single == VARINT ? varint() : fixed(Integer.BYTES));
        }
        close();
    }

    /** Goes into the field at hand, a message: {@link #next} then gives its first field. */
    void open() {
        require(BYTES);
        keep(MESSAGE_BYTES);
        outerEnds.push(end);
        end = fieldEnd;
        fieldEnd = position;
    }

    /** Goes behind the message at hand. */
    void close() {
        fieldEnd = end;
        end = outerEnds.pop();
    }

    /** Whether a span that is read as nothing but varints has one more: a reader of packed numbers asks. */
    boolean hasVarint() {
        return position < end;
    }

    /** The next varint of a span that is read as nothing but varints. */
    long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += VARINT_BITS) {
            int next = read();
            if (shift == Long.SIZE - 1 && next > 1) {
                throw damaged("a varint of more than 64 bits");
            }
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw damaged("a varint of more than 64 bits");
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
                throw damaged("the file became shorter while it was read");
            }
        }
        buffer.flip();
    }

    private void require(int expected) {
        if (wire != expected) {
            throw damaged("field %d has wire type %d, expected %d".formatted(field, wire, expected));
        }
    }

    private void keep(long bytes) {
        kept += bytes;
        if (kept > MAX_KEPT_BYTES) {
            throw damaged("names, shapes and attributes take more than %d bytes".formatted(MAX_KEPT_BYTES));
        }
    }

    private ModelException damaged(String found) {
        return new ModelException("byte %d: %s; this is no ONNX model, or a damaged one".formatted(position, found));
    }
}
