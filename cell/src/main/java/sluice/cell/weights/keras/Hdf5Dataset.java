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
import java.nio.ByteBuffer;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;

/** An array of floating-point numbers of an HDF5 file: its shape at once, its values when asked for. */
final class Hdf5Dataset {
    /** Arrays of more axes are no weights of a layer that can be scored. */
    static final int MAX_RANK = 8;

    private static final int HALF_EXPONENT_BITS = 5;

    private final Hdf5Storage storage;
    private final String path;
    private final ObjectHeader header;
    private final Shape shape;

    Hdf5Dataset(Hdf5Storage storage, String path, ObjectHeader header) {
        this.storage = storage;
        this.path = path;
        this.header = header;
        this.shape = Hdf5File.guarded(describe(), this::readShape);
    }

    /** {@code array 'lstm/cell/vars/0'} and such, as messages say it. */
    String describe() {
        return "array '%s'".formatted(NameList.shortened(path));
    }

    /** Where it lies in the file. */
    String path() {
        return path;
    }

    Shape shape() {
        return shape;
    }

    private Shape readShape() {
        long[] dimensions =
                header.getMessageOfType(DataSpaceMessage.class).getDataSpace().getDimensionsAsLong();
        Shape found = Shape.of(dimensions);
        boolean possible = dimensions.length <= MAX_RANK;
        for (long dimension : dimensions) {
            possible &= dimension >= 0 && dimension <= Allocation.MAX_LENGTH;
        }
        if (!possible) {
            throw new ModelException("%s has shape %s, expected at most %d axes of at most %d"
                    .formatted(describe(), found, MAX_RANK, Allocation.MAX_LENGTH));
        }
        return found;
    }

    /**
     * All values as float32, row-major: a new array, which may hold NaN or infinities.
     *
     * @throws ModelException where they are no floating-point numbers, or not as many as the shape has
     */
    float[] read() {
        return Hdf5File.guarded(describe(), () -> {
            DataType type = header.getMessageOfType(DataTypeMessage.class).getDataType();
            ElementType element = elementType(type);
            long bytes = element.bytes(shape.values());
            ByteBuffer stored = stored(bytes, type.getSize()).order(((FloatingPoint) type).getByteOrder());
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
        throw new ModelException(
                "%s holds %s of %d bytes, expected float16, float32 or float64; save it as one of these"
                        .formatted(describe(), type.getClass().getSimpleName(), type.getSize()));
    }

    /** The values as bytes, exactly as many as asked for. */
    private ByteBuffer stored(long bytes, int bytesPerValue) {
        DataLayoutMessage layout = header.getMessageOfType(DataLayoutMessage.class);
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
            return new Hdf5Chunks(storage, header, chunked, shape, bytesPerValue, describe()).read();
        }
        throw new ModelException(
                "%s lies in chunks as only the newest HDF5 writes them; copy the file with h5repack --low=0 --high=0"
                        .formatted(describe()));
    }

    private void requireEnough(long stored, long bytes) {
        if (bytes > stored) {
            throw new ModelException("%s has shape %s, which takes %d bytes, but only %d are there: the file is damaged"
                    .formatted(describe(), shape, bytes, stored));
        }
    }
}
