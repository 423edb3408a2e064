package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The kind of a file, detected from its first bytes. The file name is not used.
 *
 * <p>The order matters: a kind is tested before others that its files may match too.
 */
public enum FileKind {
    SAFETENSORS("a safetensors file", "", start -> false),
    PYTORCH("a PyTorch checkpoint (.pt, .pth)", "", start -> start.startsWith("PK\3\4") && start.contains("data.pkl")),
    KERAS("a Keras model (.keras)", "", start -> start.startsWith("PK\3\4") && start.contains("metadata.json")),
    NUMPY(
            "a NumPy file",
            "one array is no model: save all tensors with PyTorch's names and shapes, with safetensors.numpy.save_file(tensors, "
                    + "\"model.safetensors\") in Python",
            start -> start.startsWith("\u0093NUMPY")),
    ZIP("a zip archive", "", start -> start.startsWith("PK\3\4")),
    HDF5("an HDF5 file, which Keras writes (.h5)", "", start -> start.startsWith("\u0089HDF\r\n\u001a\n")),
    TORCH_LEGACY(
            "a bare Python pickle, the checkpoint format of PyTorch before version 1.6",
            "in Python, torch.save(torch.load(\"FILE\", map_location=\"cpu\", weights_only=False), \"model.pt\") writes one "
                    + Remedy.RUNS_CODE,
            start -> isPickle(start) && start.startsWith("\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019", 2)),
    DCP_METADATA(
            "the metadata of torch.distributed.checkpoint",
            "python -m torch.distributed.checkpoint.format_utils dcp_to_torch DIRECTORY model.pt makes one file of its directory",
            start -> isPickle(start) && start.contains("torch.distributed.checkpoint")),
    PICKLED_MODULE(
            "a Python pickle of a torch.nn.Module that torch.save did not write",
            "in Python, with the model's code importable, import pickle, torch; torch.save(pickle.load(open(\"FILE\", "
                    + "\"rb\")).state_dict(), \"model.pt\") saves the weights "
                    + Remedy.RUNS_CODE,
            start -> isPickle(start) && start.contains("_parameters")),
    PICKLE(
            "a Python pickle that torch.save did not write",
            "if it is a dict of tensors or arrays, in Python, import pickle, torch; torch.save({k: torch.as_tensor(v) for k, v in "
                    + "pickle.load(open(\"FILE\", \"rb\")).items()}, \"model.pt\") writes one "
                    + Remedy.RUNS_CODE,
            FileKind::isPickle),
    GGUF("a GGUF file", Remedy.SAVE_WEIGHTS, start -> start.startsWith("GGUF")),
    LFS_POINTER(
            "a Git LFS pointer",
            "git lfs pull downloads the file itself",
            start -> start.startsWith("version https://git-lfs")),
    GZIP(
            "a file compressed by gzip",
            "gunzip unpacks it (add .gz to its name first if needed); then name the unpacked file",
            start -> start.startsWith("\u001f\u008b\b")),
    BZIP2(
            "a file compressed by bzip2",
            "bunzip2 unpacks it; then name the unpacked file",
            start -> start.matches("(?s)BZh[1-9]1AY&SY.*")),
    XZ(
            "a file compressed by xz",
            "xz --decompress unpacks it; then name the unpacked file",
            start -> start.startsWith("\u00fd7zXZ\0")),
    ZSTD(
            "a file compressed by zstd",
            "zstd --decompress unpacks it; then name the unpacked file",
            start -> start.startsWith("(\u00b5/\u00fd")),
    SEVEN_ZIP(
            "a 7z archive",
            "7z x unpacks it; then name the unpacked file",
            start -> start.startsWith("7z\u00bc\u00af'\u001c")),
    TORCH_TAR(
            "a tar archive of PyTorch 0.1",
            "in Python, torch.save(torch.load(\"FILE\", map_location=\"cpu\", weights_only=False), \"model.pt\") writes one "
                    + Remedy.RUNS_CODE,
            start -> isTar(start) && start.matches("(?s)(?:\\./)?(?:sys_info|pickle|storages|tensors)\0.*")),
    TAR("a tar archive", "tar --extract --file unpacks it; name the model file that was in it", FileKind::isTar),
    HTML(
            "an HTML page, not the file (a login page or a link to a page)",
            "download the file itself",
            start -> lowerText(start).matches("(?s)(?:<!--.*?-->\\s*)?(?:<!doctype html|<html|<head|<script).*")),
    XML(
            "an XML text, such as an object store's error answer",
            "read it for the reason, then download the file again",
            start -> lowerText(start).startsWith("<?xml")),
    TFLITE(
            "a TensorFlow Lite model (.tflite)",
            "convert the model that it was made from: " + Remedy.FROM_TENSORFLOW,
            start -> start.startsWith("TFL3", 4)),
    ORT(
            "an ONNX Runtime model (.ort)",
            "pass the .onnx file that it was made from",
            start -> start.startsWith("ORTM", 4)),
    TF_CHECKPOINT_STATE(
            "the list of checkpoints of TensorFlow, the file 'checkpoint'",
            Remedy.FROM_TENSORFLOW_WEIGHTS,
            start -> start.startsWith("model_checkpoint_path:")),
    TF_CHECKPOINT_INDEX(
            "the index of a TensorFlow checkpoint (.index)", Remedy.FROM_TENSORFLOW_WEIGHTS, start -> false),
    TF_CHECKPOINT_DATA("the data of a TensorFlow checkpoint (.data)", Remedy.FROM_TENSORFLOW_WEIGHTS, start -> false),
    SAVED_MODEL(
            "the graph of a TensorFlow SavedModel (saved_model.pb)", Remedy.FROM_TENSORFLOW, FileKind::isSavedModel),
    GRAPH_DEF(
            "a TensorFlow graph (.pb)",
            "python -m tf2onnx.convert --graphdef FILE --inputs INPUT:0 --outputs OUTPUT:0 --output model.onnx converts it",
            FileKind::isGraphDef),
    ONNX_TEXT(
            "an ONNX model as text",
            "in Python, onnx.save(onnx.load(\"FILE\", format=\"textproto\"), \"model.onnx\") converts it (format=\"onnxtxt\" if the "
                    + "file begins with '<')",
            start -> text(start).matches("(?s)(?:<\\s*)?ir_version:\\s*\\d.*")),
    MSGPACK(
            "a MessagePack file, which Flax writes (.msgpack)",
            "Flax weights can't be read: export the model to ONNX",
            FileKind::isMessagePack),
    KERAS_CONFIG(
            "the config of a Keras model without its weights (JSON)",
            "name the weights file: its config is read from 'config.json' in the same directory; or save both with "
                    + "model.save(\"model.keras\")",
            start -> isJson(start, "class_name")),
    TENSORFLOW_JS(
            "a TensorFlow.js model (JSON)",
            "pass the Keras model that it was made from",
            start -> isJson(start, "modelTopology")),
    ONNX_JSON(
            "an ONNX model as JSON",
            "in Python, onnx.save(onnx.load(\"FILE\", format=\"json\"), \"model.onnx\") converts it",
            start -> isJson(start, "ir_version|irVersion")),
    HUGGING_FACE_CONFIG(
            "the config of a Hugging Face model without its weights (JSON)",
            "name the file of the weights beside it, as a rule 'model.safetensors'",
            start -> isJson(start, "architectures|model_type|transformers_version")),
    JSON("a JSON text without weights", Remedy.SAVE_WEIGHTS, start -> isJson(start, "[^\"]*")),
    ONNX("an ONNX model", "", FileKind::isOnnx),
    TEXT("a text file", Remedy.CHECK_PATH, FileKind::isText),
    UNKNOWN("a file of an unknown format", Remedy.CHECK_PATH, start -> false);

