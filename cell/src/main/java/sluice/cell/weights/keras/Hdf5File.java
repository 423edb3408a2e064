package sluice.cell.weights.keras;

import io.jhdf.Superblock;
import io.jhdf.Superblock.SuperblockV0V1;
import io.jhdf.Superblock.SuperblockV2V3;
import io.jhdf.SymbolTableEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.Locale;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ChannelBytes;

/**
 * Opens HDF5 files, limited to the features that Keras uses.
 *
 * <p>Only the {@code Hdf5...} classes use the HDF5 library. It parses the structures of a file and trusts them, so
 * these classes add the checks. The whole file is in memory, and {@link Hdf5Storage} gives the library access to
 * nothing else. Links are followed by these classes, not by the library. Sizes are compared with the file before
 * anything is allocated. {@link Hdf5Library#guarded} turns every exception of the library into a message.
 *
 * <p>The format is defined by the "HDF5 File Format Specification" of the HDF Group.
 */
final class Hdf5File {
    private static final int MIN_BYTES = 48; // of the smallest superblock

    private Hdf5File() {}

    /**
     * Reads a file into memory and opens it.
     * @return its root group
     * @throws ModelException if it is larger than an array can be, or not a complete HDF5 file
     */
    static Hdf5Group open(SeekableByteChannel channel) throws IOException {
        byte[] bytes = Allocation.bytes("an HDF5 file", channel.size());
        ChannelBytes.read(channel, 0, ByteBuffer.wrap(bytes));
        return open(bytes);
    }

    /** Opens a file that is in memory. The caller must not change the bytes afterwards. */
    static Hdf5Group open(byte[] file) {
        return Hdf5Library.guarded("the HDF5 file", () -> {
            Superblock superblock = superblock(file);
            Hdf5Storage storage = new Hdf5Storage(file, superblock);
            long root = superblock instanceof SuperblockV0V1 old
                    ? new SymbolTableEntry(storage, old.getRootGroupSymbolTableAddress()).getObjectHeaderAddress()
                    : ((SuperblockV2V3) superblock).getRootGroupObjectHeaderAddress();
            return new Hdf5Group(storage, "", Hdf5Library.header(storage, root));
        });
    }

    private static Superblock superblock(byte[] file) {
        if (file.length < MIN_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the HDF5 file has %d bytes, expected at least %d: it is cut short, copy it again",
                    file.length,
                    MIN_BYTES));
        }
        Superblock superblock = Superblock.readSuperblock(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
        requireWidth(superblock.getSizeOfOffsets());
        requireWidth(superblock.getSizeOfLengths());
        if (superblock.getBaseAddressByte() != 0) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the HDF5 file says that it begins at byte %d, expected 0, as Keras writes it",
                    superblock.getBaseAddressByte()));
        }
        long end = superblock.getEndOfFileAddress();
        if (end < 0 || end > file.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the HDF5 file says that it has %s bytes, but it has %d: it is cut short, copy it again",
                    Long.toUnsignedString(end),
                    file.length));
        }
        return superblock;
    }

    private static void requireWidth(int bytes) {
        if (bytes != Integer.BYTES && bytes != Long.BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT, "the HDF5 file has addresses of %d bytes, expected 4 or 8: it is damaged", bytes));
        }
    }
}
