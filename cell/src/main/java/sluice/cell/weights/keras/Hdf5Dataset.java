package sluice.cell.weights.keras;

import io.jhdf.Constants;
import io.jhdf.ObjectHeader;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.message.DataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ChunkedDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.CompactDataLayoutMessage;
import io.jhdf.object.message.DataLayoutMessage.ContiguousDataLayoutMessage;
import io.jhdf.object.message.DataSpaceMessage;
import io.jhdf.object.message.DataTypeMessage;
import io.jhdf.object.message.FilterPipelineMessage;
import io.jhdf.object.message.FilterPipelineMessage.FilterInfo;
import io.jhdf.object.message.Message;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/** A floating-point array of an HDF5 file. Its shape is known on opening; its values are read on demand. */
final class Hdf5Dataset {
    /** Limit on the axes. No supported layer has weights with more. */
    static final int MAX_RANK = 8;

    private static final int HALF_EXPONENT_BITS = 5;

    private final Hdf5Storage storage;
    private final String path;
    private final Shape shape;
    private final DataTypeMessage type; // null if missing in the header
    private final DataLayoutMessage layout; // null if missing in the header
    private final List<FilterInfo> filters; // in the order in which they were applied on writing

    Hdf5Dataset(Hdf5Storage storage, String path, ObjectHeader header) {
        this.storage = storage;
        this.path = path;
        this.shape = Hdf5Library.guarded(describe(), () -> readShape(header));
        // The header itself is not kept, because it may have very many attributes.
        this.type = message(header, DataTypeMessage.class);
        this.layout = message(header, DataLayoutMessage.class);
        FilterPipelineMessage pipeline = message(header, FilterPipelineMessage.class);
        this.filters = pipeline == null ? List.of() : pipeline.getFilters();
    }

    /** Description for messages, such as {@code array 'lstm/cell/vars/0'}. */
    String describe() {
        return "array '%s'".formatted(NameList.shortened(path));
    }

    /** Path in the file. */
    String path() {
        return path;
    }

    Shape shape() {
        return shape;
    }

    private <T extends Message> T message(ObjectHeader header, Class<T> kind) {
        return header.hasMessageOfType(kind)
                ? Hdf5Library.guarded(describe(), () -> header.getMessageOfType(kind))
                : null;
    }

    private Shape readShape(ObjectHeader header) {
        long[] dimensions =
                header.getMessageOfType(DataSpaceMessage.class).getDataSpace().getDimensionsAsLong();
        Shape found = Shape.of(dimensions);
        boolean possible = dimensions.length <= MAX_RANK;
        for (long dimension : dimensions) {
            possible &= dimension >= 0 && dimension <= Allocation.MAX_LENGTH;
        }
        if (!possible) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has shape %s, expected at most %d axes of at most %d",
                    describe(),
                    found,
                    MAX_RANK,
                    Allocation.MAX_LENGTH));
        }
        return found;
    }

    /**
     * Reads all values as float32, row-major, into a new array. They may include NaN or infinities.
     *
     * @throws ModelException if they are not floating-point numbers, or fewer than the shape requires
     */
    float[] read() {
        return Hdf5Library.guarded(describe(), () -> {
            if (type == null || layout == null) {
                throw new ModelException("%s has no type or no place in its header, expected both: the file is damaged"
                        .formatted(describe()));
            }
            DataType number = type.getDataType();
            ElementType element = elementType(number);
            long bytes = element.bytes(shape.values());
            ByteBuffer stored = stored(bytes, number.getSize()).order(((FloatingPoint) number).getByteOrder());
            float[] values = Allocation.floats(path, shape);
            element.toFloats(stored, values, 0);
            return values;
        });
    }

    private ElementType elementType(DataType type) {
        if (type instanceof FloatingPoint number) {
            if (number.getSize() == Float.BYTES) {
                return ElementType.F32;
            }
            if (number.getSize() == Double.BYTES) {
                return ElementType.F64;
            }
            if (number.getSize() == Short.BYTES && number.getExponentSize() == HALF_EXPONENT_BITS) {
                return ElementType.F16;
            }
        }
        throw new ModelException(String.format(
                Locale.ROOT,
                "%s holds %s of %d bytes, expected float16, float32 or float64; save it as one of these",
                describe(),
                type.getClass().getSimpleName(),
                type.getSize()));
    }

    /** Reads exactly this number of bytes of the stored values. */
    private ByteBuffer stored(long bytes, int bytesPerValue) {
        if (layout instanceof CompactDataLayoutMessage compact) {
            ByteBuffer stored = compact.getDataBuffer();
            requireEnough(stored.remaining(), bytes);
            return stored.limit((int) bytes);
        }
        if (layout instanceof ContiguousDataLayoutMessage contiguous) {
            if (contiguous.getAddress() == Constants.UNDEFINED_ADDRESS) {
                requireEnough(0, bytes);
            }
            requireEnough(storage.size(), bytes);
            return storage.map(contiguous.getAddress(), bytes);
        }
        if (layout instanceof ChunkedDataLayoutMessage chunked) {
            return new Hdf5Chunks(storage, filters, chunked, shape, bytesPerValue, describe()).read();
        }
        throw new ModelException(
                "%s has a chunk layout that only the newest HDF5 versions write; copy the file with h5repack --low=0 --high=0"
                        .formatted(describe()));
    }

    private void requireEnough(long stored, long bytes) {
        if (bytes > stored) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has shape %s, which takes %d bytes, but only %d are there: the file is damaged",
                    describe(),
                    shape,
                    bytes,
                    stored));
        }
    }
}
