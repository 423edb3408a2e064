package sluice.cell.weights.torch;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import sluice.cell.model.ModelException;

/** The bytes of a pickle, read from the first to the last. Each claimed length is checked before anything is allocated. */
final class PickleBytes {
    private final byte[] pickle;
    private final ByteArrayInputStream input;

    PickleBytes(byte[] pickle) {
        this.pickle = pickle;
        this.input = new ByteArrayInputStream(pickle);
    }

    /** The stream that the methods of this class read from. */
    InputStream stream() {
        return input;
    }

    /** Number of bytes read so far. */
    int at() {
        return pickle.length - input.available();
    }

    /**
     * Checks that the 4-byte length at the current position does not exceed the remaining bytes. The library would
     * allocate it without a check.
     */
    void requireLength() {
        int left = input.available() - Integer.BYTES;
        if (left < 0) {
            return; // the library reports the truncated length
        }
        long length = Integer.toUnsignedLong(
                ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN).getInt(at()));
        if (length > left) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has a text of %d bytes at byte %d, but only %d follow: the file is damaged",
                    length,
                    at(),
                    left));
        }
    }

    String line() throws IOException {
        int begin = at();
        int end = begin;
        while (end < pickle.length && pickle[end] != '\n') {
            end++;
        }
        if (end == pickle.length || end - begin > CheckpointUnpickler.MAX_NAME_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has a name at byte %d that does not end within %d bytes: the file is damaged",
                    begin,
                    CheckpointUnpickler.MAX_NAME_BYTES));
        }
        input.skipNBytes(end + 1L - begin);
        return new String(pickle, begin, end - begin, StandardCharsets.UTF_8);
    }

    /** An unsigned integer of this number of bytes. */
    long number(int bytes) throws IOException {
        long number = 0;
        for (int at = 0; at < bytes; at++) {
            int next = input.read();
            if (next < 0) {
                throw new EOFException();
            }
            number |= (long) next << (Byte.SIZE * at);
        }
        return number;
    }

    /**
     * Skips the content of bytes or of a large integer, which no weight needs.
     *
     * @param lengthBytes size of the length that precedes the content
     */
    void skipContent(String type, int lengthBytes) throws IOException {
        int begin = at();
        ByteBuffer bytes = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
        input.skipNBytes(lengthBytes);
        long length = switch (lengthBytes) {
            case 1 -> Byte.toUnsignedLong(bytes.get(begin));
            case 4 -> Integer.toUnsignedLong(bytes.getInt(begin));
            default -> bytes.getLong(begin);
        };
        if (length < 0 || length > input.available()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has %s bytes of content at byte %d, but only %d follow: the file is damaged",
                    Long.toUnsignedString(length),
                    at(),
                    input.available()));
        }
        input.skipNBytes(length);
    }
}
