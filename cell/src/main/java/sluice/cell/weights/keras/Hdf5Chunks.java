package sluice.cell.weights.keras;

import io.jhdf.Constants;
import io.jhdf.btree.BTreeV1;
import io.jhdf.dataset.chunked.Chunk;
import io.jhdf.object.message.DataLayoutMessage.ChunkedDataLayoutMessage;
import io.jhdf.object.message.FilterPipelineMessage.FilterInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.Shape;

/**
 * An HDF5 array that is stored in chunks, which may be compressed.
 *
 * <p>The library would decompress a chunk without a limit. Here a chunk may not decompress to more than its declared
 * size.
 */
final class Hdf5Chunks {
    /**
     * Maximum ratio of array bytes to stored bytes, the same as in Keras. A higher ratio indicates a decompression
     * bomb.
     */
    static final long MAX_EXPANSION = 1000;

    private static final int FREE_CHUNK_BYTES = 1 << 20;
    private static final int MAX_CHUNKS = 100_000;
    private static final int FREE_TREE_BYTES = 1 << 16;

    /** A key of the B-tree has one number for each of up to nine axes, and nodes are at least half full. */
    private static final long MAX_TREE_BYTES_PER_CHUNK = 256;

    private static final int DEFLATE = 1;
    private static final int SHUFFLE = 2;
    private static final int CHECKSUM = 3;
    private static final int CHECKSUM_BYTES = 4;

    private final Hdf5Storage storage;
    private final String array;
    private final int rank;
    private final long[] shape;
    private final int[] chunkShape;
    private final int bytesPerValue;
    private final int chunkBytes;
    private final List<FilterInfo> filters; // in the order in which they were applied on writing
    private final List<Chunk> chunks;
    private final byte[] values;

    Hdf5Chunks(
            Hdf5Storage storage,
            List<FilterInfo> filters,
            ChunkedDataLayoutMessage layout,
            Shape shape,
            int bytesPerValue,
            String array) {
        this.storage = storage;
        this.array = array;
        this.rank = shape.rank();
        this.shape = new long[rank];
        for (int axis = 0; axis < rank; axis++) {
            this.shape[axis] = shape.dimension(axis);
        }
        this.chunkShape = layout.getChunkDimensions();
        this.bytesPerValue = bytesPerValue;
        this.chunkBytes = chunkBytes(Math.multiplyExact(shape.values(), bytesPerValue));
        this.filters = filters;
        filters.forEach(this::requireKnown);
        this.chunks = layout.getBTreeAddress() == Constants.UNDEFINED_ADDRESS
                ? List.of()
                : storage.within(
                        FREE_TREE_BYTES + MAX_TREE_BYTES_PER_CHUNK * expectedChunks(),
                        () -> BTreeV1.createDataBTree(storage, layout.getBTreeAddress(), rank)
                                .getChunks());
        requireAll(shape);
        this.values = Allocation.bytes(array, Math.multiplyExact(shape.values(), bytesPerValue));
    }

    /** Size of a chunk in bytes. A chunk may be larger than a growable array, but not by much. */
    private int chunkBytes(long arrayBytes) {
        long bytes = bytesPerValue;
        boolean possible = chunkShape.length == rank && rank > 0;
        for (int size : chunkShape) {
            possible &= size > 0;
            bytes = Math.multiplyExact(bytes, Math.max(size, 1));
        }
        if (!possible || bytes > FREE_CHUNK_BYTES + 2 * arrayBytes || bytes > Allocation.MAX_LENGTH) {
            throw new ModelException("%s of shape %s is stored in chunks of shape %s: the file is damaged"
                    .formatted(array, Arrays.toString(shape), Arrays.toString(chunkShape)));
        }
        return (int) bytes;
    }

