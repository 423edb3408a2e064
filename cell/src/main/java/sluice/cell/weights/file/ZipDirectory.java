package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import sluice.cell.model.ModelException;

/**
 * The central directory of a zip archive, with the zip64 extensions, as PKWARE's APPNOTE.TXT defines them. It is the
 * only reliable source of entry sizes: local headers may omit them, and PyTorch's do.
 */
final class ZipDirectory {
    /** More than a thousand times the number of entries of a checkpoint. */
    private static final int MAX_ENTRIES = 200_000;

    private static final int MAX_BYTES = 1 << 25;
    private static final int MAX_NAME_BYTES = 1_000;

    /** Maximum ratio of inflated to stored size. Weights hardly compress; a larger ratio indicates a zip bomb. */
    private static final int MAX_EXPANSION = 100;

    /** Entries up to this size are exempt from {@link #MAX_EXPANSION}. */
    private static final int FREE_EXPANSION_BYTES = 1 << 16;

    /** Maximum length of the comment after the end record: its length field has 16 bits. */
    private static final int MAX_COMMENT_BYTES = 0xFFFF;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int END64_LOCATOR_SIGNATURE = 0x07064b50;
    private static final int END64_LOCATOR_BYTES = 20;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int END64_BYTES = 56;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int ZIP64_FIELDS = 0x0001; // ID of the extra field with 64-bit sizes

    private static final int ENCRYPTED = 1; // flag bit of an entry
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private final Map<String, ZipEntry> entries = new LinkedHashMap<>();
    private final long begin;

    private ZipDirectory(long begin) {
        this.begin = begin;
    }

    /** Entries by name, in the order of the directory. */
    Map<String, ZipEntry> entries() {
        return entries;
    }

    /** Offset of the directory in the archive. All entries lie before it. */
    long begin() {
        return begin;
    }

