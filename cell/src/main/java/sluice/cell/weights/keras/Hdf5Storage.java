package sluice.cell.weights.keras;

import io.jhdf.Superblock;
import io.jhdf.storage.HdfBackingStorage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.function.Supplier;
import sluice.cell.model.ModelException;

/**
 * The bytes of an HDF5 file, as the library asks for them: nothing outside of the file, and no more of it than a file of this size can
 * need.
 *
 * <p>The structures of HDF5 are addresses that lead to other addresses. In a file that is made to do harm they lead in circles, or to one
 * place from many: reading that would never end, but each step of it asks here.
 */
final class Hdf5Storage implements HdfBackingStorage {
    private static final long FREE_READS = 10_000;
    private static final long FREE_BYTES = 1 << 24;

    /** An honest file is read about once: names and attributes several times, values once. */
    private static final long MAX_PASSES = 16;

    private static final int BYTES_PER_READ = 8; // the smallest thing that is read on its own is an address

    private final byte[] file;
    private final Superblock superblock;
    private long reads;
    private long bytes;
    private long maxBytes; // that may be read for the part at hand

    Hdf5Storage(byte[] file, Superblock superblock) {
        this.file = file;
        this.superblock = superblock;
        this.maxBytes = FREE_BYTES + MAX_PASSES * file.length;
    }

    /**
     * Reads a part of the file that has no more bytes than these: what the library makes of a byte is many of the heap.
     *
     * @throws ModelException where it asks for more
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

    /** Counts bytes that were read elsewhere than here. */
    void count(long more) {
        reads++;
        bytes += more;
        if (reads > FREE_READS + file.length / BYTES_PER_READ || bytes > maxBytes) {
            throw new ModelException(
                    "its parts point to each other again and again, or are far larger than Keras writes "
                            + "them: the file is damaged, or made to take all time and memory; save the model again");
        }
    }

    @Override
    public ByteBuffer readBufferFromAddress(long address, int length) {
        return mapNoOffset(address, length);
    }

    @Override
    public ByteBuffer map(long address, long length) {
        return mapNoOffset(address, length); // files with something in front of the HDF5 have been refused
    }

    /** A view of a part of the file, little-endian. */
    @Override
    public ByteBuffer mapNoOffset(long address, long length) {
        if (address < 0 || length < 0 || length > file.length - address) {
            throw new ModelException(
                    "it points to %s bytes at byte %s, but has %d: the file is damaged or cut short, copy it again"
                            .formatted(Long.toUnsignedString(length), Long.toUnsignedString(address), file.length));
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
        // there is nothing to close
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
