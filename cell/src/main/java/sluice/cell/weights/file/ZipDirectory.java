package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import sluice.cell.model.ModelException;

/**
 * The directory at the end of a zip archive, with the extensions for more than 4 GB, as PKWARE's APPNOTE.TXT defines
 * them. Nothing else of an archive says what is in it: local headers may leave sizes out, and PyTorch's do.
 */
public final class ZipDirectory {
    /** More than a thousand times what a checkpoint has. */
    public static final int MAX_ENTRIES = 200_000;

    public static final int MAX_BYTES = 1 << 25;
    public static final int MAX_NAME_BYTES = 1_000;

    /** Weights hardly shrink; what grows more than this when it is inflated is made to fill memory. */
    public static final int MAX_EXPANSION = 100;

    /** Small entries may: there is no harm in a page of zeros. */
    public static final int FREE_EXPANSION_BYTES = 1 << 16;

    /** A comment may follow the end record, and its length is 16 bits. */
    private static final int MAX_COMMENT_BYTES = 0xFFFF;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int END64_LOCATOR_SIGNATURE = 0x07064b50;
    private static final int END64_LOCATOR_BYTES = 20;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int END64_BYTES = 56;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int WIDE_FIELDS = 0x0001; // the extra field with sizes of 64 bits

    private static final int ENCRYPTED = 1; // bit of an entry's flags
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private final Map<String, ZipEntry> entries = new LinkedHashMap<>();
    private final long begin;

    private ZipDirectory(long begin) {
        this.begin = begin;
    }

    /** Entries by name, in the directory's order. */
    public Map<String, ZipEntry> entries() {
        return entries;
    }

    /** Where it begins in the archive: no entry reaches beyond. */
    public long begin() {
        return begin;
    }

    /** @throws ModelException where there is no directory, or it doesn't fit the archive */
    public static ZipDirectory read(SeekableByteChannel channel) throws IOException {
        EndRecord end = endRecord(channel);
        if (end.begin < 0 || end.length < 0 || end.begin > end.at || end.length > end.at - end.begin) {
            throw new ModelException(
                    ("the zip directory claims %s bytes at byte %s, but the record that ends it is at byte %d: "
                                    + "the file is damaged, copy it again")
                            .formatted(Long.toUnsignedString(end.length), Long.toUnsignedString(end.begin), end.at));
        }
        if (end.length > MAX_BYTES) {
            throw new ModelException("the zip directory has %d bytes, expected at most %d: this is no model"
                    .formatted(end.length, MAX_BYTES));
        }
        if (end.entries < 0 || end.entries > MAX_ENTRIES) {
            throw new ModelException("the zip directory claims %s entries, expected at most %d: this is no model"
                    .formatted(Long.toUnsignedString(end.entries), MAX_ENTRIES));
        }
        ZipDirectory directory = new ZipDirectory(end.begin);
        directory.readEntries(bytes(channel, end.begin, (int) end.length), end.entries);
        return directory;
    }

