package sluice.cell.weights.torch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Unpickler;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.NameList;

/**
 * Reads the pickle of a PyTorch checkpoint: dicts, lists, plain values and tensor descriptions.
 *
 * <p>A pickle is a program. Only the functions of {@link PickledCall} have an effect. All other classes and functions are
 * {@link PickledObject}s: nothing is imported, created or called, and the contents of such an object are dropped. A file is
 * rejected for them only if a weight depends on one.
 *
 * <p>The pickle library itself is more permissive. It creates an object for every name in a pickle, calls
 * methods by reflection, allocates a claimed length before it reads, and hashes any dict key, which never terminates
 * for a list that contains itself. Its constructor registry is global to the JVM, and PySpark adds entries to it. This
 * class therefore overrides every instruction that resolves a name, calls a function, sets attributes or hashes a key.
 */
final class CheckpointUnpickler extends Unpickler {
    /** Limit for any pickle, which bounds the reading time. */
    static final int MAX_INSTRUCTIONS = 4_000_000;

    /** Instructions allowed for content other than tensors. One instruction creates about 50 bytes of objects. */
    static final int FREE_INSTRUCTIONS = 500_000;

    /** Bytes of a pickle that was not compressed for one further instruction. A word of a vocabulary takes 20 bytes and 5 instructions. */
    static final int BYTES_PER_INSTRUCTION = 4;

    /** The same for one further list or dict. */
    static final int BYTES_PER_CONTAINER = 32;

    /** Instructions allowed per storage: a tensor of a state dict takes 40, one of an optimizer slightly more. */
    static final int INSTRUCTIONS_PER_STORAGE = 100;

    /** Lists and dicts allowed beside the tensors. They are the largest objects that a one-byte instruction creates. */
    static final int FREE_CONTAINERS = 200_000;

    static final int CONTAINERS_PER_STORAGE = 10;

    /** Number of arguments of a function that are searched for tensors: its time must not depend on their number. */
    private static final int MAX_TENSOR_ARGUMENTS = 8;

    static final int MAX_NAME_BYTES = 1_000; // of a Python module or function

    static final String RUNS_CODE = "(this runs code of the file: only if you trust its source)";

    static final String SAVE_WEIGHTS =
            "in Python, torch.save(model.state_dict(), \"model.pt\") saves the weights alone";

    static final String SAVE_WEIGHTS_OF_MODEL =
            "in Python, with the model's code importable, torch.save(torch.load(\"FILE\", weights_only=False)%s.state_dict(), "
                    + "\"model.pt\") saves the weights alone "
                    + RUNS_CODE;

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
    private final int storedBytes;
    private int instructions;
    private int containers;
    private int tuplesAsKeys;
    private int objectsAsKeys;

    private CheckpointUnpickler(byte[] pickle, int storages, boolean isCompressed) {
        this.pickle = pickle;
        this.storages = storages;
        this.storedBytes = isCompressed ? 0 : pickle.length;
    }

    /**
     * Reads the object that the pickle describes. It consists of {@link TensorView}s, maps with {@link PickledKey}
     * keys, lists, tuples ({@code Object[]}), strings, numbers, booleans, null and {@link PickledObject}s. Lists and maps
     * may contain themselves.
     *
     * @param storages number of non-empty storages in the archive; the limits on instructions and containers grow with
     *     it
     * @param isCompressed whether the archive holds it compressed; otherwise the limits also grow with its size
     * @throws ModelException if the pickle is damaged, needs anything else, or exceeds the limits
     */
    static Object read(byte[] pickle, int storages, boolean isCompressed) {
        CheckpointUnpickler unpickler = new CheckpointUnpickler(pickle, storages, isCompressed);
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
        requireAtMost(
                ++instructions,
                "instructions",
                FREE_INSTRUCTIONS + storedBytes / BYTES_PER_INSTRUCTION,
                INSTRUCTIONS_PER_STORAGE);
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
                    Opcodes.BINGET,
                    Opcodes.LONG_BINGET,
                    Opcodes.BINPUT,
                    Opcodes.LONG_BINPUT,
                    Opcodes.MEMOIZE,
                    Opcodes.POP,
                    Opcodes.POP_MARK,
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
            case Opcodes.BINBYTES -> skipContent("bytes", 4);
            case Opcodes.BINBYTES8 -> skipContent("bytes", 8);
            case Opcodes.BYTEARRAY8 -> skipContent("bytearray", 8);
            case Opcodes.SHORT_BINBYTES -> skipContent("bytes", 1);
            case Opcodes.LONG4 -> skipContent("int", 4);
            case Opcodes.EMPTY_SET -> addObject(PickledObject.builtin("set"));
            case Opcodes.FROZENSET -> {
                stack.pop_all_since_marker();
                addObject(PickledObject.builtin("frozenset"));
            }
            case Opcodes.ADDITEMS -> {
                stack.pop_all_since_marker();
                requireObject();
            }
            case Opcodes.APPEND -> append(Collections.singletonList(stack.pop()));
            case Opcodes.APPENDS -> append(stack.pop_all_since_marker());
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                Object key = stack.pop();
                put(key, value);
            }
            case Opcodes.SETITEMS -> putAll(stack.pop_all_since_marker());
            case Opcodes.INST -> {
                Object type = global(line(), line());
                call(type, stack.pop_all_since_marker().toArray());
            }
            case Opcodes.OBJ -> {
                List<Object> typeAndArguments = stack.pop_all_since_marker();
                call(typeAndArguments.remove(0), typeAndArguments.toArray());
            }
            case Opcodes.GLOBAL -> stack.add(global(line(), line()));
            case Opcodes.STACK_GLOBAL -> {
                String name = (String) stack.pop();
                stack.add(global((String) stack.pop(), name));
            }
            case Opcodes.REDUCE, Opcodes.NEWOBJ -> {
                Object[] arguments = (Object[]) stack.pop();
                call(stack.pop(), arguments);
            }
            case Opcodes.NEWOBJ_EX -> {
                stack.pop(); // named arguments
                Object[] arguments = (Object[]) stack.pop();
                call(stack.pop(), arguments);
            }
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
        requireAtMost(
                ++containers,
                "lists and dicts",
                FREE_CONTAINERS + storedBytes / BYTES_PER_CONTAINER,
                CONTAINERS_PER_STORAGE);
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

