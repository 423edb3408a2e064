package sluice.cell.weights.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import net.razorvine.pickle.Opcodes;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.ZipWriter;
import sluice.cell.weights.file.Shape;

/** Writes PyTorch checkpoints for tests: a state dict alone, or with the content that training scripts add. */
public final class CheckpointWriter {
    /** PyTorch storage types by the safetensors name of the element type. */
    private static final Map<String, String> STORAGES = Map.of(
            "F64", "DoubleStorage",
            "F32", "FloatStorage",
            "F16", "HalfStorage",
            "BF16", "BFloat16Storage",
            "I64", "LongStorage",
            "U8", "ByteStorage");

    private final Map<String, byte[]> storages = new LinkedHashMap<>();
    private final List<Named> tensors = new ArrayList<>();
    private String folder = "archive";
    private ByteOrder byteOrder = ByteOrder.LITTLE_ENDIAN;
    private boolean deflated;
    private boolean parameters;
    private boolean wide;

    private record Named(
            String name, String dtype, String storage, long values, long offset, long[] shape, long[] strides) {}

    /** A checkpoint of a model, with the tensor names of {@link SafetensorsWriter}. */
    public static CheckpointWriter of(LstmModel model) {
        return of(SafetensorsWriter.tensors(model));
    }

    public static CheckpointWriter of(List<RawTensor> tensors) {
        CheckpointWriter writer = new CheckpointWriter();
        tensors.forEach(writer::with);
        return writer;
    }

    /** Adds a row-major tensor with its own storage. */
    public CheckpointWriter with(RawTensor tensor) {
        long values = Shape.of(tensor.shape()).values();
        String key = storage(tensor.bytes());
        return with(tensor.name(), tensor.dtype(), key, values, 0, tensor.shape(), rowMajor(tensor.shape()));
    }

    /** Adds a view of a storage that {@link #storage} has added. */
    public CheckpointWriter with(
            String name, String dtype, String storage, long values, long offset, long[] shape, long[] strides) {
        tensors.add(new Named(name, dtype, storage, values, offset, shape, strides));
        return this;
    }

    /** Adds a storage and returns its key. */
    public String storage(byte[] littleEndian) {
        String key = Integer.toString(storages.size());
        storages.put(key, littleEndian);
        return key;
    }

    public static long[] rowMajor(long... shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= Math.max(1, shape[axis]);
        }
        return strides;
    }

    public CheckpointWriter in(String otherFolder) {
        folder = otherFolder;
        return this;
    }

    /** Writes storages in big-endian byte order; they must be float32. */
    public CheckpointWriter bigEndian() {
        byteOrder = ByteOrder.BIG_ENDIAN;
        return this;
    }

    /** Compresses the entries, as in repacked archives. */
    public CheckpointWriter deflated() {
        deflated = true;
        return this;
    }

    /** Writes tensors as trainable parameters ({@code keep_vars=True}). */
    public CheckpointWriter asParameters() {
        parameters = true;
        return this;
    }

    public CheckpointWriter wide() {
        wide = true;
        return this;
    }

    /** Returns a file with only the state dict. */
    public byte[] bytes() {
        return bytes(writer -> {
            writeStateDict(writer);
        });
    }

    /** Returns a file with this pickle, which may call {@link #writeStateDict}. */
    public byte[] bytes(Consumer<PickleWriter> pickle) {
        PickleWriter writer = PickleWriter.protocol2();
        pickle.accept(writer);
        return zip(writer.stop()).bytes();
    }

    /** Returns the archive with this pickle. */
    public ZipWriter zip(byte[] pickle) {
        ZipWriter zip = new ZipWriter();
        if (wide) {
            zip.wide();
        }
        add(zip, "data.pkl", pickle);
        add(zip, ".format_version", "1".getBytes(StandardCharsets.US_ASCII));
        String order = byteOrder == ByteOrder.BIG_ENDIAN ? "big" : "little";
        add(zip, "byteorder", order.getBytes(StandardCharsets.US_ASCII));
        storages.forEach((key, bytes) -> add(zip, "data/" + key, inOrder(bytes)));
        add(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        add(zip, ".data/serialization_id", "0123456789".getBytes(StandardCharsets.US_ASCII));
        return zip;
    }

    private void add(ZipWriter zip, String record, byte[] bytes) {
        if (deflated) {
            zip.withDeflated(folder + "/" + record, bytes);
        } else {
            zip.with(folder + "/" + record, bytes);
        }
    }

    private byte[] inOrder(byte[] littleEndian) {
        if (byteOrder == ByteOrder.LITTLE_ENDIAN) {
            return littleEndian;
        }
        float[] values = new float[littleEndian.length / Float.BYTES];
        ByteBuffer.wrap(littleEndian)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        ByteBuffer big = ByteBuffer.allocate(littleEndian.length);
        big.asFloatBuffer().put(values);
        return big.array();
    }

    /** Writes an {@code OrderedDict} of all tensors with the attribute that {@code state_dict()} sets. */
    public PickleWriter writeStateDict(PickleWriter writer) {
        writer.orderedDict().put(0).op(Opcodes.MARK);
        for (Named tensor : tensors) {
            writer.text(tensor.name());
            writeTensor(writer, tensor);
        }
        return writer.op(Opcodes.SETITEMS)
                .op(Opcodes.EMPTY_DICT)
                .text("_metadata")
                .orderedDict()
                .text("")
                .op(Opcodes.EMPTY_DICT)
                .text("version")
                .whole(1)
                .op(Opcodes.SETITEM, Opcodes.SETITEM, Opcodes.SETITEM, Opcodes.BUILD);
    }

    private void writeTensor(PickleWriter writer, Named tensor) {
        if (parameters) {
            writer.global("torch._utils", "_rebuild_parameter").op(Opcodes.MARK);
        }
        writer.tensor(
                STORAGES.get(tensor.dtype()),
                tensor.storage(),
                tensor.values(),
                tensor.offset(),
                tensor.shape(),
                tensor.strides());
        if (parameters) {
            writer.op(Opcodes.NEWTRUE).orderedDict().op(Opcodes.TUPLE, Opcodes.REDUCE);
        }
    }

    /** Little-endian bytes of float32 values. */
    public static byte[] floats(float... values) {
        return RawTensor.f32("", values, values.length).bytes();
    }

    /** Concatenates the values of several tensors, as cuDNN keeps the weights of an LSTM. */
    public static byte[] joined(List<RawTensor> tensors) {
        int bytes = tensors.stream().mapToInt(tensor -> tensor.bytes().length).sum();
        ByteBuffer all = ByteBuffer.allocate(bytes);
        tensors.forEach(tensor -> all.put(tensor.bytes()));
        return Arrays.copyOf(all.array(), bytes);
    }
}
