package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;

/** What a file is by its first bytes; a name's ending is not asked. */
public enum FileKind {
    SAFETENSORS("a safetensors file", start -> false),
    PYTORCH("a PyTorch checkpoint (.pt, .pth)", start -> start.startsWith("PK\3\4") && start.contains("data.pkl")),
    KERAS("a Keras model (.keras)", start -> start.startsWith("PK\3\4") && start.contains("metadata.json")),
    NUMPY("a NumPy file", start -> start.startsWith("\u0093NUMPY")),
    ZIP("a zip archive", start -> start.startsWith("PK\3\4")),
    HDF5("an HDF5 file, as Keras writes them (.h5)", start -> start.startsWith("\u0089HDF\r\n\u001a\n")),
    PICKLE("a Python pickle, as PyTorch's checkpoints were before its version 1.6", start -> isPickle(start)),
    GGUF("a GGUF file", start -> start.startsWith("GGUF")),
    LFS_POINTER(
            "a Git LFS pointer, which stands for a file that git lfs pull would fetch",
            start -> start.startsWith("version https://git-lfs")),
    JSON("a JSON text and not weights", start -> start.matches("(?s)\\{\\s*\".*")),
    ONNX("an ONNX model", start -> isOnnx(start));

    /** The bytes of a safetensors file that say how long its header is. */
    public static final int SAFETENSORS_LENGTH_BYTES = Long.BYTES;

    /** The limit that safetensors itself sets. */
    public static final int SAFETENSORS_MAX_HEADER_BYTES = 100_000_000;

    private static final int START_BYTES = 256;

    // wire types of protobuf
    private static final int PROTOBUF_VARINT = 0;
    private static final int PROTOBUF_BYTES = 2;

    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // the predicates have no state
    private final Predicate<String> recognises; // on the first bytes as Latin-1 characters

    FileKind(String description, Predicate<String> recognises) {
        this.description = description;
        this.recognises = recognises;
    }

    /** {@code an ONNX model} and such, as messages say it. */
    public String description() {
        return description;
    }

    /**
     * What a file is, by its first bytes.
     *
     * @param channel the file, which stays open, at any position
     */
    public static FileKind of(SeekableByteChannel channel) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(START_BYTES);
        channel.position(0);
        while (start.hasRemaining() && channel.read(start) >= 0) {
            // until it is full or the file ends
        }
        return of(Arrays.copyOf(start.array(), start.position()));
    }

    /**
     * What a file with these first bytes is; safetensors where nothing else is recognised, so that its reader says
     * what is wrong.
     *
     * <p>Safetensors has no signature but a length that is small for eight bytes. All signatures of others, read as
     * such a length, are larger than a header may be: so a possible length is never taken for a signature.
     */
    private static FileKind of(byte[] start) {
        if (start.length < SAFETENSORS_LENGTH_BYTES || isHeaderLength(start)) {
            return SAFETENSORS;
        }
        String text = new String(start, StandardCharsets.ISO_8859_1);
        for (FileKind kind : values()) {
            if (kind.recognises.test(text)) {
                return kind;
            }
        }
        return SAFETENSORS;
    }

    private static boolean isHeaderLength(byte[] start) {
        long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 0 && length <= SAFETENSORS_MAX_HEADER_BYTES;
    }

    /** {@code PROTO} and a protocol of 2 to 5. */
    private static boolean isPickle(String start) {
        return start.charAt(0) == 0x80 && start.charAt(1) >= 2 && start.charAt(1) <= 5;
    }

    /**
     * A protobuf that begins with field 1 of a ModelProto, {@code ir_version}, a small number, and goes on with another
     * of its fields as that one is written.
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
