package sluice.cell.weights.torch;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.file.ZipArchive;
import sluice.cell.weights.statedict.StateDict;
import sluice.cell.weights.statedict.TensorSource;

/**
 * Reads checkpoints as {@code torch.save} has written them since PyTorch 1.6: a zip archive with one folder, which
 * contains a pickle that describes the tensors ({@code data.pkl}) and one entry with the bytes of each storage ({@code
 * data/0}, {@code data/1} and so on).
 *
 * <p>The layout is defined by {@code torch/serialization.py} and {@code caffe2/serialize/inline_container.cc}. The
 * pickle is read by {@link CheckpointUnpickler}, which never executes Python code. Values are read from the file
 * straight into the float array of their tensor, so the file is never in memory as a whole.
 */
public final class CheckpointReader implements TensorSource {
    static final String FORMAT = "PyTorch checkpoint";

    static final int MAX_PICKLE_BYTES = 1 << 25;

    /** Pickle bytes allowed for content other than tensors, such as losses and a vocabulary: 500,000 words take 14 MB. */
    static final int FREE_PICKLE_BYTES = 1 << 24;

    /** Pickle bytes allowed per storage: a tensor's description takes about 200 bytes and its name up to 1,000. */
    static final int PICKLE_BYTES_PER_STORAGE = 2_048;

    /** Tensors may share storage. The values read in total are at most this many times the values stored. */
    static final int MAX_SHARING = 2;

    private static final int MAX_RECORD_BYTES = 100; // for the records 'version' and 'byteorder', one word each
    private static final int OLDEST_VERSION = 1;
    private static final int NEWEST_VERSION = 10; // kMaxSupportedFileFormatVersion
    private static final int CHUNK_BYTES = 1 << 20; // a whole number of values of every type

    private final ZipArchive archive;
    private final String folder; // top folder of the archive, with its trailing slash; empty if there is none
    private final ByteOrder byteOrder;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>(); // distinct views, by their first name
    private final Map<String, String> aliases = new HashMap<>(); // further names of those views
    private final List<String> notes;
    private final TensorNames names; // that concern the tensors
    private final Set<String> unreadable;
    private final Set<PickledStorage> storages = new HashSet<>();
    private final Map<String, byte[]> inflated = new HashMap<>(); // compressed storages, by entry name
    private long storedValues;
    private long readValues;

    private CheckpointReader(ZipArchive archive, String folder, TensorNames names) throws IOException {
        this.archive = archive;
        this.folder = folder;
        requireVersion();
        this.byteOrder = byteOrder();
        CheckpointDict dict = CheckpointDict.find(unpickle(), names);
        this.notes = dict.notes();
        this.names = dict.namesOfTensors();
        this.unreadable = dict.unreadable();
        addTensors(dict.tensors());
    }

    public static ModelFile readModel(SeekableByteChannel channel, TensorNames names) throws IOException {
        CheckpointReader reader = open(channel, names);
        StateDict stateDict = new StateDict(reader, reader.aliases, reader.names);
        LstmModel model = stateDict.model();
        List<String> notes = new ArrayList<>(stateDict.notes());
        notes.addAll(reader.notes);
        return new ModelFile(model, Map.of(), notes, FORMAT, StateDict.GATES);
    }

    /** Reads and validates everything except the values. */
    static CheckpointReader open(SeekableByteChannel channel, TensorNames names) throws IOException {
        ZipArchive archive = ZipArchive.open(channel);
        String folder = folder(archive);
        requireNoProgram(archive, folder);
        return new CheckpointReader(archive, folder, names);
    }

    private Object unpickle() throws IOException {
        int found = (int) archive.names().stream()
                .filter(name -> name.startsWith(folder + "data/") && archive.bytes(name) > 0)
                .count();
        long most = Math.min(MAX_PICKLE_BYTES, FREE_PICKLE_BYTES + (long) PICKLE_BYTES_PER_STORAGE * found);
        return CheckpointUnpickler.read(read("data.pkl", most), found);
    }

    private static String folder(ZipArchive archive) {
        List<String> pickles = archive.names().stream()
                .filter(name -> name.matches("(?:[^/]+/)?data\\.pkl"))
                .collect(Collectors.toList());
        if (pickles.size() != 1) {
            throw new ModelException(("this is a zip archive with %s 'data.pkl' in its folder, expected one, as in a "
                            + "PyTorch checkpoint; %s")
                    .formatted(pickles.isEmpty() ? "no" : pickles.size(), CheckpointAdvice.SAVE_WEIGHTS));
        }
        return pickles.get(0).substring(0, pickles.get(0).indexOf('/') + 1);
    }

    private static void requireNoProgram(ZipArchive archive, String folder) {
        if (archive.has(folder + "constants.pkl")
                || archive.names().stream().anyMatch(name -> name.startsWith(folder + "code/"))) {
            throw new ModelException(
                    "this is a TorchScript archive, a program with its weights, expected weights or ONNX; in Python, "
                            + "torch.onnx.export(torch.jit.load(\"FILE\", map_location=\"cpu\"), (torch.zeros(1, 5, "
                            + "dtype=torch.long),), \"model.onnx\", dynamo=False) keeps what the program computes from such an input; "
                            + "its state_dict() does not");
        }
    }