    /** Follows each command for Python that unpickles objects of any class. */
    public static final String RUNS_CODE = Remedy.RUNS_CODE;

    /** Size in bytes of the header length at the start of a safetensors file. */
    public static final int SAFETENSORS_LENGTH_BYTES = Long.BYTES;

    /** The maximum header size of the safetensors library. */
    public static final int SAFETENSORS_MAX_HEADER_BYTES = 100_000_000;

    private static final int START_BYTES = 512; // a tar header

    private static final int TAR_MAGIC_AT = 257;

    /** The last 8 bytes of a LevelDB table, the format of the index of a TensorFlow checkpoint. */
    private static final long TABLE_MAGIC = 0xdb4775248b80fb57L;

    private static final int ZIP_END_SIGNATURE = 0x06054b50;
    private static final int ZIP_END_BYTES = 22;

    // Protocol Buffers wire types
    private static final int PROTOBUF_VARINT = 0;
    private static final int PROTOBUF_BYTES = 2;

    private static final Pattern IDENTIFIERS = Pattern.compile("[A-Za-z0-9_./>-]+");

    private final String description;
    private final String remedy;

    @SuppressWarnings("ImmutableEnumChecker") // the predicates have no state
    private final Predicate<String> matches; // tests the first bytes, decoded as Latin-1

