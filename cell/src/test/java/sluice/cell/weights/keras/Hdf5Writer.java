package sluice.cell.weights.keras;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.zip.Deflater;

/**
 * Writes HDF5 for tests in h5py's default form: superblock 0, symbol tables, and object headers of version 1.
 *
 * <p>Parts are written from the leaves upwards, so that the addresses of referenced parts are known.
 */
@SuppressWarnings("ByteBufferBackingArray") // each buffer covers its whole array
public final class Hdf5Writer {
    public static final int SUPERBLOCK_BYTES = 96;
    private static final long UNDEFINED = -1;

    // messages of an object header
    public static final int DATASPACE = 1;
    public static final int DATATYPE = 3;
    public static final int LAYOUT = 8;
    public static final int FILTERS = 11;
    public static final int ATTRIBUTE = 12;
    public static final int CONTINUATION = 16;
    public static final int SYMBOL_TABLE = 17;

    private final Group root = new Group();
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();

    /** A message of an object header. */
    public record Message(int type, byte[] body) {}

    /** Content of an array: creates the messages of its header and writes the parts that they refer to. */
    public interface Content {
        List<Message> messages(Hdf5Writer writer);
    }

    private static final class Group implements Content {
        private final Map<String, Content> children = new TreeMap<>();
        private final List<Content> attributes = new ArrayList<>();

        @Override
        public List<Message> messages(Hdf5Writer writer) {
            List<Message> messages = new ArrayList<>(List.of(writer.symbolTable(children)));
            attributes.forEach(attribute -> messages.addAll(attribute.messages(writer)));
            return messages;
        }
    }

    // ---- content

    public Hdf5Writer group(String path) {
        at(path);
        return this;
    }

