package sluice.cell.weights.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ChannelBytes;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.statedict.StateDict;
import sluice.cell.weights.statedict.TensorSource;

/**
 * Reads safetensors files: the header's length (8 bytes), a JSON header, and the bytes of all tensors, little-endian.
 *
 * <p>The format is defined by the README of {@code huggingface/safetensors}. The header is read and validated as a
 * whole. Values are read in chunks into the float array of their tensor, so the file is never in memory as a whole.
 */
public final class SafetensorsReader implements TensorSource {
    static final String FORMAT = "safetensors";

    private static final int LENGTH_BYTES = FileKind.SAFETENSORS_LENGTH_BYTES;
    private static final int MAX_HEADER_BYTES = FileKind.SAFETENSORS_MAX_HEADER_BYTES;

    private static final int CHUNK_BYTES = 1 << 20; // a whole number of values of every type

    private final SeekableByteChannel channel;
    private final long dataStart; // bytes from the start of the file
    private final Map<String, TensorEntry> tensors; // in header order
    private final Map<String, String> metadata;
    private final ByteBuffer chunk;

    private SafetensorsReader(SeekableByteChannel channel, long dataStart, long dataBytes, SafetensorsHeader header) {
        this.channel = channel;
        this.dataStart = dataStart;
        this.tensors = new LinkedHashMap<>();
        header.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        this.metadata = header.metadata();
        this.chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, dataBytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    public static ModelFile readModel(SeekableByteChannel channel, TensorNames names) throws IOException {
        SafetensorsReader reader = open(channel);
        StateDict stateDict = new StateDict(reader, SharedNames.in(reader.metadata, reader), names);
        LstmModel model = stateDict.model();
        return new ModelFile(model, reader.metadata, stateDict.notes(), FORMAT, StateDict.GATES);
    }

    /** Reads and validates the header. */
    static SafetensorsReader open(SeekableByteChannel channel) throws IOException {
        long fileBytes = channel.size();
        if (fileBytes < LENGTH_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the file has %d bytes, expected at least the %d of the header's length",
                    fileBytes,
                    LENGTH_BYTES));
        }
        ByteBuffer start = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ChannelBytes.read(channel, 0, start);
        int headerBytes = requireHeaderLength(start.getLong(0), channel);
        byte[] json = new byte[headerBytes];
        ChannelBytes.read(channel, LENGTH_BYTES, ByteBuffer.wrap(json));
        requireBrace(json);
        SafetensorsHeader header = SafetensorsHeader.parse(json);
        long dataStart = LENGTH_BYTES + (long) headerBytes;
        long dataBytes = fileBytes - dataStart;
        header.requireExactCover(dataBytes);
        return new SafetensorsReader(channel, dataStart, dataBytes, header);
    }

    private static int requireHeaderLength(long headerBytes, SeekableByteChannel channel) throws IOException {
        long fileBytes = channel.size();
        // The length is unsigned, so a negative value here exceeds the limit.
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the header claims %s bytes, expected at most %d: this is not a safetensors file, or it is damaged",
                    Long.toUnsignedString(headerBytes),
                    MAX_HEADER_BYTES));
        }
        if (headerBytes > fileBytes - LENGTH_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the header claims %d bytes, but only %d follow: %s",
                    headerBytes,
                    fileBytes - LENGTH_BYTES,
                    beginsWithBrace(channel)
                            ? "the file is cut short, copy it again"
                            : "this is not a safetensors file, or it is cut short"));
        }
        return (int) headerBytes;
    }

    private static boolean beginsWithBrace(SeekableByteChannel channel) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(1);
        channel.position(LENGTH_BYTES);
        return channel.read(first) == 1 && first.get(0) == '{';
    }

    private static void requireBrace(byte[] json) {
        if (json.length == 0 || json[0] != '{') {
            String found = json.length == 0
                    ? "is empty"
                    : String.format(Locale.ROOT, "begins with byte 0x%02X", json[0] & 0xFF);
            throw new ModelException("the header %s, expected JSON that begins with '{': this is not a safetensors file"
                    .formatted(found));
        }
    }

    /** The file's metadata. It also maps the names of omitted shared tensors to the names of the stored ones. */
    Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
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
    public ElementType type(String name) {
        return tensors.get(name).type();
    }

    @Override
    public float[] read(String name) throws IOException {
        TensorEntry tensor = tensors.get(name);
        tensor.type().requireWeight(name);
        float[] values = Allocation.floats(name, tensor.shape());
        long bytesPerValue = tensor.type().bytes(1);
        long at = tensor.begin();
        while (at < tensor.end()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), tensor.end() - at));
            ChannelBytes.read(channel, dataStart + at, chunk);
            tensor.type().toFloats(chunk.flip(), values, (int) ((at - tensor.begin()) / bytesPerValue));
            at += chunk.limit();
        }
        return values;
    }
}