    FileKind(String description, String remedy, Predicate<String> matches) {
        this.description = description;
        this.remedy = remedy;
        this.matches = matches;
    }

    /** Remedies of several kinds. */
    private static final class Remedy {
        static final String SAVE_WEIGHTS =
                "in Python, safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") writes one";
        static final String RUNS_CODE = "(runs code of the file: only from a source you trust)";
        static final String CHECK_PATH = "check the path; if it is right, get the model in one of these formats";
        static final String FROM_TENSORFLOW =
                "python -m tf2onnx.convert --saved-model DIRECTORY --output model.onnx converts a SavedModel, and "
                        + "model.save(\"model.keras\") writes a Keras model";
        static final String FROM_TENSORFLOW_WEIGHTS =
                "it holds weights without layers: in Python, load them into the Keras model that they belong to, with "
                        + "tf.train.Checkpoint(model).restore(PATH).assert_existing_objects_matched(), or Checkpoint(model=model) "
                        + "if it was saved so, and "
                        + "model.save(\"model.keras\") writes one";
    }

    /** The kind in messages: {@code an ONNX model}. */
    public String description() {
        return description;
    }

    /** How to get a file that can be read; empty for a kind that can be read. */
    public String remedy() {
        return remedy;
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
        FileKind kind = of(Arrays.copyOf(start.array(), start.position()));
        boolean isOpen = kind == SAFETENSORS || kind == UNKNOWN || kind == TEXT;
        if (isOpen && isTable(channel)) {
            return TF_CHECKPOINT_INDEX;
        }
        return (kind == UNKNOWN || kind == TEXT) && isZipEnd(channel) ? ZIP : kind;
    }

    /**
     * Detects the kind from the first bytes.
     *
     * <p>Safetensors has no signature: a file begins with the header length, 8 bytes, and then the JSON. The signatures of
     * most other kinds, read as such a length, exceed the maximum header size. If the length is valid but no JSON follows,
     * the safetensors reader reports what is wrong, unless it is one of the kinds whose first bytes may be a valid length.
     */
    private static FileKind of(byte[] start) {
        if (start.length < SAFETENSORS_LENGTH_BYTES) {
            return SAFETENSORS;
        }
        boolean hasHeader = start.length > SAFETENSORS_LENGTH_BYTES && start[SAFETENSORS_LENGTH_BYTES] == '{';
        String text = new String(start, StandardCharsets.ISO_8859_1);
        if (isHeaderLength(start) && hasHeader) {
            return SAFETENSORS;
        }
        if (isHeaderLength(start)) {
            return GZIP.matches.test(text)
                    ? GZIP
                    : TORCH_TAR.matches.test(text) ? TORCH_TAR : isTar(text) ? TAR : SAFETENSORS;
        }
        for (FileKind kind : values()) {
            if (kind.matches.test(text)) {
                return kind;
            }
        }
        return hasHeader ? SAFETENSORS : UNKNOWN; // the length of the header is damaged
    }

    private static boolean isHeaderLength(byte[] start) {
        long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 0 && length <= SAFETENSORS_MAX_HEADER_BYTES;
    }

    private static boolean isTable(SeekableByteChannel channel) throws IOException {
        if (channel.size() < Long.BYTES) {
            return false;
        }
        ByteBuffer end = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ChannelBytes.read(channel, channel.size() - Long.BYTES, end);
        return end.getLong(0) == TABLE_MAGIC;
    }

    /** Whether the file ends as a zip archive without a comment does, whatever it begins with. */
    private static boolean isZipEnd(SeekableByteChannel channel) throws IOException {
        if (channel.size() < ZIP_END_BYTES) {
            return false;
        }
        ByteBuffer end = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ChannelBytes.read(channel, channel.size() - ZIP_END_BYTES, end);
        return end.getInt(0) == ZIP_END_SIGNATURE;
    }

    /** The opcode {@code PROTO}, followed by a protocol version from 2 to 5. */
    private static boolean isPickle(String start) {
        return start.charAt(0) == 0x80 && start.charAt(1) >= 2 && start.charAt(1) <= 5;
    }

    /** Whether it begins with an object that has this key near its start. */
    private static boolean isJson(String start, String key) {
        return text(start).matches("(?s)\\{(?=\\s*\").*\"(?:" + key + ")\"\\s*:.*");
    }

    private static boolean isTar(String start) {
        return start.startsWith("ustar", TAR_MAGIC_AT);
    }

    /** The first bytes as text, without a byte order mark and white space at the start. */
    private static String text(String start) {
        String unmarked = start.startsWith("\u00ef\u00bb\u00bf") ? start.substring(3) : start;
        return unmarked.stripLeading();
    }

    private static String lowerText(String start) {
        return text(start).toLowerCase(Locale.ROOT);
    }

    /** Printable ASCII and white space. */
    private static boolean isText(String start) {
        return start.chars().allMatch(c -> (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t');
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

    /**
     * A SavedModel: field 1, the schema version 1, and field 2, a MetaGraphDef, which begins with its own field 1 or 2. A
     * ModelProto has a text as field 2.
     */
    private static boolean isSavedModel(String start) {
        if (!start.startsWith("\b\1\u0012")) {
            return false;
        }
        int at = afterVarint(start, 3);
        return at < start.length() && (start.charAt(at) == 0x0a || start.charAt(at) == 0x12);
    }

    /** A GraphDef: field 1 is a node, whose field 1 is its name and field 2 its operator. */
    private static boolean isGraphDef(String start) {
        if (start.charAt(0) != 0x0a) {
            return false;
        }
        int node = afterVarint(start, 1);
        return isText(start, node, 0x0a) && isText(start, node + 2 + start.charAt(node + 1), 0x12);
    }

    /** Whether there is a field of Protocol Buffers with a short identifier. */
    private static boolean isText(String start, int at, int tag) {
        if (at + 2 > start.length() || start.charAt(at) != tag) {
            return false;
        }
        int end = at + 2 + start.charAt(at + 1);
        return end < start.length()
                && IDENTIFIERS.matcher(start.substring(at + 2, end)).matches();
    }

    private static int afterVarint(String start, int from) {
        int at = from;
        while (at < start.length() && start.charAt(at) >= 0x80) {
            at++;
        }
        return at + 1;
    }

    /** A map whose first key is a text. */
    private static boolean isMessagePack(String start) {
        int first = start.charAt(0);
        int key = first > 0x80 && first <= 0x8f ? 1 : first == 0xde ? 3 : first == 0xdf ? 5 : 0;
        int length = start.charAt(key) - 0xa0;
        int text = key + 1;
        if (start.charAt(key) == 0xd9) {
            length = start.charAt(text++);
        }
        return key > 0
                && length > 0
                && text + length <= start.length()
                && IDENTIFIERS.matcher(start.substring(text, text + length)).matches();
    }
}
