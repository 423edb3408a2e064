package sluice.cell.weights.keras;

import io.jhdf.Superblock;
import io.jhdf.storage.HdfBackingStorage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Locale;
import java.util.function.Supplier;
import sluice.cell.model.ModelException;

/**
 * Gives the HDF5 library access to the bytes of a file. Reads outside the file are rejected, and the total read is
 * limited in proportion to the file's size.
 *
 * <p>HDF5 structures refer to each other by address. In a malicious file the addresses may form cycles, or many may
 * refer to one place, so that reading would never end. Every read passes through this class, so the limit stops it.
 */
final class Hdf5Storage implements HdfBackingStorage {
    private static final long FREE_READS = 10_000;
    private static final long FREE_BYTES = 1 << 24;

    /**
     * Limit on the bytes read, in file sizes. A valid file is read about once: names and attributes several times,
     * values once.
     */
    private static final long MAX_PASSES = 16;

    private static final int BYTES_PER_READ = 8; // the smallest unit that is read is an address

    private final byte[] file;
    private final Superblock superblock;
    private long reads;
    private long bytes;
    private long maxBytes; // limit on 'bytes' for the current part

    Hdf5Storage(byte[] file, Superblock superblock) {
        this.file = file;
        this.superblock = superblock;
        this.maxBytes = FREE_BYTES + MAX_PASSES * file.length;
    }

    /**
     * Runs a read that may use at most this number of bytes. The library creates objects of many heap bytes for each
     * byte read.
     *
     * @throws ModelException if it reads more
     */
    <T> T within(long partBytes, Supplier<T> reading) {
        long before = maxBytes;
        maxBytes = Math.min(before, bytes + partBytes);
        try {
            return reading.get();
        } finally {
            maxBytes = before;
        }
    }

    /** Counts bytes that were read without this class. */
    void count(long more) {
        reads++;
        bytes += more;
        if (reads > FREE_READS + file.length / BYTES_PER_READ || bytes > maxBytes) {
            throw new ModelException(
                    "its parts point to each other again and again, or are far larger than Keras writes "
                            + "them: the file is damaged, or malicious; save the model again");
        }
    }

    @Override
    public ByteBuffer readBufferFromAddress(long address, int length) {
        return mapNoOffset(address, length);
    }

    @Override
    public ByteBuffer map(long address, long length) {
        return mapNoOffset(address, length); // files with a user block have been rejected
    }

    /** Returns a little-endian view of a part of the file. */
    @Override
    public ByteBuffer mapNoOffset(long address, long length) {
        if (address < 0 || length < 0 || length > file.length - address) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "it points to %s bytes at byte %s, but has %d: the file is damaged or cut short, copy it again",
                    Long.toUnsignedString(length),
                    Long.toUnsignedString(address),
                    file.length));
        }
        count(length);
        return ByteBuffer.wrap(file, (int) address, (int) length)
                .slice()
                .asReadOnlyBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long getUserBlockSize() {
        return 0;
    }

    @Override
    public Superblock getSuperblock() {
        return superblock;
    }

    @Override
    public FileChannel getFileChannel() {
        throw new UnsupportedOperationException("the file is in memory");
    }

    @Override
    public int getSizeOfOffsets() {
        return superblock.getSizeOfOffsets();
    }

    @Override
    public int getSizeOfLengths() {
        return superblock.getSizeOfLengths();
    }

    @Override
    public void close() {
        // the file is in memory
    }

    @Override
    public long size() {
        return file.length;
    }

    @Override
    public boolean inMemory() {
        return true;
    }
}