    private void requireKnown(FilterInfo filter) {
        if (filter.getId() != DEFLATE && filter.getId() != SHUFFLE && filter.getId() != CHECKSUM) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s is compressed by filter %d ('%s'), expected gzip; copy the file with h5repack -f GZIP=4",
                    array,
                    filter.getId(),
                    filter.getName()));
        }
    }

    /** Number of chunks in the grid. */
    private long expectedChunks() {
        long expected = 1;
        for (int axis = 0; axis < rank; axis++) {
            expected = Math.multiplyExact(expected, (shape[axis] + chunkShape[axis] - 1) / chunkShape[axis]);
        }
        if (expected > MAX_CHUNKS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s of shape %s is stored in %d chunks, expected at most %d; copy the file with h5repack",
                    array,
                    Arrays.toString(shape),
                    expected,
                    MAX_CHUNKS));
        }
        return expected;
    }

    /** Checks that each chunk of the grid is present exactly once, and that the array is not a decompression bomb. */
    private void requireAll(Shape full) {
        long expected = expectedChunks();
        Set<List<Long>> places = new HashSet<>();
        long stored = 0;
        for (Chunk chunk : chunks) {
            List<Long> place = new ArrayList<>();
            boolean inside = chunk.getChunkOffset().length == rank;
            for (int axis = 0; inside && axis < rank; axis++) {
                long offset = chunk.getChunkOffset()[axis];
                inside = offset >= 0 && offset < shape[axis] && offset % chunkShape[axis] == 0;
                place.add(offset);
            }
            if (!inside || !places.add(place)) {
                throw new ModelException("%s of shape %s has a chunk at %s, outside of it or twice: the file is damaged"
                        .formatted(array, full, Arrays.toString(chunk.getChunkOffset())));
            }
            stored += Math.max(0, chunk.getSize());
        }
        stored = Math.min(stored, storage.size()); // claimed sizes are checked against the file on reading
        if (places.size() != expected) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s of shape %s has %d chunks, expected %d: the file is damaged or was not finished",
                    array,
                    full,
                    places.size(),
                    expected));
        }
        long bytes = Math.multiplyExact(full.values(), bytesPerValue);
        if (bytes > Math.multiplyExact(stored, MAX_EXPANSION)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has %d bytes and would inflate to %d, expected at most %d times as many: "
                            + "it is a decompression bomb",
                    array,
                    stored,
                    bytes,
                    MAX_EXPANSION));
        }
    }

    /** Reads all values in row-major order. */
    ByteBuffer read() {
        for (Chunk chunk : chunks) {
            copy(decoded(chunk), chunk.getChunkOffset());
        }
        return ByteBuffer.wrap(values);
    }

    private byte[] decoded(Chunk chunk) {
        ByteBuffer stored = storage.map(chunk.getAddress(), chunk.getSize());
        byte[] bytes = new byte[stored.remaining()];
        stored.get(bytes);
        List<Integer> filtersToUndo = new ArrayList<>();
        for (int at = 0; at < filters.size(); at++) {
            if (!chunk.getFilterMask().get(at)) { // a set bit: the filter was not applied to this chunk
                filtersToUndo.add(filters.get(at).getId());
            }
        }
        Collections.reverse(filtersToUndo);
        for (int filter : filtersToUndo) {
            bytes = switch (filter) {
                case DEFLATE -> inflated(bytes);
                case SHUFFLE -> unshuffled(bytes);
                default -> withoutChecksum(bytes);
            };
        }
        if (bytes.length != chunkBytes) {
            throw damaged(String.format(Locale.ROOT, "has %d bytes", bytes.length));
        }
        return bytes;
    }

    private ModelException damaged(String found) {
        return new ModelException(String.format(
                Locale.ROOT,
                "a chunk of %s %s, expected %d bytes: the file is damaged, copy it again",
                array,
                found,
                chunkBytes));
    }

    private byte[] inflated(byte[] deflated) {
        byte[] bytes = new byte[chunkBytes + CHECKSUM_BYTES]; // the compressed data may include a checksum
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(deflated);
            int count = 0;
            while (count < bytes.length && !inflater.finished()) {
                int more = inflater.inflate(bytes, count, bytes.length - count);
                if (more == 0 && !inflater.finished()) {
                    throw damaged("ends within its compressed bytes");
                }
                count += more;
            }
            if (!inflater.finished() && inflater.inflate(new byte[1]) > 0) {
                throw damaged("inflates to more");
            }
            return Arrays.copyOf(bytes, count);
        } catch (DataFormatException e) {
            throw new ModelException(
                    "a chunk of %s can't be inflated: %s; the file is damaged, copy it again"
                            .formatted(array, e.getMessage()),
                    e);
        } finally {
            inflater.end();
        }
    }

    /** Reverses the shuffle filter, which stores the first bytes of all values, then the second bytes, and so on. */
    private byte[] unshuffled(byte[] shuffled) {
        byte[] bytes = shuffled.clone(); // the remainder at the end is not shuffled
        int count = shuffled.length / bytesPerValue;
        for (int at = 0; at < count; at++) {
            for (int part = 0; part < bytesPerValue; part++) {
                bytes[at * bytesPerValue + part] = shuffled[part * count + at];
            }
        }
        return bytes;
    }

    private byte[] withoutChecksum(byte[] bytes) {
        if (bytes.length < CHECKSUM_BYTES) {
            throw damaged(String.format(Locale.ROOT, "has %d bytes", bytes.length));
        }
        return Arrays.copyOf(bytes, bytes.length - CHECKSUM_BYTES);
    }

    /** Copies a chunk into the array, row by row. Values beyond the array's edge are dropped. */
    private void copy(byte[] from, long[] place) {
        int last = rank - 1;
        int rowValues = (int) Math.min(chunkShape[last], shape[last] - place[last]);
        int rows = chunkBytes / bytesPerValue / chunkShape[last];
        for (int row = 0; row < rows; row++) {
            long target = 0;
            boolean inside = true;
            int[] index = rowIndex(row);
            for (int axis = 0; axis < last; axis++) {
                long at = place[axis] + index[axis];
                inside &= at < shape[axis];
                target = target * shape[axis] + at;
            }
            if (inside) {
                System.arraycopy(
                        from,
                        row * chunkShape[last] * bytesPerValue,
                        values,
                        Math.toIntExact((target * shape[last] + place[last]) * bytesPerValue),
                        rowValues * bytesPerValue);
            }
        }
    }

    /** Index of a chunk's row along all axes except the last. */
    private int[] rowIndex(int row) {
        int[] index = new int[rank - 1];
        int rest = row;
        for (int axis = rank - 2; axis >= 0; axis--) {
            index[axis] = rest % chunkShape[axis];
            rest /= chunkShape[axis];
        }
        return index;
    }
}
