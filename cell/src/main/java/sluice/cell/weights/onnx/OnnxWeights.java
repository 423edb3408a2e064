package sluice.cell.weights.onnx;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.onnx.ProtoReader.Span;

/**
 * Reads the values of tensors, from the model file or from external files. Values are copied in chunks, so the file is
 * never held in memory.
 */
final class OnnxWeights {
    private static final int CHUNK_BYTES = 1 << 17; // a multiple of the size of every element type

    private final SeekableByteChannel channel;
    private final ModelFolder folder;
    private final Map<List<String>, Long> externals = new HashMap<>(); // path components to file size in bytes
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    OnnxWeights(SeekableByteChannel channel, ModelFolder folder) {
        this.channel = channel;
        this.folder = folder;
    }

    /**
     * Reads a floating-point tensor as float32, row-major, into a new array. Values may be NaN or infinite.
     *
     * @throws ModelException if the length of the data doesn't match the shape, or the type is another one
     */
    float[] floats(OnnxTensor tensor) throws IOException {
        requireType(tensor, tensor.type() != null && tensor.type().isFloat(), "FLOAT, FLOAT16, BFLOAT16 or DOUBLE");
        tensor.requireMatchingLength();
        if (tensor.external() != null) {
            return externalFloats(tensor);
        }
        float[] values = Allocation.floats(tensor.name(), tensor.shape());
        if (tensor.raw() != null) {
            readFloats(tensor, channel, List.of(tensor.raw()), values);
        } else if (tensor.type().isVarint()) {
            readHalves(tensor, values);
        } else {
            readFloats(tensor, channel, tensor.spans(), values);
        }
        return values;
    }

    /** Reads an integer tensor, row-major, into a new array. */
    long[] longs(OnnxTensor tensor) throws IOException {
        requireType(tensor, tensor.type() != null && tensor.type().isInteger(), "INT64, INT32 or BOOL");
        tensor.requireMatchingLength();
        if (tensor.external() != null) {
            throw new ModelException("tensor '%s' has integers in an external file, expected them in the model file"
                    .formatted(tensor.name()));
        }
        if (tensor.raw() == null) {
            return varints(tensor);
        }
        long[] values = new long[(int) tensor.shape().values()];
        readLongs(tensor, values);
        return values;
    }

    private static void requireType(OnnxTensor tensor, boolean fits, String expected) {
        if (!fits) {
            throw new ModelException("tensor '%s' has type %s, expected %s; export it as one of these"
                    .formatted(tensor.name(), tensor.type() == null ? "unknown" : tensor.type(), expected));
        }
    }

    private float[] externalFloats(OnnxTensor tensor) throws IOException {
        String location = tensor.external().getOrDefault("location", "");
        long bytes = tensor.type().element().bytes(tensor.shape().values());
        long begin = number(tensor, "offset", 0);
        long length = number(tensor, "length", bytes);
        if (length != bytes) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s': %s of shape %s needs %d bytes, but its external data claims %d",
                    tensor.name(),
                    tensor.type(),
                    tensor.shape(),
                    bytes,
                    length));
        }
        try (SeekableByteChannel file = open(location)) {
            externals.put(parts(location), file.size());
            if (begin > file.size() - bytes) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensor '%s' is at bytes %d to %d of '%s', which has %d bytes: it is another file, or cut short",
                        tensor.name(),
                        begin,
                        begin + bytes,
                        location,
                        file.size()));
            }
            float[] values = Allocation.floats(tensor.name(), tensor.shape());
            readFloats(tensor, file, List.of(new Span(begin, begin + bytes)), values);
            return values;
        } catch (ModelException e) {
            throw e.getMessage().startsWith("tensor ")
                    ? e
                    : new ModelException("tensor '%s': %s".formatted(tensor.name(), e.getMessage()), e);
        }
    }

    /** Total size in bytes of the external files that values were read from. */
    long externalBytes() {
        return externals.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The components of a path; equal for different spellings of the same path. */
    private static List<String> parts(String location) {
        return Arrays.stream(location.split("/", -1))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toList();
    }

    private SeekableByteChannel open(String location) throws IOException {
        if (!isBelow(location)) {
            throw new ModelException(("the weights are in '%s', a path outside the directory of the model; expected a "
                            + "relative path without '..'")
                    .formatted(location));
        }
        try {
            return folder.open(location);
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw new ModelException(
                    "the weights are in '%s', but the directory of the model has no such file; copy it there"
                            .formatted(location),
                    e);
        }
    }

    /** Whether a path stays below the folder on every file system: no drive, scheme, other separator or {@code ..}. */
    private static boolean isBelow(String location) {
        return !location.isEmpty()
                && !location.startsWith("/")
                && location.chars().noneMatch(c -> c < ' ' || c == '\\' || c == ':')
                && Arrays.stream(location.split("/", -1)).noneMatch(".."::equals);
    }

    private static long number(OnnxTensor tensor, String key, long defaultValue) {
        String text = tensor.external().get(key);
        if (text == null) {
            return defaultValue;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 0 && number < Long.MAX_VALUE / 2) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, like a number out of range
        }
        throw new ModelException("tensor '%s' has external data with %s '%s', expected a number of bytes"
                .formatted(tensor.name(), key, text));
    }

    private void readFloats(OnnxTensor tensor, SeekableByteChannel file, List<Span> spans, float[] values)
            throws IOException {
        ElementType element = tensor.type().element();
        int at = 0;
        for (Span span : spans) {
            for (long from = span.begin(); from < span.end(); from += chunk.capacity()) {
                read(file, from, (int) Math.min(chunk.capacity(), span.end() - from));
                int count = (int) (chunk.remaining() / element.bytes(1));
                element.toFloats(chunk, values, at);
                at += count;
            }
        }
    }

    /** Reads float16 or bfloat16 values, stored as the low 16 bits of varints. */
    private void readHalves(OnnxTensor tensor, float[] values) throws IOException {
        long[] bits = varints(tensor);
        ByteBuffer half = ByteBuffer.allocate(Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < values.length; at++) {
            half.clear().putShort((short) bits[at]).flip();
            tensor.type().element().toFloats(half, values, at);
        }
    }

    private void readLongs(OnnxTensor tensor, long[] values) throws IOException {
        int at = 0;
        for (long from = tensor.raw().begin(); from < tensor.raw().end(); from += chunk.capacity()) {
            read(channel, from, (int) Math.min(chunk.capacity(), tensor.raw().end() - from));
            while (chunk.hasRemaining()) {
                values[at++] = switch (tensor.type()) {
                    case INT64 -> chunk.getLong();
                    case INT32 -> chunk.getInt();
                    default -> chunk.get();
                };
            }
        }
    }

    private long[] varints(OnnxTensor tensor) throws IOException {
        long[] values = new long[(int) tensor.shape().values()];
        int found = 0;
        for (Span span : tensor.spans()) {
            ProtoReader reader = new ProtoReader(channel, span);
            for (; reader.hasVarint(); found++) {
                long value = reader.varint();
                if (found < values.length) {
                    values[found] = value;
                }
            }
        }
        if (found != values.length) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has %d values, but its shape %s has %d; the file is damaged",
                    tensor.name(),
                    found,
                    tensor.shape(),
                    values.length));
        }
        return values;
    }

    /** Fills the chunk with this many bytes of the file. */
    private void read(SeekableByteChannel file, long position, int bytes) throws IOException {
        chunk.clear().limit(bytes);
        file.position(position);
        while (chunk.hasRemaining()) {
            if (file.read(chunk) < 0) {
                throw new ModelException("the file was truncated while it was read; copy it again");
            }
        }
        chunk.flip();
    }
}