    /**
     * What the end of an archive says about its directory.
     *
     * @param at where this record, or the wide one before it, begins
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
        throw new ModelException("the zip archive has no directory at its end: the file is cut short, or something "
                + "follows it; copy it again");
    }

    private static EndRecord endRecord(SeekableByteChannel channel, long at, ByteBuffer end) throws IOException {
        EndRecord narrow = new EndRecord(
                at,
                Short.toUnsignedLong(end.getShort(10)),
                Integer.toUnsignedLong(end.getInt(12)),
                Integer.toUnsignedLong(end.getInt(16)));
        boolean wide = narrow.entries == 0xFFFF || narrow.length == 0xFFFFFFFFL || narrow.begin == 0xFFFFFFFFL;
        return wide ? wideRecord(channel, at) : narrow;
    }

    private static EndRecord wideRecord(SeekableByteChannel channel, long narrowAt) throws IOException {
        if (narrowAt >= END64_LOCATOR_BYTES) {
            ByteBuffer locator = bytes(channel, narrowAt - END64_LOCATOR_BYTES, END64_LOCATOR_BYTES);
            long at = locator.getLong(8);
            if (locator.getInt(0) == END64_LOCATOR_SIGNATURE
                    && at >= 0
                    && at <= narrowAt - END64_LOCATOR_BYTES - END64_BYTES) {
                ByteBuffer record = bytes(channel, at, END64_BYTES);
                if (record.getInt(0) == END64_SIGNATURE) {
                    return new EndRecord(at, record.getLong(32), record.getLong(40), record.getLong(48));
                }
            }
        }
        throw new ModelException("the zip archive says that its directory is a large one, but no record describes it: "
                + "the file is damaged, copy it again");
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
                throw new ModelException(
                        "the zip directory claims %d entries, but entry %d is none: the file is damaged"
                                .formatted(count, number));
            }
            ZipEntry entry = readEntry(directory);
            covered += entry.storedBytes(); // each is less than the file, and they are few: no overflow
            if (covered > begin) {
                throw new ModelException("the zip archive has entries that overlap: no framework writes that");
            }
            if (entries.putIfAbsent(entry.name(), entry) != null) {
                throw new ModelException(
                        ("the zip archive has two entries '%s', expected each name once: " + "no framework writes that")
                                .formatted(entry.name()));
            }
        }
        if (directory.hasRemaining()) {
            throw new ModelException(
                    "the zip directory has %d bytes after its last entry, expected none: the file is damaged"
                            .formatted(directory.remaining()));
        }
    }

    private ZipEntry readEntry(ByteBuffer directory) {
        ByteBuffer fixed = directory.slice(directory.position(), ENTRY_BYTES).order(directory.order());
        int nameBytes = Short.toUnsignedInt(fixed.getShort(28));
        int extraBytes = Short.toUnsignedInt(fixed.getShort(30));
        int commentBytes = Short.toUnsignedInt(fixed.getShort(32));
        if (directory.remaining() < ENTRY_BYTES + nameBytes + extraBytes + commentBytes) {
            throw new ModelException("the zip directory ends inside of an entry: the file is damaged, copy it again");
        }
        if (nameBytes > MAX_NAME_BYTES) {
            throw new ModelException("the zip directory has an entry with a name of %d bytes, expected at most %d"
                    .formatted(nameBytes, MAX_NAME_BYTES));
        }
        byte[] name = new byte[nameBytes];
        directory.position(directory.position() + ENTRY_BYTES);
        directory.get(name);
        ByteBuffer extra = directory.slice(directory.position(), extraBytes).order(directory.order());
        directory.position(directory.position() + extraBytes + commentBytes);
        return entry(new String(name, StandardCharsets.UTF_8), fixed, wideFields(extra));
    }

    private ZipEntry entry(String name, ByteBuffer fixed, ByteBuffer wide) {
        int flags = fixed.getShort(8);
        int method = Short.toUnsignedInt(fixed.getShort(10));
        if ((flags & ENCRYPTED) != 0) {
            throw new ModelException("the zip entry '%s' is encrypted, expected it plain".formatted(name));
        }
        if (method != STORED && method != DEFLATED) {
            throw new ModelException("the zip entry '%s' is compressed by method %d, expected it stored or deflated"
                    .formatted(name, method));
        }
        long bytes = number(name, fixed.getInt(24), wide); // in the order in which wide fields stand
        long storedBytes = number(name, fixed.getInt(20), wide);
        long headerAt = number(name, fixed.getInt(42), wide);
        if (bytes < 0 || storedBytes < 0 || headerAt < 0 || headerAt > begin || storedBytes > begin - headerAt) {
            throw new ModelException(
                    ("the zip entry '%s' claims %s bytes at byte %s, but the archive's entries end at byte %d: "
                                    + "the file is damaged")
                            .formatted(
                                    name, Long.toUnsignedString(storedBytes), Long.toUnsignedString(headerAt), begin));
        }
        if (method == STORED && bytes != storedBytes) {
            throw new ModelException(
                    "the zip entry '%s' is stored in %d bytes and claims to have %d: the file is damaged"
                            .formatted(name, storedBytes, bytes));
        }
        if (bytes > Math.max(FREE_EXPANSION_BYTES, MAX_EXPANSION * storedBytes)) {
            throw new ModelException(
                    ("the zip entry '%s' has %d bytes and would inflate to %d, expected at most %d times as many: "
                                    + "it is made to fill memory")
                            .formatted(name, storedBytes, bytes, MAX_EXPANSION));
        }
        return new ZipEntry(name, method == DEFLATED, storedBytes, bytes, headerAt);
    }

    /** A number of the directory: where its 32 bits are all set, the next of the wide fields. */
    private static long number(String name, int narrow, ByteBuffer wide) {
        if (narrow != -1) {
            return Integer.toUnsignedLong(narrow);
        }
        if (wide.remaining() < Long.BYTES) {
            throw new ModelException(
                    "the zip entry '%s' lacks the field with its 64-bit sizes: the file is damaged".formatted(name));
        }
        return wide.getLong();
    }

    private static ByteBuffer wideFields(ByteBuffer extra) {
        while (extra.remaining() >= 2 * Short.BYTES) {
            int id = Short.toUnsignedInt(extra.getShort());
            int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
            if (id == WIDE_FIELDS) {
                return extra.slice(extra.position(), length).order(extra.order());
            }
            extra.position(extra.position() + length);
        }
        return ByteBuffer.allocate(0);
    }
}
