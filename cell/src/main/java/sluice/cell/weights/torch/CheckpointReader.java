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

/**
 * Reads what {@code torch.save} writes since PyTorch 1.6: a zip archive of one folder, with a pickle that describes the
 * tensors ({@code data.pkl}) and the bytes of each storage ({@code data/0}, {@code data/1} and so on).
 *
 * <p>The layout is that of {@code torch/serialization.py} and {@code caffe2/serialize/inline_container.cc}. The pickle
 * is read by {@link CheckpointUnpickler}, which runs nothing; a tensor's values go from the file into their float
 * array, so the file is never in memory.
 */
public final class CheckpointReader implements TensorSource {
    static final String FORMAT = "PyTorch checkpoint";

    static final int MAX_PICKLE_BYTES = 1 << 25;

    /** What may stand beside the tensors: the epoch, the settings, a vocabulary. */
    static final int FREE_PICKLE_BYTES = 1 << 22;

    /** The description of a tensor takes some 200 bytes, and its name up to a thousand. */
    static final int PICKLE_BYTES_PER_STORAGE = 2_048;

    /** Tensors of one file may share values; all that are read have at most this many times as many as are stored. */
    static final int MAX_SHARING = 2;

    private static final int MAX_RECORD_BYTES = 100; // of the version and the byte order, which are a word each
    private static final int OLDEST_VERSION = 1;
    private static final int NEWEST_VERSION = 10; // kMaxSupportedFileFormatVersion
    private static final int CHUNK_BYTES = 1 << 20; // a whole number of values of every type

    private final ZipArchive archive;
    private final String folder; // of the archive, with its slash
    private final ByteOrder byteOrder;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>(); // each view once
    private final Map<String, String> aliases = new HashMap<>(); // other names of the same views
    private final List<String> notes;
    private final Set<PickledStorage> storages = new HashSet<>();
    private final Map<String, byte[]> inflated = new HashMap<>(); // storages that can't be read from the middle
    private long storedValues;
    private long readValues;

    private CheckpointReader(ZipArchive archive, String folder) throws IOException {
        this.archive = archive;
        this.folder = folder;
        requireVersion();
        this.byteOrder = byteOrder();
        CheckpointDict dict = CheckpointDict.find(unpickled());
        this.notes = dict.notes();
        addTensors(dict.tensors());
    }

    public static ModelFile readModel(SeekableByteChannel channel, TensorNames names) throws IOException {
        CheckpointReader reader = open(channel);
        StateDict stateDict = new StateDict(reader, reader.aliases, names);
        LstmModel model = stateDict.model();
        List<String> notes = new ArrayList<>(stateDict.notes());
        notes.addAll(reader.notes);
        return new ModelFile(model, Map.of(), notes, FORMAT, LstmStack.GATES);
    }

    /** Reads and checks everything but the values. */
    static CheckpointReader open(SeekableByteChannel channel) throws IOException {
        ZipArchive archive = ZipArchive.open(channel);
        String folder = folder(archive);
        requireNoProgram(archive, folder);
        return new CheckpointReader(archive, folder);
    }

    private Object unpickled() throws IOException {
        int found = (int) archive.names().stream()
                .filter(name -> name.startsWith(folder + "data/") && archive.bytes(name) > 0)
                .count();
        long most = Math.min(MAX_PICKLE_BYTES, FREE_PICKLE_BYTES + (long) PICKLE_BYTES_PER_STORAGE * found);
        return CheckpointUnpickler.read(read("data.pkl", most), found);
    }

    private static String folder(ZipArchive archive) {
        List<String> pickles = archive.names().stream()
                .filter(name -> name.matches("[^/]+/data\\.pkl"))
                .collect(Collectors.toList());
        if (pickles.size() != 1) {
            throw new ModelException(("this is a zip archive with %s 'data.pkl' in its folder, expected one, as in a "
                            + "PyTorch checkpoint; %s")
                    .formatted(pickles.isEmpty() ? "no" : pickles.size(), CheckpointUnpickler.SAVE_WEIGHTS));
        }
        return pickles.get(0).substring(0, pickles.get(0).indexOf('/') + 1);
    }

    private static void requireNoProgram(ZipArchive archive, String folder) {
        if (archive.has(folder + "constants.pkl")
                || archive.names().stream().anyMatch(name -> name.startsWith(folder + "code/"))) {
            throw new ModelException(
                    "this is a TorchScript archive, a program with its weights, expected weights alone; in Python, "
                            + "torch.save(torch.jit.load(\"old.pt\").state_dict(), \"model.pt\") saves them");
        }
    }

    private byte[] read(String record, long maxBytes) throws IOException {
        long bytes = archive.bytes(folder + record);
        if (bytes > maxBytes) {
            throw new ModelException("its record '%s' has %d bytes, expected at most %d; %s"
                    .formatted(record, bytes, maxBytes, CheckpointUnpickler.SAVE_WEIGHTS));
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
            throw new ModelException("its format has version '%s', expected %d to %d; save it with a PyTorch 2"
                    .formatted(version, OLDEST_VERSION, NEWEST_VERSION));
        }
    }

    /** Older versions of PyTorch don't write it, and mean little-endian. */
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
            throw new ModelException(
                    "tensor '%s' needs the storage '%s' of %d %s values, but that has %d bytes: the file is damaged"
                            .formatted(tensor, storage.key(), storage.values(), storage.type(), archive.bytes(entry)));
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
    public Shape shape(String name) {
        return tensors.get(name).shape();
    }

    @Override
    public float[] read(String name) throws IOException {
        TensorView view = tensors.get(name);
        view.storage().type().requireWeight(name);
        requireLittleSharing(name, view);
        float[] stored = Allocation.floats(name, Shape.of(view.span()));
        readStored(view, stored);
        if (view.isContiguous()) {
            return stored;
        }
        float[] ordered = Allocation.floats(name, view.shape());
        view.gather(stored, ordered);
        return ordered;
    }

    /** Tied layers are one view; but thousands of views of the same values would make a small file fill the memory. */
    private void requireLittleSharing(String name, TensorView view) {
        readValues += view.shape().values(); // each is at most a storage's, and they are few: no overflow
        if (readValues / MAX_SHARING > storedValues) {
            throw new ModelException(
                    ("with tensor '%s' its tensors have %d values, but its storages only %d: they overlap; "
                                    + "save each after .clone()")
                            .formatted(name, readValues, storedValues));
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
