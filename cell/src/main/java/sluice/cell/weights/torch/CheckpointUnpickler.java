package sluice.cell.weights.torch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Unpickler;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.NameList;

/**
 * Reads the pickle of a PyTorch checkpoint: dicts, lists, plain values and tensor descriptions.
 *
 * <p>A pickle is a program. Only the instructions that a state dict needs are allowed: those that {@code torch.load}
 * accepts with {@code weights_only=True} and a few of newer protocols. Only the functions of {@link PickledCall} may be
 * called. <p>The pickle library itself is more permissive. It creates an object for every name in a pickle, calls
 * methods by reflection, allocates a claimed length before it reads, and hashes any dict key, which never terminates
 * for a list that contains itself. Its constructor registry is global to the JVM, and PySpark adds entries to it. This
 * class therefore overrides every instruction that resolves a name, calls a function, sets attributes or hashes a key.
 */
final class CheckpointUnpickler extends Unpickler {
    /** Limit for any pickle, which bounds the reading time. */
    static final int MAX_INSTRUCTIONS = 4_000_000;

    /**
     * Instructions allowed for content other than tensors, enough for a vocabulary of 100,000 words. One instruction
     * creates about 50 bytes of objects.
     */
    static final int FREE_INSTRUCTIONS = 500_000;

    /** Instructions allowed per storage: a tensor of a state dict takes 40, one of an optimizer slightly more. */
    static final int INSTRUCTIONS_PER_STORAGE = 100;

    /** Lists and dicts allowed beside the tensors. They are the largest objects that a one-byte instruction creates. */
    static final int FREE_CONTAINERS = 200_000;

    static final int CONTAINERS_PER_STORAGE = 10;

    static final int MAX_NAME_BYTES = 1_000; // of a Python module or function

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
     * Reads the object that the pickle describes. It consists of {@link TensorView}s, maps with {@link PickledKey}
     * keys, lists, tuples ({@code Object[]}), strings, numbers, booleans and null. Lists and maps may contain
     * themselves.
     *
     * @param storages number of non-empty storages in the archive; the limits on instructions and containers grow with
     *     it
     * @throws ModelException if the pickle is damaged, needs anything else, or exceeds the limits
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
            // A damaged pickle makes the library fail on empty stacks, negative lengths or objects of unexpected types.
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "its pickle is invalid before byte %d of %d: the file is damaged, copy it again",
                            pickle.length - stream.available(),
                            pickle.length),
                    e);
        }
        if (stream.available() > 0) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has %d bytes after its last instruction, expected none: the file is damaged",
                    stream.available()));
        }
        return root;
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        requireAtMost(++instructions, "instructions", FREE_INSTRUCTIONS, INSTRUCTIONS_PER_STORAGE);
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
            case Opcodes.INST -> throw forbidden(line() + "." + line());
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(global((String) stack.pop(), name));
            }
            case Opcodes.REDUCE -> call();
            case Opcodes.BUILD -> ignoreAttributes();
            default ->
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "its pickle has instruction 0x%02X at byte %d, which no state dict needs; %s",
                        opcode,
                        at() - 1,
                        SAVE_WEIGHTS));
        }
        return NO_RETURN_VALUE;
    }

    private void countContainer() {
        requireAtMost(++containers, "lists and dicts", FREE_CONTAINERS, CONTAINERS_PER_STORAGE);
    }

    /** Limits the number of objects, and with it the memory. */
    private void requireAtMost(int count, String what, int free, int perStorage) {
        long most = Math.min(MAX_INSTRUCTIONS, free + (long) perStorage * storages);
        if (count > most) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has more than %d %s, which no state dict of %d storages needs; %s",
                    most,
                    what,
                    storages,
                    SAVE_WEIGHTS));
        }
    }

    /** Number of bytes read so far. */
    private int at() throws IOException {
        return pickle.length - input.available();
    }

    /**
     * Checks that the 4-byte length at the current position does not exceed the remaining bytes. The library would
     * allocate it without a check.
     */
    private void requireLength() throws IOException {
        int left = input.available() - Integer.BYTES;
        if (left < 0) {
            return; // the library reports the truncated length
        }
        long length = Integer.toUnsignedLong(
                ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN).getInt(at()));
        if (length > left) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has a text of %d bytes at byte %d, but only %d follow: the file is damaged",
                    length,
                    at(),
                    left));
        }
    }

    private String line() throws IOException {
        int begin = at();
        int end = begin;
        while (end < pickle.length && pickle[end] != '\n') {
            end++;
        }
        if (end == pickle.length || end - begin > MAX_NAME_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has a name at byte %d that does not end within %d bytes: the file is damaged",
                    begin,
                    MAX_NAME_BYTES));
        }
        input.skipNBytes(end + 1L - begin);
        return new String(pickle, begin, end - begin, StandardCharsets.UTF_8);
    }

    /** Resolves a Python name to a storage type or to an allowed function. */
    private static Object global(String module, String name) {
        String qualified = module + "." + name;
        if (module.equals("torch") && STORAGES.containsKey(name)) {
            return STORAGES.get(name);
        }
        return PickledCall.of(qualified).orElseThrow(() -> forbidden(qualified));
    }

    private static ModelException forbidden(String function) {
        return new ModelException(
                ("its pickle refers to '%s' of Python, expected only tensors, dicts and plain values: "
                                + "functions named in a checkpoint are never run; %s")
                        .formatted(NameList.shortened(function), SAVE_WEIGHTS));
    }

    private void call() {
        Object[] arguments = (Object[]) stack.pop();
        Object function = stack.pop();
        if (!(function instanceof PickledCall)) {
            throw new ModelException(
                    "its pickle calls an object that is not a function, expected one of %s: the file is damaged"
                            .formatted(PickledCall.names()));
        }
        countContainer(); // an OrderedDict or a tensor description
        stack.add(((PickledCall) function).call(arguments));
    }

    /** Drops attributes: a state dict stores the versions of its modules as one. */
    private void ignoreAttributes() {
        stack.pop();
        if (!(stack.peek() instanceof Map)) {
            throw new ModelException("its pickle sets attributes of an object that is not a dict; " + SAVE_WEIGHTS);
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

    /** Converts a dict key. As in Python, lists and dicts are not allowed as keys; they could contain themselves. */
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
        throw new ModelException("its pickle has a dict with an unhashable key: the file is damaged");
    }

    /** Resolves a storage reference, the tuple {@code ("storage", type, key, device, number of values)}. */
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
                "its pickle refers to an external object that is not a storage as torch.save describes it; "
                        + SAVE_WEIGHTS);
    }
}
