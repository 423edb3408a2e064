package sluice.cell.weights;

import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** A file in memory. Each read returns at most {@value #MAX_READ_BYTES} bytes, which channels are allowed to do. */
public final class MemoryChannel implements SeekableByteChannel {
    private static final int MAX_READ_BYTES = 1_000;

    private final byte[] bytes;
    private int position;
    private boolean open = true;

    public MemoryChannel(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read(ByteBuffer target) {
        if (position >= bytes.length) {
            return -1;
        }
        int count = Math.min(MAX_READ_BYTES, Math.min(target.remaining(), bytes.length - position));
        target.put(bytes, position, count);
        position += count;
        return count;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) {
        position = Math.toIntExact(newPosition);
        return this;
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
