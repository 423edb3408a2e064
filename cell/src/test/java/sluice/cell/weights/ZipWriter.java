package sluice.cell.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes zip archives for tests like PyTorch: entries are stored, have no sizes in the local headers, and are aligned to
 * 64 bytes by an extra field. It also writes deflated entries, zip64 records, and false sizes, methods and flags.
 */
public final class ZipWriter {
    private static final int ALIGNMENT = 64;
    private static final int SIZES_FOLLOW_AND_UTF8 = 0x0808;
    private static final int END_BYTES = 22;

    private final List<Entry> entries = new ArrayList<>();
    private boolean wide;

    /**
     * An entry.
     *
     * @param stored bytes in the archive
     * @param claimedStored stored size in the directory
     * @param claimed uncompressed size in the directory
     */
    public record Entry(String name, int method, int flags, byte[] stored, long claimedStored, long claimed, long crc) {
        public Entry claiming(long bytes) {
            return new Entry(name, method, flags, stored, claimedStored, bytes, crc);
        }

        public Entry claimingStored(long bytes) {
            return new Entry(name, method, flags, stored, bytes, claimed, crc);
        }

        public Entry by(int otherMethod) {
            return new Entry(name, otherMethod, flags, stored, claimedStored, claimed, crc);
        }

        public Entry flagged(int moreFlags) {
            return new Entry(name, method, flags | moreFlags, stored, claimedStored, claimed, crc);
        }
    }

    public ZipWriter with(String name, byte[] bytes) {
        return with(name, bytes, UnaryOperator.identity());
    }

    public ZipWriter with(String name, byte[] bytes, UnaryOperator<Entry> change) {
        entries.add(
                change.apply(new Entry(name, 0, SIZES_FOLLOW_AND_UTF8, bytes, bytes.length, bytes.length, crc(bytes))));
        return this;
    }

    public ZipWriter withDeflated(String name, byte[] bytes) {
        return withDeflated(name, bytes, UnaryOperator.identity());
    }

    public ZipWriter withDeflated(String name, byte[] bytes, UnaryOperator<Entry> change) {
        byte[] deflated = deflate(bytes);
        entries.add(change.apply(
                new Entry(name, 8, SIZES_FOLLOW_AND_UTF8, deflated, deflated.length, bytes.length, crc(bytes))));
        return this;
    }

    /** Writes zip64 records and fields, regardless of the size. */
    public ZipWriter wide() {
        wide = true;
        return this;
    }

    public byte[] bytes() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            int at = file.size();
            byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
            int padding = (ALIGNMENT - (at + 30 + name.length + 4) % ALIGNMENT) % ALIGNMENT;
            file.writeBytes(buffer(30)
                    .putInt(0x04034b50)
                    .putShort((short) 0)
                    .putShort((short) entry.flags())
                    .putShort((short) entry.method())
                    .putInt(0) // time and date
                    .putInt(0) // checksum and sizes follow
                    .putInt(0)
                    .putInt(0)
                    .putShort((short) name.length)
                    .putShort((short) (4 + padding))
                    .array());
            file.writeBytes(name);
            file.writeBytes("FB".getBytes(StandardCharsets.US_ASCII));
            file.writeBytes(buffer(2 + padding).putShort((short) padding).array());
            file.writeBytes(entry.stored());
            file.writeBytes(buffer(16)
                    .putInt(0x08074b50)
                    .putInt((int) entry.crc())
                    .putInt((int) entry.claimedStored())
                    .putInt((int) entry.claimed())
                    .array());
            writeDirectoryEntry(directory, entry, name, at);
        }
        int directoryAt = file.size();
        file.writeBytes(directory.toByteArray());
        writeEnd(file, directoryAt);
        return file.toByteArray();
    }

    private void writeDirectoryEntry(ByteArrayOutputStream directory, Entry entry, byte[] name, int at) {
        byte[] extra = wide
                ? buffer(4 + 24)
                        .putShort((short) 1)
                        .putShort((short) 24)
                        .putLong(entry.claimed())
                        .putLong(entry.claimedStored())
                        .putLong(at)
                        .array()
                : new byte[0];
        directory.writeBytes(buffer(46)
                .putInt(0x02014b50)
                .putInt(0) // versions
                .putShort((short) entry.flags())
                .putShort((short) entry.method())
                .putInt(0)
                .putInt((int) entry.crc())
                .putInt(wide ? -1 : (int) entry.claimedStored())
                .putInt(wide ? -1 : (int) entry.claimed())
                .putShort((short) name.length)
                .putShort((short) extra.length)
                .putShort((short) 0)
                .putLong(0) // disk and attributes
                .putInt(wide ? -1 : at)
                .array());
        directory.writeBytes(name);
        directory.writeBytes(extra);
    }

    private void writeEnd(ByteArrayOutputStream file, int directoryAt) {
        int directoryBytes = file.size() - directoryAt;
        if (wide) {
            int at = file.size();
            file.writeBytes(buffer(56)
                    .putInt(0x06064b50)
                    .putLong(44)
                    .putInt(0)
                    .putLong(0) // disks
                    .putLong(entries.size())
                    .putLong(entries.size())
                    .putLong(directoryBytes)
                    .putLong(directoryAt)
                    .array());
            file.writeBytes(buffer(20)
                    .putInt(0x07064b50)
                    .putInt(0)
                    .putLong(at)
                    .putInt(1)
                    .array());
        }
        file.writeBytes(buffer(END_BYTES)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort((short) (wide ? -1 : entries.size()))
                .putShort((short) (wide ? -1 : entries.size()))
                .putInt(wide ? -1 : directoryBytes)
                .putInt(wide ? -1 : directoryAt)
                .putShort((short) 0)
                .array());
    }

    public static byte[] deflate(byte[] bytes) {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        try {
            deflater.setInput(bytes);
            deflater.finish();
            ByteArrayOutputStream deflated = new ByteArrayOutputStream();
            byte[] chunk = new byte[8_192];
            while (!deflater.finished()) {
                deflated.write(chunk, 0, deflater.deflate(chunk));
            }
            return deflated.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
