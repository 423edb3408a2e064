package sluice.cell.weights.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Locale;

/** A byte range of a file as a stream. */
public final class ChannelBytes extends InputStream {
    private final SeekableByteChannel channel;
    private final long end;
    private long at;

    /** @param begin offset of the range in the file; the range must lie inside the file */
    public ChannelBytes(SeekableByteChannel channel, long begin, long length) {
        this.channel = channel;
        this.at = begin;
        this.end = begin + length;
    }

    /** Fills the buffer up to its limit, starting at this position of the file. */
    public static void read(SeekableByteChannel channel, long position, ByteBuffer buffer) throws IOException {
        channel.position(position);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException(String.format(
                        Locale.ROOT,
                        "the file ended at byte %d while it was read: it was truncated during the read",
                        channel.position()));
            }
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    /** Reads {@code length} bytes, or all that remain. The channel is repositioned first: it is shared. */
    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        int count = (int) Math.min(length, end - at);
        if (length == 0) {
            return 0;
        }
        if (count == 0) {
            return -1;
        }
        read(channel, at, ByteBuffer.wrap(target, from, count));
        at += count;
        return count;
    }
}
