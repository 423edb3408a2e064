package sluice.cell.weights.torch;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
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
    /** Elements that are kept of a list. The others are counted only by what they cost to read. */
    static final int KEPT_ELEMENTS = 16;

    /** Values on the stack. Python appends to lists and dicts by the thousand, so it has few; a large tuple has all its elements there. */
    static final int MAX_STACK = 500_000;

    /** Lists, dicts, tuples and objects allowed beside the tensors. They are the largest values that a one-byte instruction creates. */
    static final int FREE_CONTAINERS = 150_000;

    static final int CONTAINERS_PER_STORAGE = 20;

    /** Texts and numbers that are kept in dicts. */
    static final int MAX_KEPT_VALUES = 200_000;

    /** Number of arguments of a function that are searched for tensors: its time must not depend on their number. */
    private static final int MAX_TENSOR_ARGUMENTS = 8;

    static final int MAX_NAME_BYTES = 1_000; // of a Python module or function

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

    private final PickleBytes bytes;
    private final int storages;
    private final PickleMemo memoized;
    private int containers;
    private int keptValues;
    private int tuplesAsKeys;
    private int objectsAsKeys;

    private CheckpointUnpickler(byte[] pickle, int storages) {
        this.bytes = new PickleBytes(pickle);
        this.storages = storages;
        this.memoized = new PickleMemo(pickle);
    }

    /**
     * Reads the object that the pickle describes. It consists of {@link TensorView}s, maps with {@link PickledKey}
     * keys, lists, tuples ({@code Object[]}), strings, numbers, booleans, null and {@link PickledObject}s. Lists and maps
     * may contain themselves.
     *
     * @param storages number of non-empty storages in the archive; the limit on containers grows with it
     * @throws ModelException if the pickle is damaged, needs anything else, or exceeds the limits
     */
    static Object read(byte[] pickle, int storages) {
        CheckpointUnpickler unpickler = new CheckpointUnpickler(pickle, storages);
        Object root;
        try {
            root = unpickler.load(unpickler.bytes.stream());
        } catch (ModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // A damaged pickle makes the library fail on empty stacks, negative lengths or objects of unexpected types.
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "its pickle is invalid before byte %d of %d: the file is damaged, copy it again",
                            unpickler.bytes.at(),
                            pickle.length),
                    e);
        }
        int left = pickle.length - unpickler.bytes.at();
        if (left > 0) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has %d bytes after its last instruction, expected none: the file is damaged",
                    left));
        }
        return root;
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        requireAtMost(stack.size(), "values on its stack", MAX_STACK);
        int begin = bytes.at() - 1;
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
                    Opcodes.POP,
                    Opcodes.POP_MARK,
                    Opcodes.BINPERSID -> {
                return super.dispatch(opcode);
            }
            case Opcodes.BINUNICODE -> {
                bytes.requireLength();
                super.dispatch(opcode);
                memoized.text(begin, stack.peek());
            }
            case Opcodes.SHORT_BINSTRING, Opcodes.SHORT_BINUNICODE -> {
                super.dispatch(opcode);
                memoized.text(begin, stack.peek());
            }
            case Opcodes.BINGET -> stack.add(memoized.get(bytes.number(1)));
            case Opcodes.LONG_BINGET -> stack.add(memoized.get(bytes.number(4)));
            case Opcodes.BINPUT -> memoize(bytes.number(1));
            case Opcodes.LONG_BINPUT -> memoize(bytes.number(4));
            case Opcodes.MEMOIZE -> memoize(memoized.size());
            case Opcodes.EMPTY_TUPLE,
                    Opcodes.TUPLE,
                    Opcodes.TUPLE1,
                    Opcodes.TUPLE2,
                    Opcodes.TUPLE3,
                    Opcodes.EMPTY_LIST -> {
                countContainer();
                return super.dispatch(opcode);
            }
            case Opcodes.EMPTY_DICT -> {
                countContainer();
                stack.add(new PickledDict());
            }
            case Opcodes.BINBYTES -> skip("bytes", 4);
            case Opcodes.BINBYTES8 -> skip("bytes", 8);
            case Opcodes.BYTEARRAY8 -> skip("bytearray", 8);
            case Opcodes.SHORT_BINBYTES -> skip("bytes", 1);
            case Opcodes.LONG4 -> skip("int", 4);
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
                Object type = global(bytes.line(), bytes.line());
                call(type, stack.pop_all_since_marker().toArray());
            }
            case Opcodes.OBJ -> {
                List<Object> typeAndArguments = stack.pop_all_since_marker();
                call(typeAndArguments.remove(0), typeAndArguments.toArray());
            }
            case Opcodes.GLOBAL -> stack.add(global(bytes.line(), bytes.line()));
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
                        bytes.at() - 1,
                        CheckpointAdvice.SAVE_WEIGHTS));
        }
        return NO_RETURN_VALUE;
    }

    private void countContainer() {
        requireAtMost(
                ++containers,
                "lists, dicts, tuples and objects",
                FREE_CONTAINERS + (long) CONTAINERS_PER_STORAGE * storages);
    }

    private void memoize(long index) {
        memoized.put(index, stack.peek());
        requireAtMost(
                memoized.objects(), "values to refer to", FREE_CONTAINERS + (long) CONTAINERS_PER_STORAGE * storages);
    }

    /** Limits the number of values, and with it the memory. */
    private void requireAtMost(int count, String what, long most) {
        if (count > most) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "its pickle has more than %d %s, which no state dict of %d storages needs; %s",
                    most,
                    what,
                    storages,
                    CheckpointAdvice.SAVE_WEIGHTS));
        }
    }

    /** Resolves a Python name to a storage type, to one of the known functions, or to an object that does nothing. */
    private Object global(String module, String name) {
        countContainer();
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

    /** Drops the content of bytes or of a large integer, which no weight needs. */
    private void skip(String type, int lengthBytes) throws IOException {
        bytes.skipContent(type, lengthBytes);
        addObject(PickledObject.builtin(type));
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

    /** Drops attributes: a state dict stores the versions of its modules as one. Those of an unknown object are not used. */
    private void ignoreAttributes() {
        stack.pop();
        if (!(stack.peek() instanceof Map) && !(stack.peek() instanceof PickledObject)) {
            throw new ModelException(
                    "its pickle sets attributes of an object that is not a dict; " + CheckpointAdvice.SAVE_WEIGHTS);
        }
    }

    @SuppressWarnings("unchecked") // lists are made by this class and its parent only, for any values
    private void append(List<Object> values) {
        if (!(stack.peek() instanceof PickledObject)) {
            List<Object> list = (List<Object>) stack.peek();
            list.addAll(values.subList(0, Math.max(0, Math.min(values.size(), KEPT_ELEMENTS - list.size()))));
        }
    }

    private void putAll(List<Object> keysAndValues) {
        for (int at = 0; at < keysAndValues.size(); at += 2) {
            put(keysAndValues.get(at), keysAndValues.get(at + 1));
        }
    }

    private void put(Object key, Object value) {
        if (stack.peek() instanceof PickledObject) {
            return;
        }
        PickledKey known = key(key);
        PickledDict dict = (PickledDict) stack.peek();
        if (dict.containsKey(known)) {
            throw new ModelException("its pickle has a dict with two entries '%s', expected each key once"
                    .formatted(NameList.shortened(known.text())));
        }
        if (dict.keeps(value)) {
            dict.put(known, value);
            keptValues += PickledDict.isPlain(value) ? 1 : 0;
            requireAtMost(keptValues, "entries of dicts", MAX_KEPT_VALUES);
        }
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
                        + CheckpointAdvice.SAVE_WEIGHTS);
    }
}
