package sluice.cell.weights.torch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import net.razorvine.pickle.Opcodes;

/** Writes pickles for tests, instruction by instruction, as Python's pickler does with protocol 2. */
public final class PickleWriter {
    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();

    /** An empty pickle without the protocol instruction. */
    public PickleWriter() {}

    /** Starts a pickle with protocol 2, as Python's pickler does. */
    public static PickleWriter protocol2() {
        return new PickleWriter().op(Opcodes.PROTO).raw(2);
    }

    public PickleWriter op(short... opcodes) {
        for (short opcode : opcodes) {
            pickle.write(opcode);
        }
        return this;
    }

    public PickleWriter raw(int... bytes) {
        for (int each : bytes) {
            pickle.write(each);
        }
        return this;
    }

    public PickleWriter global(String module, String name) {
        return op(Opcodes.GLOBAL).line(module).line(name);
    }

    public PickleWriter line(String text) {
        pickle.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    public PickleWriter text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        pickle.write(Opcodes.BINUNICODE);
        little(4, bytes.length);
        pickle.writeBytes(bytes);
        return this;
    }

    public PickleWriter whole(long number) {
        if (number >= 0 && number < 1 << 8) {
            pickle.write(Opcodes.BININT1);
            return little(1, number);
        }
        if (number >= 0 && number < 1 << 16) {
            pickle.write(Opcodes.BININT2);
            return little(2, number);
        }
        if (number == (int) number) {
            pickle.write(Opcodes.BININT);
            return little(4, number);
        }
        pickle.write(Opcodes.LONG1);
        pickle.write(Long.BYTES);
        return little(Long.BYTES, number);
    }

    public PickleWriter real(double number) {
        pickle.write(Opcodes.BINFLOAT);
        pickle.writeBytes(ByteBuffer.allocate(Double.BYTES).putDouble(number).array());
        return this;
    }

    public PickleWriter tuple(long... numbers) {
        op(Opcodes.MARK);
        for (long number : numbers) {
            whole(number);
        }
        return op(Opcodes.TUPLE);
    }

    public PickleWriter orderedDict() {
        return global("collections", "OrderedDict").op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE);
    }

    public PickleWriter put(int memo) {
        pickle.write(Opcodes.BINPUT);
        return little(1, memo);
    }

    public PickleWriter get(int memo) {
        pickle.write(Opcodes.BINGET);
        return little(1, memo);
    }

    /** Adds a storage reference, as torch.save writes it. */
    public PickleWriter storage(String type, String key, long values) {
        return op(Opcodes.MARK)
                .text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .whole(values)
                .op(Opcodes.TUPLE, Opcodes.BINPERSID);
    }

    /** Adds a tensor over the storage on the stack, which follows a mark and the function. */
    public PickleWriter view(long offset, long[] shape, long[] strides) {
        return whole(offset)
                .tuple(shape)
                .tuple(strides)
                .op(Opcodes.NEWFALSE)
                .orderedDict()
                .op(Opcodes.TUPLE, Opcodes.REDUCE);
    }

    public PickleWriter tensor(String type, String key, long values, long offset, long[] shape, long[] strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op(Opcodes.MARK)
                .storage(type, key, values)
                .view(offset, shape, strides);
    }

    public byte[] stop() {
        op(Opcodes.STOP);
        return pickle.toByteArray();
    }

    private PickleWriter little(int bytes, long number) {
        byte[] all = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array();
        pickle.write(all, 0, bytes);
        return this;
    }
}
