package sluice.cell.weights.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import sluice.cell.model.ModelException;

/**
 * Reads the entries of a zip archive, stored or deflated, with random access.
 *
 * <p>The zip readers of the JDK need a local file, or entry sizes in the local headers, which PyTorch does not write.
 * Checksums are not verified: PyTorch can omit them and does not verify them either.
 */
public final class ZipArchive {
    private static final int HEADER_SIGNATURE = 0x04034b50;
    private static final int HEADER_BYTES = 30;

    private final SeekableByteChannel channel;
    private final ZipDirectory directory;

    private ZipArchive(SeekableByteChannel channel, ZipDirectory directory) {
        this.channel = channel;
        this.directory = directory;
    }

    /** Reads and checks the directory. */
    public static ZipArchive open(SeekableByteChannel channel) throws IOException {
        return new ZipArchive(channel, ZipDirectory.read(channel));
    }

    public Set<String> names() {
        return Collections.unmodifiableSet(directory.entries().keySet());
    }

    public boolean has(String name) {
        return directory.entries().containsKey(name);
    }

    /** Uncompressed size of an entry in bytes, as the directory claims. {@link #read} verifies it. */
    public long bytes(String name) {
        return directory.entries().get(name).bytes();
    }

    public boolean isDeflated(String name) {
        return directory.entries().get(name).deflated();
    }

    /**
     * Reads all bytes of an entry.
     *
     * @throws ModelException if the entry doesn't match the directory
     */
    public byte[] read(String name) throws IOException {
        ZipEntry entry = directory.entries().get(name);
        byte[] bytes = Allocation.bytes("the zip entry '%s'".formatted(name), entry.bytes());
        try (InputStream stream = entry.deflated() ? new Inflated(stored(entry, 0)) : stored(entry, 0)) {
            int count = stream.readNBytes(bytes, 0, bytes.length);
            if (count < bytes.length || stream.read() >= 0) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the zip entry '%s' inflates to %s bytes, but claims to have %d: the file is damaged",
                        name,
                        count < bytes.length ? Integer.toString(count) : "more",
                        bytes.length));
            }
        } catch (ZipException | EOFException e) {
            throw new ModelException(
                    "the zip entry '%s' can't be inflated: %s; the file is damaged, copy it again"
                            .formatted(name, e.getMessage()),
                    e);
        }
        return bytes;
    }

    /** The bytes of an entry that is not deflated, from the offset {@code from} to the end. */
    public InputStream stored(String name, long from) throws IOException {
        return stored(directory.entries().get(name), from);
    }

    private InputStream stored(ZipEntry entry, long from) throws IOException {
        return new ChannelBytes(channel, contentOffset(entry) + from, entry.storedBytes() - from);
    }

    /** Offset of the content of an entry. It follows the local header, whose length only that header contains. */
    private long contentOffset(ZipEntry entry) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (entry.headerAt() > directory.begin() - HEADER_BYTES) {
            throw misplaced(entry);
        }
        ChannelBytes.read(channel, entry.headerAt(), header);
        long at = entry.headerAt()
                + HEADER_BYTES
                + Short.toUnsignedInt(header.getShort(26)) // name
                + Short.toUnsignedInt(header.getShort(28)); // extra field: PyTorch pads it to align the content
        if (header.getInt(0) != HEADER_SIGNATURE || at > directory.begin() - entry.storedBytes()) {
            throw misplaced(entry);
        }
        return at;
    }

    private static ModelException misplaced(ZipEntry entry) {
        return new ModelException(String.format(
                Locale.ROOT,
                "the zip entry '%s' is not at byte %d, where the directory says, or is shorter than %d bytes: "
                        + "the file is damaged, copy it again",
                entry.name(),
                entry.headerAt(),
                entry.storedBytes()));
    }

    private static final class Inflated extends InflaterInputStream {
        Inflated(InputStream deflated) {
            super(deflated, new Inflater(true)); // raw deflate: zip entries have no zlib header
        }

        @Override
        public void close() throws IOException {
            try {
                super.close();
            } finally {
                inf.end(); // frees native memory
            }
        }
    }
}
