package sluice.cell.weights.torch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Unpickler;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.NameList;

/**
 * Reads the pickle of a PyTorch checkpoint: dicts, lists, plain values, and descriptions of tensors.
 *
 * <p>A pickle is a program. Of its instructions only those run that a state dict needs, the ones that {@code
 * torch.load} allows with {@code weights_only=True} and a few of newer protocols; of functions only the
 * {@link PickledCall}s. The library under it knows more: it makes an object for every name that a pickle has, calls
 * methods by reflection, allocates what a length claims before reading, and hashes whatever is a key, which for a list
 * that contains itself never ends. Its registry of constructors is one for the whole virtual machine and PySpark puts
 * its own there. So every instruction that names, calls, sets up or hashes something is answered here.
 */
final class CheckpointUnpickler extends Unpickler {
    /** Bounds the time of the largest. */
    static final int MAX_INSTRUCTIONS = 4_000_000;

    /** What may stand beside the tensors: a vocabulary of a hundred thousand words. An instruction makes some fifty bytes of objects. */
    static final int FREE_INSTRUCTIONS = 500_000;

    /** A tensor of a state dict takes forty, and as one of an optimizer's some more. */
    static final int INSTRUCTIONS_PER_STORAGE = 100;

    /** Of lists and dicts, which are the largest objects that an instruction of one byte makes. */
    static final int FREE_CONTAINERS = 200_000;

    static final int CONTAINERS_PER_STORAGE = 10;

    static final int MAX_NAME_BYTES = 1_000; // of a function

    static final String SAVE_WEIGHTS =
            "in Python, torch.save(model.state_dict(), \"model.pt\") saves the weights alone";

    private static final Map<String, ElementType> STORAGES = Map.ofEntries(
            Map.entry("DoubleStorage", ElementType.F64),
            Map.entry("FloatStorage", ElementType.F32),
            Map.entry("HalfStorage", ElementType.F16),
            Map.entry("BFloat16Storage", ElementType.BF16),
            Map.entry("ComplexFloatStorage", ElementType.C64),
            Map.entry("LongStorage", ElementType.I64),
            Map.entry("IntStorage", ElementType.I32),
            Map.entry("ShortStorage", ElementType.I16),
            Map.entry("CharStorage", ElementType.I8),
            Map.entry("ByteStorage", ElementType.U8),
            Map.entry("BoolStorage", ElementType.BOOL));

    private final byte[] pickle;
    private final int storages;
    private int instructions;
    private int containers;
    private int tuplesAsKeys;

    private CheckpointUnpickler(byte[] pickle, int storages) {
        this.pickle = pickle;
        this.storages = storages;
    }