    /** A list of fixed-length texts, as numpy writes it. */
    public Hdf5Writer texts(String group, String name, List<String> texts) {
        int size = texts.stream()
                .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(1);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        texts.forEach(text -> data.writeBytes(Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), size)));
        return message(group, ATTRIBUTE, attribute(name, fixedText(size), dataspace(texts.size()), data.toByteArray()));
    }

    /** An empty list, which numpy writes with a numeric type. */
    public Hdf5Writer noTexts(String group, String name) {
        return message(group, ATTRIBUTE, attribute(name, floats(8), dataspace(0), new byte[0]));
    }

    public Hdf5Writer text(String group, String name, String text) {
        byte[] data = text.getBytes(StandardCharsets.UTF_8);
        return message(group, ATTRIBUTE, attribute(name, fixedText(data.length), dataspace(), data));
    }

    /** A text in its own global heap, as h5py writes a str. */
    public Hdf5Writer textInHeap(String group, String name, String text) {
        return textInHeap(group, name, text, UnaryOperator.identity());
    }

    public Hdf5Writer textInHeap(String group, String name, String text, UnaryOperator<byte[]> lie) {
        at(group).attributes.add(writer -> {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int padded = (bytes.length + 7) / 8 * 8;
            long heap = writer.write(lie.apply(buffer(16 + 16 + padded + 16)
                    .put("GCOL".getBytes(StandardCharsets.US_ASCII))
                    .putInt(1)
                    .putLong(16 + 16 + padded + 16)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(0)
                    .putLong(bytes.length)
                    .put(Arrays.copyOf(bytes, padded))
                    .putLong(0)
                    .putLong(16) // the free space, including this entry
                    .array()));
            byte[] type = buffer(16)
                    .put(new byte[] {0x19, 1, 0, 0})
                    .putInt(16)
                    .put(fixedText(1))
                    .array();
            byte[] data =
                    buffer(16).putInt(bytes.length).putLong(heap).putInt(1).array();
            return List.of(new Message(ATTRIBUTE, attribute(name, type, dataspace(), data)));
        });
        return this;
    }

    public Hdf5Writer message(String group, int type, byte[] body) {
        at(group).attributes.add(writer -> List.of(new Message(type, body)));
        return this;
    }

    /** An array of float32. */
    public Hdf5Writer floats(String path, float[] values, long... shape) {
        ByteBuffer bytes = buffer(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        return array(path, floats(4), bytes.array(), shape);
    }

    /** A contiguous array. */
    public Hdf5Writer array(String path, byte[] type, byte[] data, long... shape) {
        return content(
                path,
                writer -> List.of(
                        new Message(DATASPACE, dataspace(shape)),
                        new Message(DATATYPE, type),
                        new Message(LAYOUT, contiguous(writer.write(data), data.length))));
    }

    /** A compact array, stored in its header. */
    public Hdf5Writer compact(String path, byte[] type, byte[] data, long... shape) {
        byte[] layout = buffer(4 + data.length)
                .put((byte) 3)
                .put((byte) 0)
                .putShort((short) data.length)
                .put(data)
                .array();
        return content(
                path,
                writer -> List.of(
                        new Message(DATASPACE, dataspace(shape)),
                        new Message(DATATYPE, type),
                        new Message(LAYOUT, layout)));
    }

    /**
     * A chunk of an array.
     *
     * @param mask one bit for each filter that was not applied
     */
    public record Chunk(byte[] stored, int mask, long... offset) {}

    /** A chunked array of two axes. */
    public Hdf5Writer chunked(
            String path, byte[] type, int[] block, byte[] filters, List<Chunk> chunks, long... shape) {
        return content(path, writer -> {
            int keyBytes = 8 + 8 * (block.length + 1);
            ByteBuffer tree = buffer(24 + 2 * (chunks.size() + 1) * (keyBytes + 8))
                    .put("TREE".getBytes(StandardCharsets.US_ASCII))
                    .put((byte) 1)
                    .put((byte) 0)
                    .putShort((short) chunks.size())
                    .putLong(UNDEFINED)
                    .putLong(UNDEFINED);
            for (Chunk chunk : chunks) {
                long at = writer.write(chunk.stored());
                tree.putInt(chunk.stored().length).putInt(chunk.mask());
                for (long offset : chunk.offset()) {
                    tree.putLong(offset);
                }
                tree.putLong(0).putLong(at);
            }
            long address = writer.write(tree.array());
            ByteBuffer layout = buffer(11 + 4 * (block.length + 1))
                    .put((byte) 3)
                    .put((byte) 2)
                    .put((byte) (block.length + 1))
                    .putLong(address);
            for (int size : block) {
                layout.putInt(size);
            }
            layout.putInt(
                    ByteBuffer.wrap(type, 4, 4).order(ByteOrder.LITTLE_ENDIAN).getInt());
            List<Message> messages = new ArrayList<>(List.of(
                    new Message(DATASPACE, dataspace(shape)),
                    new Message(DATATYPE, type),
                    new Message(LAYOUT, layout.array())));
            if (filters.length > 0) {
                messages.add(new Message(FILTERS, filters));
            }
            return messages;
        });
    }

    public Hdf5Writer content(String path, Content content) {
        int slash = path.lastIndexOf('/');
        at(slash < 0 ? "" : path.substring(0, slash)).children.put(path.substring(slash + 1), content);
        return this;
    }

    private Group at(String path) {
        Group group = root;
        for (String name : path.isEmpty() ? new String[0] : path.split("/")) {
            group = (Group) group.children.computeIfAbsent(name, any -> new Group());
        }
        return group;
    }

    // ---- parts

    public static byte[] floats(int bytes) {
        return switch (bytes) {
            case 2 -> floats(bytes, 15, 10, 5, 15);
            case 4 -> floats(bytes, 31, 23, 8, 127);
            default -> floats(bytes, 63, 52, 11, 1023);
        };
    }

    private static byte[] floats(int bytes, int sign, int fractionBits, int exponentBits, int bias) {
        return buffer(20)
                .put(new byte[] {0x11, 0x20, (byte) sign, 0})
                .putInt(bytes)
                .putShort((short) 0)
                .putShort((short) (8 * bytes))
                .put(new byte[] {(byte) fractionBits, (byte) exponentBits, 0, (byte) fractionBits})
                .putInt(bias)
                .array();
    }

    public static byte[] bigEndian(byte[] type) {
        byte[] big = type.clone();
        big[1] |= 1;
        return big;
    }

    public static byte[] integers(int bytes) {
        return buffer(12)
                .put(new byte[] {0x10, 0x08, 0, 0})
                .putInt(bytes)
                .putShort((short) 0)
                .putShort((short) (8 * bytes))
                .array();
    }

    public static byte[] fixedText(int size) {
        return buffer(8).put(new byte[] {0x13, 1, 0, 0}).putInt(size).array();
    }

    public static byte[] dataspace(long... shape) {
        ByteBuffer space = buffer(8 + 8 * shape.length).put((byte) 1).put((byte) shape.length);
        space.position(8);
        for (long size : shape) {
            space.putLong(size);
        }
        return space.array();
    }

    public static byte[] contiguous(long address, long bytes) {
        return buffer(18)
                .put((byte) 3)
                .put((byte) 1)
                .putLong(address)
                .putLong(bytes)
                .array();
    }

    /** Filters by number, in the order in which they are applied. */
    public static byte[] filters(int... numbers) {
        ByteBuffer pipeline = buffer(8 + 8 * numbers.length).put((byte) 1).put((byte) numbers.length);
        pipeline.position(8);
        for (int number : numbers) {
            pipeline.putShort((short) number).putShort((short) 0).putInt(1);
        }
        return pipeline.array();
    }

    public static byte[] attribute(String name, byte[] type, byte[] space, byte[] data) {
        byte[] zeroEnded = Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), name.length() + 1);
        byte[] paddedName = padded(zeroEnded);
        byte[] paddedType = padded(type);
        byte[] paddedSpace = padded(space);
        return buffer(8 + paddedName.length + paddedType.length + paddedSpace.length + data.length)
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) zeroEnded.length)
                .putShort((short) type.length)
                .putShort((short) space.length)
                .put(paddedName)
                .put(paddedType)
                .put(paddedSpace)
                .put(data)
                .array();
    }

    public static byte[] deflate(byte[] bytes) {
        Deflater deflater = new Deflater(9);
        deflater.setInput(bytes);
        deflater.finish();
        ByteArrayOutputStream deflated = new ByteArrayOutputStream();
        byte[] chunk = new byte[4_096];
        while (!deflater.finished()) {
            deflated.write(chunk, 0, deflater.deflate(chunk));
        }
        deflater.end();
        return deflated.toByteArray();
    }

    private static byte[] padded(byte[] bytes) {
        return Arrays.copyOf(bytes, (bytes.length + 7) / 8 * 8);
    }

    public static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    // ---- the file

    public byte[] bytes() {
        file.reset();
        file.writeBytes(new byte[SUPERBLOCK_BYTES]);
        long header = header(root.messages(this));
        byte[] bytes =
                Arrays.copyOf(file.toByteArray(), file.size() + 256); // so that no part ends at the end of the file
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("\u0089HDF\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1))
                .put(new byte[] {0, 0, 0, 0, 0, 8, 8, 0})
                .putShort((short) 4)
                .putShort((short) 16)
                .putInt(0)
                .putLong(0)
                .putLong(UNDEFINED)
                .putLong(bytes.length)
                .putLong(UNDEFINED)
                .putLong(0)
                .putLong(header);
        return bytes;
    }

    /** Appends bytes and returns their address. */
    public long write(byte[] bytes) {
        file.writeBytes(new byte[(8 - file.size() % 8) % 8]);
        long at = file.size();
        file.writeBytes(bytes);
        return at;
    }

    /** Address of the next part. */
    public long next() {
        return (file.size() + 7L) / 8 * 8;
    }

    public long header(List<Message> messages) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Message message : messages) {
            byte[] padded = padded(message.body());
            body.writeBytes(buffer(8)
                    .putShort((short) message.type())
                    .putShort((short) padded.length)
                    .array());
            body.writeBytes(padded);
        }
        return write(buffer(16 + body.size())
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) messages.size())
                .putInt(1)
                .putInt(body.size())
                .putInt(0)
                .put(body.toByteArray())
                .array());
    }

    private Message symbolTable(Map<String, Content> children) {
        Map<String, Long> addresses = new TreeMap<>();
        children.forEach((name, child) -> addresses.put(name, header(child.messages(this))));
        return symbolTableOf(addresses, 0);
    }

    /** Writes a group's names and addresses as links of this kind: 0, or 2 for soft links. */
    public Message symbolTableOf(Map<String, Long> addresses, int kind) {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        names.writeBytes(new byte[8]);
        ByteBuffer node = buffer(8 + 40 * addresses.size())
                .put("SNOD".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) addresses.size());
        addresses.forEach((name, address) -> {
            node.putLong(names.size()).putLong(address).putInt(kind).putInt(0).put(new byte[16]);
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            names.writeBytes(Arrays.copyOf(bytes, (bytes.length + 8) / 8 * 8));
        });
        long nodeAt = write(node.array());
        long heapAt = heap(names.toByteArray());
        long treeAt = write(tree(0, 1, nodeAt));
        return symbolTableAt(treeAt, heapAt);
    }

    /** The names of a group. */
    public long heap(byte[] names) {
        long namesAt = write(names);
        return write(buffer(32)
                .put("HEAP".getBytes(StandardCharsets.US_ASCII))
                .putInt(0)
                .putLong(names.length)
                .putLong(UNDEFINED)
                .putLong(namesAt)
                .array());
    }

    public static Message symbolTableAt(long tree, long heap) {
        return new Message(SYMBOL_TABLE, buffer(16).putLong(tree).putLong(heap).array());
    }

    /** Writes a node of a group's tree, padded as in a real file. */
    public static byte[] tree(int level, int entries, long... children) {
        ByteBuffer tree = buffer(544)
                .put("TREE".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 0)
                .put((byte) level)
                .putShort((short) entries)
                .putLong(UNDEFINED)
                .putLong(UNDEFINED)
                .putLong(0);
        for (long child : children) {
            tree.putLong(child).putLong(8);
        }
        return tree.array();
    }
}
