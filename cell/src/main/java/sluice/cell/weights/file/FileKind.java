package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;

/** The kind of a file, detected from its first bytes. The file name is not used. */
public enum FileKind {
    SAFETENSORS("a safetensors file", start -> false),
    PYTORCH("a PyTorch checkpoint (.pt, .pth)", start -> start.startsWith("PK\3\4") && start.contains("data.pkl")),
    KERAS("a Keras model (.keras)", start -> start.startsWith("PK\3\4") && start.contains("metadata.json")),
    NUMPY("a NumPy file", start -> start.startsWith("\u0093NUMPY")),
    ZIP("a zip archive", start -> start.startsWith("PK\3\4")),
    HDF5("an HDF5 file, which Keras writes (.h5)", start -> start.startsWith("\u0089HDF\r\n\u001a\n")),
    PICKLE("a bare Python pickle, the checkpoint format of PyTorch before version 1.6", start -> isPickle(start)),
    GGUF("a GGUF file", start -> start.startsWith("GGUF")),
    LFS_POINTER(
            "a Git LFS pointer; git lfs pull downloads the file itself",
            start -> start.startsWith("version https://git-lfs")),
    JSON("a JSON text without weights", start -> start.matches("(?s)\\{\\s*\".*")),
    ONNX("an ONNX model", start -> isOnnx(start));

    /** Size in bytes of the header length at the start of a safetensors file. */
    public static final int SAFETENSORS_LENGTH_BYTES = Long.BYTES;

    /** The maximum header size of the safetensors library. */
    public static final int SAFETENSORS_MAX_HEADER_BYTES = 100_000_000;

    private static final int START_BYTES = 256;

    // Protocol Buffers wire types
    private static final int PROTOBUF_VARINT = 0;
    private static final int PROTOBUF_BYTES = 2;

    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // the predicates have no state
    private final Predicate<String> matches; // tests the first bytes, decoded as Latin-1

    FileKind(String description, Predicate<String> matches) {
        this.description = description;
        this.matches = matches;
    }

    /** The kind in messages: {@code an ONNX model}. */
    public String description() {
        return description;
    }

    /**
     * Detects the kind of a file.
     *
     * @param channel the file, at any position; it is not closed
     */
    public static FileKind of(SeekableByteChannel channel) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(START_BYTES);
        channel.position(0);
        while (start.hasRemaining() && channel.read(start) >= 0) {
            // repeats until the buffer is full or the file ends
        }
        return of(Arrays.copyOf(start.array(), start.position()));
    }

    /**
     * Detects the kind from the first bytes. The default is safetensors, whose reader then reports what is wrong.
     *
     * <p>Safetensors has no signature: a file begins with the header length, 8 bytes. The signatures of all other kinds,
     * read as such a length, exceed the maximum header size. A valid length is therefore tested first.
     */
    private static FileKind of(byte[] start) {
        if (start.length < SAFETENSORS_LENGTH_BYTES || isHeaderLength(start)) {
            return SAFETENSORS;
        }
        String text = new String(start, StandardCharsets.ISO_8859_1);
        for (FileKind kind : values()) {
            if (kind.matches.test(text)) {
                return kind;
            }
        }
        return SAFETENSORS;
    }

    private static boolean isHeaderLength(byte[] start) {
        long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 0 && length <= SAFETENSORS_MAX_HEADER_BYTES;
    }

    /** The opcode {@code PROTO}, followed by a protocol version from 2 to 5. */
    private static boolean isPickle(String start) {
        return start.charAt(0) == 0x80 && start.charAt(1) >= 2 && start.charAt(1) <= 5;
    }

    /**
     * A ModelProto that begins with field 1, {@code ir_version}, a small number, followed by another field of
     * ModelProto with the wire type of that field.
     */
    private static boolean isOnnx(String start) {
        int tag = start.charAt(2);
        boolean isField = switch (tag >>> 3) {
            case 2, 3, 4, 6, 7, 8, 14 -> (tag & 7) == PROTOBUF_BYTES;
            case 5 -> (tag & 7) == PROTOBUF_VARINT;
            default -> false;
        };
        return start.charAt(0) == 0x08 && start.charAt(1) < 0x20 && isField;
    }
}