    /**
     * What the pickle describes: {@link TensorView}s, maps by {@link PickledKey}, lists, {@code Object[]} for tuples, strings, numbers,
     * booleans and null. Lists and maps may contain themselves.
     *
     * @param storages how many lie beside it: what it describes is in proportion
     * @throws ModelException where it is damaged, wants anything but that, or is far more than they need
     */
    static Object read(byte[] pickle, int storages) {
        CheckpointUnpickler unpickler = new CheckpointUnpickler(pickle, storages);
        ByteArrayInputStream stream = new ByteArrayInputStream(pickle);
        Object root;
        try {
            root = unpickler.load(stream);
        } catch (ModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // In a damaged pickle the library finds empty stacks, negative lengths and objects of other types.
            throw new ModelException(
                    "its pickle makes no sense before byte %d of %d: the file is damaged, copy it again"
                            .formatted(pickle.length - stream.available(), pickle.length),
                    e);
        }
        if (stream.available() > 0) {
            throw new ModelException(
                    "its pickle ends %d bytes before its end, expected nothing there: the file is damaged"
                            .formatted(stream.available()));
        }
        return root;
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        requireFew(++instructions, "instructions", FREE_INSTRUCTIONS, INSTRUCTIONS_PER_STORAGE);
        switch (opcode) {
            case Opcodes.PROTO,
                    Opcodes.FRAME,
                    Opcodes.STOP,
                    Opcodes.MARK,
                    Opcodes.NONE,
                    Opcodes.NEWTRUE,
                    Opcodes.NEWFALSE,
                    Opcodes.BININT,
                    Opcodes.BININT1,
                    Opcodes.BININT2,
                    Opcodes.LONG1,
                    Opcodes.BINFLOAT,
                    Opcodes.SHORT_BINSTRING,
                    Opcodes.SHORT_BINUNICODE,
                    Opcodes.EMPTY_TUPLE,
                    Opcodes.TUPLE,
                    Opcodes.TUPLE1,
                    Opcodes.TUPLE2,
                    Opcodes.TUPLE3,
                    Opcodes.APPEND,
                    Opcodes.BINGET,
                    Opcodes.LONG_BINGET,
                    Opcodes.BINPUT,
                    Opcodes.LONG_BINPUT,
                    Opcodes.MEMOIZE,
                    Opcodes.BINPERSID -> {
                return super.dispatch(opcode);
            }
            case Opcodes.BINUNICODE -> {
                requireLength();
                return super.dispatch(opcode);
            }
            case Opcodes.EMPTY_LIST -> {
                countContainer();
                return super.dispatch(opcode);
            }
            case Opcodes.EMPTY_DICT -> {
                countContainer();
                stack.add(new LinkedHashMap<PickledKey, Object>());
            }
            case Opcodes.APPENDS -> append(stack.pop_all_since_marker());
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                Object key = stack.pop();
                put(key, value);
            }
            case Opcodes.SETITEMS -> putAll(stack.pop_all_since_marker());
            case Opcodes.GLOBAL -> stack.add(global(line(), line()));
            case Opcodes.INST -> throw unwanted(line() + "." + line());
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(global((String) stack.pop(), name));
            }
            case Opcodes.REDUCE -> call();
            case Opcodes.BUILD -> ignoreAttributes();
            default ->
                throw new ModelException("its pickle has instruction 0x%02X at byte %d, which no state dict needs; %s"
                        .formatted(opcode, at() - 1, SAVE_WEIGHTS));
        }
        return NO_RETURN_VALUE;
    }

    private void countContainer() {
        requireFew(++containers, "lists and dicts", FREE_CONTAINERS, CONTAINERS_PER_STORAGE);
    }

    /** Bounds the memory. */
    private void requireFew(int count, String what, int free, int perStorage) {
        long most = Math.min(MAX_INSTRUCTIONS, free + (long) perStorage * storages);
        if (count > most) {
            throw new ModelException("its pickle has more than %d %s, which no state dict of %d storages needs; %s"
                    .formatted(most, what, storages, SAVE_WEIGHTS));
        }
    }

    /** How many bytes have been read. */
    private int at() throws IOException {
        return pickle.length - input.available();
    }

    /** The length that comes next, in 4 bytes, is within what is left; the library would take memory for it. */
    private void requireLength() throws IOException {
        int left = input.available() - Integer.BYTES;
        if (left < 0) {
            return; // the library finds that the length itself is cut short
        }
        long length = Integer.toUnsignedLong(
                ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN).getInt(at()));
        if (length > left) {
            throw new ModelException(
                    "its pickle has a text of %d bytes at byte %d, but only %d follow: the file is damaged"
                            .formatted(length, at(), left));
        }
    }

    private String line() throws IOException {
        int begin = at();
        int end = begin;
        while (end < pickle.length && pickle[end] != '\n') {
            end++;
        }
        if (end == pickle.length || end - begin > MAX_NAME_BYTES) {
            throw new ModelException(
                    "its pickle has a name at byte %d that does not end within %d bytes: the file is damaged"
                            .formatted(begin, MAX_NAME_BYTES));
        }
        input.skipNBytes(end + 1L - begin);
        return new String(pickle, begin, end - begin, StandardCharsets.UTF_8);
    }

    /** What a name of Python stands for: a type of storage, or a function that may be called. */
    private static Object global(String module, String name) {
        String qualified = module + "." + name;
        if (module.equals("torch") && STORAGES.containsKey(name)) {
            return STORAGES.get(name);
        }
        return PickledCall.of(qualified).orElseThrow(() -> unwanted(qualified));
    }

    private static ModelException unwanted(String function) {
        return new ModelException(("its pickle wants '%s' of Python, expected only tensors, dicts and plain values: "
                        + "nothing that a checkpoint names is run; %s")
                .formatted(NameList.shortened(function), SAVE_WEIGHTS));
    }

    private void call() {
        Object[] arguments = (Object[]) stack.pop();
        Object function = stack.pop();
        if (!(function instanceof PickledCall)) {
            throw new ModelException("its pickle calls what is no function, expected one of %s: the file is damaged"
                    .formatted(PickledCall.names()));
        }
        countContainer(); // an OrderedDict, or what describes a tensor
        stack.add(((PickledCall) function).on(arguments));
    }

    /** A state dict has the versions of its modules as an attribute. */
    private void ignoreAttributes() {
        stack.pop();
        if (!(stack.peek() instanceof Map)) {
            throw new ModelException("its pickle gives attributes to what is no dict; " + SAVE_WEIGHTS);
        }
    }

    @SuppressWarnings("unchecked") // lists are made by this class and its parent only, for any values
    private void append(List<Object> values) {
        ((List<Object>) stack.peek()).addAll(values);
    }

    private void putAll(List<Object> keysAndValues) {
        for (int at = 0; at < keysAndValues.size(); at += 2) {
            put(keysAndValues.get(at), keysAndValues.get(at + 1));
        }
    }

    @SuppressWarnings("unchecked") // maps are made by this class only, for any keys and values
    private void put(Object key, Object value) {
        PickledKey known = key(key);
        Map<PickledKey, Object> dict = (Map<PickledKey, Object>) stack.peek();
        if (dict.containsKey(known)) {
            throw new ModelException("its pickle has a dict with two entries '%s', expected each key once"
                    .formatted(NameList.shortened(known.text())));
        }
        dict.put(known, value);
    }

    /** Lists and dicts are no keys in Python either; they could contain themselves. */
    private PickledKey key(Object key) {
        if (key instanceof String text) {
            return new PickledKey(PickledKey.Kind.TEXT, text);
        }
        if (key instanceof Number number) {
            return new PickledKey(PickledKey.Kind.NUMBER, number.toString());
        }
        if (key instanceof Boolean truth) {
            return new PickledKey(PickledKey.Kind.BOOLEAN, truth ? "True" : "False");
        }
        if (key instanceof Object[]) {
            return new PickledKey(PickledKey.Kind.TUPLE, "tuple " + ++tuplesAsKeys);
        }
        if (key == null) {
            return new PickledKey(PickledKey.Kind.NONE, "None");
        }
        throw new ModelException("its pickle has a dict with a key that can't be one: the file is damaged");
    }

    /** A storage: {@code ("storage", its type, its key, its device, how many values)}. */
    @Override
    protected Object persistentLoad(Object id) {
        if (id instanceof Object[] parts
                && parts.length == 5
                && "storage".equals(parts[0])
                && parts[1] instanceof ElementType type
                && parts[2] instanceof String key
                && (parts[4] instanceof Integer || parts[4] instanceof Long)) {
            return new PickledStorage(key, type, ((Number) parts[4]).longValue());
        }
        throw new ModelException(
                "its pickle refers to something outside of it that is no storage as torch.save describes it; "
                        + SAVE_WEIGHTS);
    }
}