    private byte[] read(String record, long maxBytes) throws IOException {
        long bytes = archive.bytes(folder + record);
        if (bytes > maxBytes) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its record '%s' has %d bytes, expected at most %d; %s",
                    record,
                    bytes,
                    maxBytes,
                    CheckpointAdvice.SAVE_WEIGHTS));
        }
        return archive.read(folder + record);
    }

    private String word(String record) throws IOException {
        return new String(read(record, MAX_RECORD_BYTES), StandardCharsets.UTF_8).strip();
    }

    private void requireVersion() throws IOException {
        if (!archive.has(folder + "version")) {
            return;
        }
        String version = word("version");
        if (!version.matches("\\d{1,4}")
                || Integer.parseInt(version) < OLDEST_VERSION
                || Integer.parseInt(version) > NEWEST_VERSION) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its format has version '%s', expected %d to %d; save it with a PyTorch 2",
                    version,
                    OLDEST_VERSION,
                    NEWEST_VERSION));
        }
    }

    /** Older versions of PyTorch do not write this record; their files are little-endian. */
    private ByteOrder byteOrder() throws IOException {
        String order = archive.has(folder + "byteorder") ? word("byteorder") : "little";
        return switch (order) {
            case "little" -> ByteOrder.LITTLE_ENDIAN;
            case "big" -> ByteOrder.BIG_ENDIAN;
            default ->
                throw new ModelException(
                        "its byte order is '%s', expected little or big: the file is damaged".formatted(order));
        };
    }

    private void addTensors(Map<String, TensorView> found) {
        Map<TensorView, String> names = new HashMap<>();
        found.forEach((name, view) -> {
            view.requireInside(name);
            requireStorage(name, view.storage());
            String same = names.putIfAbsent(view, name);
            if (same == null) {
                tensors.put(name, view);
            } else {
                aliases.put(name, same);
            }
        });
    }

    private void requireStorage(String tensor, PickledStorage storage) {
        if (!storages.add(storage)) {
            return;
        }
        String entry = entry(storage);
        if (!archive.has(entry)) {
            throw new ModelException("tensor '%s' needs the storage '%s', which the archive doesn't have: save it again"
                    .formatted(tensor, NameList.shortened(storage.key())));
        }
        long bytesPerValue = storage.type().bytes(1);
        if (archive.bytes(entry) % bytesPerValue != 0 || archive.bytes(entry) / bytesPerValue != storage.values()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' needs the storage '%s' of %d %s values, but that has %d bytes: the file is damaged",
                    tensor,
                    storage.key(),
                    storage.values(),
                    storage.type(),
                    archive.bytes(entry)));
        }
        storedValues = Math.addExact(storedValues, storage.values());
    }

    private String entry(PickledStorage storage) {
        return folder + "data/" + storage.key();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public Set<String> unreadable() {
        return unreadable;
    }

    @Override
    public Shape shape(String name) {
        return tensors.get(name).shape();
    }

    @Override
    public ElementType type(String name) {
        return tensors.get(name).storage().type();
    }

    @Override
    public float[] read(String name) throws IOException {
        TensorView view = tensors.get(name);
        view.storage().type().requireWeight(name);
        requireLimitedSharing(name, view);
        float[] stored = Allocation.floats(name, Shape.of(view.span()));
        readStored(view, stored);
        if (view.isContiguous()) {
            return stored;
        }
        float[] ordered = Allocation.floats(name, view.shape());
        view.gather(stored, ordered);
        return ordered;
    }

    /**
     * Limits overlapping views. Tied layers are one view, but thousands of distinct views of the same values would
     * expand a small file beyond the memory.
     */
    private void requireLimitedSharing(String name, TensorView view) {
        readValues += view.shape().values(); // no overflow: few views, each at most one storage
        if (readValues / MAX_SHARING > storedValues) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "with tensor '%s' its tensors have %d values, but its storages only %d: they overlap; "
                            + "save each after .clone()",
                    name,
                    readValues,
                    storedValues));
        }
    }

    private void readStored(TensorView view, float[] target) throws IOException {
        ElementType type = view.storage().type();
        int bytesPerValue = (int) type.bytes(1);
        byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, (long) target.length * bytesPerValue)];
        try (InputStream stream = stream(view.storage(), view.offset() * bytesPerValue)) {
            int at = 0;
            while (at < target.length) {
                int bytes = (int) Math.min(chunk.length, (target.length - (long) at) * bytesPerValue);
                if (stream.readNBytes(chunk, 0, bytes) < bytes) {
                    throw new EOFException("the file ended while it was read: it became shorter");
                }
                type.toFloats(ByteBuffer.wrap(chunk, 0, bytes).order(byteOrder), target, at);
                at += bytes / bytesPerValue;
            }
        }
    }

    private InputStream stream(PickledStorage storage, long from) throws IOException {
        String entry = entry(storage);
        if (!archive.isDeflated(entry)) {
            return archive.stored(entry, from);
        }
        if (!inflated.containsKey(entry)) {
            inflated.put(entry, archive.read(entry));
        }
        byte[] bytes = inflated.get(entry);
        return new ByteArrayInputStream(bytes, (int) from, bytes.length - (int) from);
    }
}
