package sluice.job.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.hadoop.fs.FSDataInputStream;

/** A file of any Hadoop file system as a read-only {@link SeekableByteChannel}, which the weight readers take. */
public final class HadoopChannel implements SeekableByteChannel {
    private static final int CHUNK_BYTES = 1 << 20;

    private final FSDataInputStream stream;
    private final long size;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private boolean open = true;

    public HadoopChannel(FSDataInputStream stream, long size) {
        this.stream = stream;
        this.size = size;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int wanted = Math.min(target.remaining(), chunk.length);
        int count = stream.read(chunk, 0, wanted);
        if (count > 0) {
            target.put(chunk, 0, count);
        }
        return count;
    }

    @Override
    public long position() throws IOException {
        return stream.getPos();
    }

    @Override
    public SeekableByteChannel position(long position) throws IOException {
        stream.seek(position);
        return this;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        open = false;
        stream.close();
    }
}