    /** @throws ModelException if there is no directory, or it doesn't match the archive */
    static ZipDirectory read(SeekableByteChannel channel) throws IOException {
        EndRecord end = endRecord(channel);
        if (end.begin < 0 || end.length < 0 || end.begin > end.at || end.length > end.at - end.begin) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip directory claims %s bytes at byte %s, but the record that ends it is at byte %d: "
                            + "the file is damaged, copy it again",
                    Long.toUnsignedString(end.length),
                    Long.toUnsignedString(end.begin),
                    end.at));
        }
        if (end.length > MAX_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip directory has %d bytes, expected at most %d: this is not a model",
                    end.length,
                    MAX_BYTES));
        }
        if (end.entries < 0 || end.entries > MAX_ENTRIES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip directory claims %s entries, expected at most %d: this is not a model",
                    Long.toUnsignedString(end.entries),
                    MAX_ENTRIES));
        }
        requireNothingBefore(channel, end);
        ZipDirectory directory = new ZipDirectory(end.begin);
        directory.readEntries(bytes(channel, end.begin, (int) end.length), end.entries);
        return directory;
    }

    /**
     * Rejects an archive that follows other content in the file, which shifts its directory. Only the zip64 records may stand
     * between the directory and its end record.
     */
    private static void requireNothingBefore(SeekableByteChannel channel, EndRecord end) throws IOException {
        long gap = end.at - end.length - end.begin;
        if (end.length < ENTRY_BYTES || isEntryAt(channel, end.begin)) {
            return;
        }
        for (long shift : new long[] {gap, gap - END64_BYTES - END64_LOCATOR_BYTES}) {
            if (shift > 0 && isEntryAt(channel, end.begin + shift)) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the file has %d bytes before its last zip archive, expected one archive; if it is a part (.distcp) of a "
                                + "checkpoint of torch.distributed.checkpoint, python -m "
                                + "torch.distributed.checkpoint.format_utils dcp_to_torch DIRECTORY model.pt makes one file",
                        shift));
            }
        }
    }

    private static boolean isEntryAt(SeekableByteChannel channel, long position) throws IOException {
        return bytes(channel, position, Integer.BYTES).getInt(0) == ENTRY_SIGNATURE;
    }

    /**
     * The end of central directory record.
     *
     * @param at offset of this record, or of the zip64 record that replaces it
     * @param begin offset of the directory
     */
    private record EndRecord(long at, long entries, long length, long begin) {}

    private static EndRecord endRecord(SeekableByteChannel channel) throws IOException {
        long fileBytes = channel.size();
        int tailBytes = (int) Math.min(fileBytes, END_BYTES + MAX_COMMENT_BYTES);
        ByteBuffer tail = bytes(channel, fileBytes - tailBytes, tailBytes);
        for (int at = tailBytes - END_BYTES; at >= 0; at--) {
            boolean fits = tail.getInt(at) == END_SIGNATURE
                    && Short.toUnsignedInt(tail.getShort(at + 20)) == tailBytes - END_BYTES - at;
            if (fits) {
                return endRecord(
                        channel,
                        fileBytes - tailBytes + at,
                        tail.slice(at, END_BYTES).order(tail.order()));
            }
        }
        throw new ModelException("the zip archive has no directory at its end: the file is cut short, or other content "
                + "follows the archive; copy the file again");
    }

    private static EndRecord endRecord(SeekableByteChannel channel, long at, ByteBuffer end) throws IOException {
        EndRecord narrow = new EndRecord(
                at,
                Short.toUnsignedLong(end.getShort(10)),
                Integer.toUnsignedLong(end.getInt(12)),
                Integer.toUnsignedLong(end.getInt(16)));
        boolean zip64 = narrow.entries == 0xFFFF || narrow.length == 0xFFFFFFFFL || narrow.begin == 0xFFFFFFFFL;
        return zip64 ? zip64Record(channel, at) : narrow;
    }

    private static EndRecord zip64Record(SeekableByteChannel channel, long endAt) throws IOException {
        if (endAt >= END64_LOCATOR_BYTES) {
            ByteBuffer locator = bytes(channel, endAt - END64_LOCATOR_BYTES, END64_LOCATOR_BYTES);
            long at = locator.getLong(8);
            if (locator.getInt(0) == END64_LOCATOR_SIGNATURE
                    && at >= 0
                    && at <= endAt - END64_LOCATOR_BYTES - END64_BYTES) {
                ByteBuffer record = bytes(channel, at, END64_BYTES);
                if (record.getInt(0) == END64_SIGNATURE) {
                    return new EndRecord(at, record.getLong(32), record.getLong(40), record.getLong(48));
                }
            }
        }
        throw new ModelException(
                "the zip archive has no zip64 end record, which its directory needs: the file is damaged, copy it again");
    }

    private static ByteBuffer bytes(SeekableByteChannel channel, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        ChannelBytes.read(channel, position, bytes);
        return bytes.flip();
    }

    private void readEntries(ByteBuffer directory, long count) {
        long covered = 0;
        for (long number = 0; number < count; number++) {
            if (directory.remaining() < ENTRY_BYTES || directory.getInt(directory.position()) != ENTRY_SIGNATURE) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "the zip directory claims %d entries, but entry %d is not valid: the file is damaged",
                        count,
                        number));
            }
            ZipEntry entry = readEntry(directory);
            covered += entry.storedBytes(); // no overflow: each is smaller than the file, and their number is limited
            if (covered > begin) {
                throw new ModelException(
                        "the zip archive has entries that overlap, expected separate ones: no framework writes such a file");
            }
            if (entries.putIfAbsent(entry.name(), entry) != null) {
                throw new ModelException(
                        "the zip archive has two entries '%s', expected each name once: no framework writes such a file"
                                .formatted(entry.name()));
            }
        }
        if (directory.hasRemaining()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip directory has %d bytes after its last entry, expected none: the file is damaged",
                    directory.remaining()));
        }
    }

    private ZipEntry readEntry(ByteBuffer directory) {
        ByteBuffer fixed = directory.slice(directory.position(), ENTRY_BYTES).order(directory.order());
        int nameBytes = Short.toUnsignedInt(fixed.getShort(28));
        int extraBytes = Short.toUnsignedInt(fixed.getShort(30));
        int commentBytes = Short.toUnsignedInt(fixed.getShort(32));
        if (directory.remaining() < ENTRY_BYTES + nameBytes + extraBytes + commentBytes) {
            throw new ModelException(
                    "the zip directory ends in the middle of an entry: the file is damaged, copy it again");
        }
        if (nameBytes > MAX_NAME_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip directory has an entry with a name of %d bytes, expected at most %d",
                    nameBytes,
                    MAX_NAME_BYTES));
        }
        byte[] name = new byte[nameBytes];
        directory.position(directory.position() + ENTRY_BYTES);
        directory.get(name);
        ByteBuffer extra = directory.slice(directory.position(), extraBytes).order(directory.order());
        directory.position(directory.position() + extraBytes + commentBytes);
        return entry(new String(name, StandardCharsets.UTF_8), fixed, zip64Fields(extra));
    }

    private ZipEntry entry(String name, ByteBuffer fixed, ByteBuffer zip64) {
        int flags = fixed.getShort(8);
        int method = Short.toUnsignedInt(fixed.getShort(10));
        if ((flags & ENCRYPTED) != 0) {
            throw new ModelException("the zip entry '%s' is encrypted, expected no encryption".formatted(name));
        }
        if (method != STORED && method != DEFLATED) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip entry '%s' is compressed by method %d, expected it stored or deflated",
                    name,
                    method));
        }
        long bytes = number(name, fixed.getInt(24), zip64); // in the order of the zip64 fields
        long storedBytes = number(name, fixed.getInt(20), zip64);
        long headerAt = number(name, fixed.getInt(42), zip64);
        if (bytes < 0 || storedBytes < 0 || headerAt < 0 || headerAt > begin || storedBytes > begin - headerAt) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip entry '%s' claims %s bytes at byte %s, but the archive's entries end at byte %d: "
                            + "the file is damaged",
                    name,
                    Long.toUnsignedString(storedBytes),
                    Long.toUnsignedString(headerAt),
                    begin));
        }
        if (method == STORED && bytes != storedBytes) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip entry '%s' is stored in %d bytes and claims to have %d: the file is damaged",
                    name,
                    storedBytes,
                    bytes));
        }
        if (bytes > Math.max(FREE_EXPANSION_BYTES, MAX_EXPANSION * storedBytes)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the zip entry '%s' has %d bytes and would inflate to %d, expected at most %d times as many: "
                            + "this is a zip bomb",
                    name,
                    storedBytes,
                    bytes,
                    MAX_EXPANSION));
        }
        return new ZipEntry(name, method == DEFLATED, storedBytes, bytes, headerAt);
    }

    /** A 32-bit number of the directory. If all its bits are set, the value is in the next zip64 field. */
    private static long number(String name, int narrow, ByteBuffer zip64) {
        if (narrow != -1) {
            return Integer.toUnsignedLong(narrow);
        }
        if (zip64.remaining() < Long.BYTES) {
            throw new ModelException(
                    "the zip entry '%s' has no zip64 field with its 64-bit sizes: the file is damaged".formatted(name));
        }
        return zip64.getLong();
    }

    private static ByteBuffer zip64Fields(ByteBuffer extra) {
        while (extra.remaining() >= 2 * Short.BYTES) {
            int id = Short.toUnsignedInt(extra.getShort());
            int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
            if (id == ZIP64_FIELDS) {
                return extra.slice(extra.position(), length).order(extra.order());
            }
            extra.position(extra.position() + length);
        }
        return ByteBuffer.allocate(0);
    }
}