    /** Resolves a Python name to a storage type, to one of the known functions, or to an object that does nothing. */
    private static Object global(String module, String name) {
        if (module.equals("torch") && STORAGES.containsKey(name)) {
            return STORAGES.get(name);
        }
        boolean isShort =
                module.length() + name.length() < PickledObject.MAX_NAME_CHARACTERS; // no copies of long texts
        Optional<PickledCall> call = isShort ? PickledCall.of(module + "." + name) : Optional.empty();
        return call.isPresent() ? call.get() : PickledObject.named(module, name);
    }

    private void call(Object function, Object[] arguments) {
        if (function instanceof PickledCall known) {
            countContainer(); // a dict or a tensor description
            stack.add(known.call(arguments));
        } else if (function instanceof PickledObject other) {
            addObject(isOverTensor(arguments) ? other.asTensor() : other);
        } else {
            throw new ModelException(
                    "its pickle calls an object that is not a function, expected one of %s: the file is damaged"
                            .formatted(PickledCall.names()));
        }
    }

    /** Whether a function builds its result from a tensor or a storage. Only the first arguments can be those. */
    private static boolean isOverTensor(Object[] arguments) {
        return Arrays.stream(arguments)
                .limit(MAX_TENSOR_ARGUMENTS)
                .anyMatch(argument -> argument instanceof TensorView
                        || argument instanceof PickledStorage
                        || (argument instanceof PickledObject other && other.isTensor()));
    }

    private void addObject(PickledObject object) {
        countContainer();
        stack.add(object);
    }

    private void requireObject() {
        if (!(stack.peek() instanceof PickledObject)) {
            throw new ModelException("its pickle adds items to an object that has none: the file is damaged");
        }
    }

    /**
     * Skips the content of bytes or of a large integer, which no weight needs.
     *
     * @param lengthBytes size of the length that precedes the content
     */
    private void skipContent(String type, int lengthBytes) throws IOException {
        int begin = at();
        ByteBuffer bytes = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
        input.skipNBytes(lengthBytes);
        long length = switch (lengthBytes) {
            case 1 -> Byte.toUnsignedLong(bytes.get(begin));
            case 4 -> Integer.toUnsignedLong(bytes.getInt(begin));
            default -> bytes.getLong(begin);
        };
        if (length < 0 || length > input.available()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has %s bytes of content at byte %d, but only %d follow: the file is damaged",
                    Long.toUnsignedString(length),
                    at(),
                    input.available()));
        }
        input.skipNBytes(length);
        addObject(PickledObject.builtin(type));
    }

    /** Drops attributes: a state dict stores the versions of its modules as one. Those of an unknown object are not used. */
    private void ignoreAttributes() {
        stack.pop();
        if (!(stack.peek() instanceof Map) && !(stack.peek() instanceof PickledObject)) {
            throw new ModelException("its pickle sets attributes of an object that is not a dict; " + SAVE_WEIGHTS);
        }
    }

    @SuppressWarnings("unchecked") // lists are made by this class and its parent only, for any values
    private void append(List<Object> values) {
        if (!(stack.peek() instanceof PickledObject)) {
            ((List<Object>) stack.peek()).addAll(values);
        }
    }

    private void putAll(List<Object> keysAndValues) {
        for (int at = 0; at < keysAndValues.size(); at += 2) {
            put(keysAndValues.get(at), keysAndValues.get(at + 1));
        }
    }

    @SuppressWarnings("unchecked") // maps are made by this class only, for any keys and values
    private void put(Object key, Object value) {
        if (stack.peek() instanceof PickledObject) {
            return;
        }
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
        if (key instanceof PickledObject || key instanceof PickledCall || key instanceof ElementType) {
            return new PickledKey(PickledKey.Kind.OBJECT, "object " + ++objectsAsKeys);
        }
        throw new ModelException("its pickle has a dict with an unhashable key: the file is damaged");
    }

    /** Resolves a storage reference, the tuple {@code ("storage", type, key, device, number of values)}. */
    @Override
    protected Object persistentLoad(Object id) {
        if (id instanceof Object[] parts
                && parts.length == 5
                && "storage".equals(parts[0])
                && parts[2] instanceof String key
                && (parts[4] instanceof Integer || parts[4] instanceof Long)) {
            if (parts[1] instanceof ElementType type) {
                return new PickledStorage(key, type, ((Number) parts[4]).longValue());
            }
            if (parts[1] instanceof PickledObject type) { // an element type without an equivalent here
                countContainer();
                return type.asTensor();
            }
        }
        throw new ModelException(
                "its pickle refers to an external object that is not a storage as torch.save describes it; "
                        + SAVE_WEIGHTS);
    }
}
