package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.razorvine.pickle.Opcodes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.ZipWriter;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/**
 * One case for each kind of malicious checkpoint. Each must be rejected with a message, without running code and
 * without excessive memory or time.
 */
@Timeout(60)
class MalformedCheckpointTest {
    private static final LstmModel MODEL = Models.random(new Random(1), 5, 2, 3, 4);
    private static final byte[] SMALL = CheckpointWriter.of(MODEL).bytes();

    private static ModelFile read(byte[] file) throws IOException {
        return ModelReader.read("model.pt", new MemoryChannel(file), TensorNames.automatic());
    }

    private static void assertRefused(byte[] file, String... parts) {
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.pt: ")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(2_000))
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
    }

    private static void assertPickleRefused(Consumer<PickleWriter> pickle, String... parts) {
        assertRefused(new CheckpointWriter().bytes(pickle), parts);
    }

    /** Accepts either a model or a {@link ModelException}. */
    private static void assertReadOrRefused(byte[] file, String change) {
        try {
            read(file).model().verify();
        } catch (ModelException e) {
            assertThat(e).hasMessageStartingWith("model.pt: ");
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError(change, e);
        }
    }

    @Test
    void baseFileIsValid() throws IOException {
        assertThat(read(SMALL).model()).hasToString("5 tokens of width 2; LSTM 3; 4 classes");
    }

    // ---- pickles that try to run code

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "posix, system",
        "nt, system",
        "subprocess, Popen",
        "builtins, eval",
        "builtins, exec",
        "__builtin__, eval",
        "__builtin__, getattr",
        "builtins, ValueError", // the library has a constructor for every exception
        "exceptions, Exception",
        "operator, attrgetter",
        "copy_reg, _reconstructor",
        "_codecs, encode",
        "array, array",
        "decimal, Decimal",
        "datetime, datetime",
        "builtins, set",
        "builtins, bytearray",
        "java.lang.Runtime, exec",
        "torch, load",
        "torch._utils, _rebuild_device_tensor_from_numpy",
        "torch.FloatStorage, __new__",
        "collections, OrderedDict.fromkeys",
        "argparse, Namespace",
        "__main__, Net",
    })
    void functionsAreRejectedByName(String module, String name) {
        String found = "its pickle is a Python object (%s.%s), expected a dict of tensors".formatted(module, name);
        assertPickleRefused(
                writer -> writer.global(module, name).text("touch /tmp/owned").op(Opcodes.TUPLE1, Opcodes.REDUCE),
                found,
                "Python code in a checkpoint is never run",
                ".state_dict(), \"model.pt\")");
        assertPickleRefused( // by protocol 4
                writer -> writer.text(module).text(name).op(Opcodes.STACK_GLOBAL, Opcodes.EMPTY_TUPLE, Opcodes.REDUCE),
                found);
        assertPickleRefused( // by protocol 0
                writer -> writer.op(Opcodes.MARK)
                        .text("touch /tmp/owned")
                        .op(Opcodes.INST)
                        .line(module)
                        .line(name),
                found);
        assertPickleRefused( // as an object
                writer -> writer.op(Opcodes.MARK).global(module, name).op(Opcodes.OBJ), found);
    }

    /** A function beside the weights is neither run nor a reason to reject them. */
    @Test
    void aFunctionBesideTheWeightsIsNotRun(@TempDir Path folder) throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        Path owned = folder.resolve("owned");

        ModelFile file = read(checkpoint.bytes(writer -> checkpoint
                .writeStateDict(writer)
                .text("hook")
                .global("os", "system")
                .text("touch " + owned)
                .op(Opcodes.TUPLE1, Opcodes.REDUCE, Opcodes.SETITEM)));

        assertThat(file.model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertThat(file.notes())
                .contains("entries of the state dict that are not tensors, not used (1): 'hook' (os.system)");
        assertThat(owned).doesNotExist();
    }

    /** Each builds an object in a way that runs code in Python. */
    static Stream<Consumer<PickleWriter>> hostileObjects() {
        return Stream.of(
                writer -> writer.global("os", "system").text("true").op(Opcodes.TUPLE1, Opcodes.REDUCE),
                writer -> writer.global("builtins", "eval").text("1/0").op(Opcodes.TUPLE1, Opcodes.REDUCE),
                writer -> writer.text("posix")
                        .text("system")
                        .op(Opcodes.STACK_GLOBAL)
                        .text("true")
                        .op(Opcodes.TUPLE1, Opcodes.REDUCE),
                writer -> writer.op(Opcodes.MARK)
                        .text("true")
                        .op(Opcodes.INST)
                        .line("os")
                        .line("system"),
                writer -> writer.op(Opcodes.MARK)
                        .global("os", "system")
                        .text("true")
                        .op(Opcodes.OBJ),
                writer -> writer.global("subprocess", "Popen").text("true").op(Opcodes.TUPLE1, Opcodes.NEWOBJ),
                writer -> writer.global("subprocess", "Popen")
                        .text("true")
                        .op(Opcodes.TUPLE1, Opcodes.EMPTY_DICT, Opcodes.NEWOBJ_EX),
                writer -> writer.global("builtins", "getattr") // getattr(os, "system")("true")
                        .global("os", "path")
                        .text("system")
                        .op(Opcodes.TUPLE2, Opcodes.REDUCE)
                        .text("true")
                        .op(Opcodes.TUPLE1, Opcodes.REDUCE),
                writer -> writer.global("my.code", "Hook") // __setstate__
                        .op(Opcodes.EMPTY_TUPLE, Opcodes.NEWOBJ, Opcodes.EMPTY_DICT)
                        .text("command")
                        .text("true")
                        .op(Opcodes.SETITEM, Opcodes.BUILD),
                writer -> writer.global("my.code", "Dict") // __setitem__, with a key that can't be hashed
                        .op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE, Opcodes.EMPTY_LIST, Opcodes.NONE, Opcodes.SETITEM),
                writer -> writer.global("my.code", "List") // extend
                        .op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE, Opcodes.MARK, Opcodes.NONE, Opcodes.APPENDS),
                writer -> writer.op(Opcodes.EMPTY_SET, Opcodes.MARK, Opcodes.EMPTY_LIST, Opcodes.ADDITEMS),
                writer -> writer.op(Opcodes.MARK, Opcodes.EMPTY_LIST, Opcodes.FROZENSET));
    }

    /** Python would call {@code __hash__} and {@code __eq__} of a key. */
    @Test
    void keysOfAnyClassAreNotCompared() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);

        assertThat(read(checkpoint.bytes(writer -> {
                            checkpoint.writeStateDict(writer).text("more").op(Opcodes.EMPTY_DICT);
                            for (int at = 0; at < 2; at++) {
                                writer.global("my.code", "Key")
                                        .op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE, Opcodes.NONE, Opcodes.SETITEM);
                            }
                            writer.op(Opcodes.SETITEM);
                        }))
                        .model()
                        .fingerprint())
                .isEqualTo(MODEL.fingerprint());
    }

    @ParameterizedTest
    @MethodSource("hostileObjects")
    void noObjectIsEverCreated(Consumer<PickleWriter> object) throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] beside = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text("extra");
            object.accept(writer);
            writer.op(Opcodes.SETITEM).text("net");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
        });

        assertThat(read(beside).model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertPickleRefused(object, "its pickle ");
    }

    /** A weight that depends on such an object is never left out. */
    @ParameterizedTest
    @MethodSource("hostileObjects")
    void aWeightThatIsSuchAnObjectIsRejected(Consumer<PickleWriter> object) throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] pickle = checkpoint.bytes(writer -> {
            checkpoint.writeStateDict(writer).text("attention.weight");
            object.accept(writer);
            writer.op(Opcodes.SETITEM);
        });

        assertRefused(pickle, "entry 'attention.weight' of the state dict is a Python object (", "is never run");
        TensorNames names = TensorNames.automatic().withIgnored(List.of("attention."));
        assertThat(ModelReader.read("model.pt", new MemoryChannel(pickle), names)
                        .model()
                        .fingerprint())
                .isEqualTo(MODEL.fingerprint());
    }

    /** As for tensors: the whole name of an entry in {@code model.ignore} stands for that entry alone. */
    @Test
    void ignoringAnEntryIgnoresNoLongerName() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] pickle = checkpoint.bytes(writer -> {
            checkpoint.writeStateDict(writer);
            for (String name : List.of("attention.weight", "attention.weight_scale")) {
                writer.text(name).global("my.code", "Packed").op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE, Opcodes.SETITEM);
            }
        });

        assertThatThrownBy(() -> readIgnoring(pickle, "attention.weight"))
                .hasMessageContaining("entry 'attention.weight_scale' of the state dict is a Python object (");
        assertThat(readIgnoring(pickle, "attention.weight_", "attention.weight"))
                .isEqualTo(MODEL.fingerprint());
        assertThat(readIgnoring(pickle, "attention.")).isEqualTo(MODEL.fingerprint());
    }

    private static String readIgnoring(byte[] file, String... prefixes) throws IOException {
        return ModelReader.read(
                        "model.pt",
                        new MemoryChannel(file),
                        TensorNames.automatic().withIgnored(List.of(prefixes)))
                .model()
                .fingerprint();
    }

    static Stream<Consumer<PickleWriter>> unknownTensors() {
        return Stream.of(
                writer -> writer.global("torch._utils", "_rebuild_qtensor") // a quantized tensor
                        .op(Opcodes.MARK)
                        .storage("QInt8Storage", "0", 1)
                        .whole(0)
                        .op(Opcodes.TUPLE, Opcodes.REDUCE),
                writer -> writer.tensor("QInt8Storage", "0", 1, 0, new long[] {1}, new long[] {1}),
                writer -> writer.global("torch._utils", "_rebuild_parameter")
                        .op(Opcodes.MARK)
                        .tensor("QInt8Storage", "0", 1, 0, new long[] {1}, new long[] {1})
                        .op(Opcodes.NEWTRUE)
                        .orderedDict()
                        .op(Opcodes.TUPLE, Opcodes.REDUCE),
                writer -> writer.global("my.code", "Tensor")
                        .tensor("FloatStorage", "0", 10, 0, new long[] {1}, new long[] {1})
                        .op(Opcodes.TUPLE1, Opcodes.REDUCE),
                writer -> writer.global("torch._tensor", "_rebuild_from_type_v2")
                        .op(Opcodes.MARK)
                        .global("torch._utils", "_rebuild_tensor")
                        .global("my.code", "Tensor")
                        .op(Opcodes.EMPTY_TUPLE, Opcodes.NONE, Opcodes.TUPLE, Opcodes.REDUCE));
    }

    /** Whatever the name: it stands for a tensor. */
    @ParameterizedTest
    @MethodSource("unknownTensors")
    void aTensorOfAnotherKindIsRejected(Consumer<PickleWriter> tensor) {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);

        assertRefused(
                checkpoint.bytes(writer -> {
                    checkpoint.writeStateDict(writer).text("query");
                    tensor.accept(writer);
                    writer.op(Opcodes.SETITEM);
                }),
                "entry 'query' of the state dict is a Python object (",
                "expected a tensor; Python code in a checkpoint is never run; ");
    }

    @Test
    void contentsThatExceedThePickleAreRejected() {
        for (short opcode : new short[] {Opcodes.BINBYTES, Opcodes.BINBYTES8, Opcodes.BYTEARRAY8, Opcodes.LONG4}) {
            assertPickleRefused(
                    writer -> writer.op(opcode).raw(255, 255, 255, 127, 0, 0, 0, 0),
                    "its pickle has ",
                    "bytes of content");
            assertPickleRefused(
                    writer -> writer.op(opcode).raw(255, 255, 255, 255, 255, 255, 255, 255),
                    "its pickle has ",
                    "bytes of content");
            assertPickleRefused(writer -> writer.op(opcode), "is invalid before byte");
        }
        assertPickleRefused(writer -> writer.op(Opcodes.SHORT_BINBYTES).raw(255), "bytes of content");
    }

    /** A name of a megabyte, used a hundred thousand times, is neither copied nor compared. */
    @Test
    void longNamesOfFunctionsTakeNoTime() {
        String name = "n".repeat(1_000_000);
        assertPickleRefused(
                writer -> {
                    writer.text(name).put(1);
                    for (int at = 0; at < 100_000; at++) {
                        writer.get(1).get(1).op(Opcodes.STACK_GLOBAL);
                    }
                },
                "its pickle is a Python object (nnnn");
    }

    /** Objects within objects, to a depth at which recursion would overflow the stack. */
    @Test
    void deeplyNestedObjects() {
        assertPickleRefused(
                writer -> {
                    writer.op(Opcodes.NONE);
                    for (int level = 0; level < 40_000; level++) {
                        writer.op(Opcodes.TUPLE1)
                                .put(1)
                                .global("my.code", "Box")
                                .get(1)
                                .op(Opcodes.REDUCE);
                    }
                },
                "its pickle is a Python object (my.code.Box)");
    }

    /** Tensors of types of tensors, nested in each other's arguments. */
    @Test
    void deeplyNestedTypesOfTensors() {
        assertPickleRefused(
                writer -> {
                    writer.op(Opcodes.EMPTY_TUPLE);
                    for (int level = 0; level < 40_000; level++) {
                        writer.put(1)
                                .op(Opcodes.MARK)
                                .global("torch._tensor", "_rebuild_from_type_v2")
                                .global("torch", "Tensor")
                                .get(1)
                                .op(Opcodes.NONE, Opcodes.TUPLE);
                    }
                    writer.put(1)
                            .global("torch._tensor", "_rebuild_from_type_v2")
                            .get(1)
                            .op(Opcodes.REDUCE);
                },
                "its pickle is a Python object (torch.Tensor)");
    }

    static Stream<Consumer<PickleWriter>> callsOfWhatIsNoFunction() {
        return Stream.of(
                writer -> writer.text("os.system"),
                writer -> writer.op(Opcodes.NONE),
                writer -> writer.whole(7),
                writer -> writer.op(Opcodes.EMPTY_DICT),
                writer -> writer.orderedDict(),
                writer -> writer.global("torch", "FloatStorage"),
                writer -> writer.tensor("FloatStorage", "0", 1, 0, new long[0], new long[0]),
                writer -> writer.storage("FloatStorage", "0", 1));
    }

    @ParameterizedTest
    @MethodSource("callsOfWhatIsNoFunction")
    void callingOtherObjectsIsRejected(Consumer<PickleWriter> callee) {
        assertPickleRefused(
                writer -> {
                    callee.accept(writer);
                    writer.op(Opcodes.EMPTY_TUPLE, Opcodes.REDUCE);
                },
                "its pickle calls an object that is not a function, expected one of collections.OrderedDict");
    }

    /** The library would call a method {@code __setstate__}. */
    @Test
    void attributesOfOtherObjectsAreRejected() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_LIST, Opcodes.EMPTY_DICT, Opcodes.BUILD),
                "sets attributes of an object that is not a dict");
        assertPickleRefused(
                writer -> writer.tensor("FloatStorage", "0", 1, 0, new long[0], new long[0])
                        .op(Opcodes.EMPTY_DICT, Opcodes.BUILD),
                "sets attributes of an object that is not a dict");
    }

    @Test
    void otherInstructionsAreRejected() {
        List<Short> needed = List.of(
                Opcodes.PROTO,
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
                Opcodes.BINUNICODE,
                Opcodes.SHORT_BINUNICODE,
                Opcodes.EMPTY_TUPLE,
                Opcodes.TUPLE,
                Opcodes.TUPLE1,
                Opcodes.TUPLE2,
                Opcodes.TUPLE3,
                Opcodes.EMPTY_LIST,
                Opcodes.APPEND,
                Opcodes.APPENDS,
                Opcodes.EMPTY_DICT,
                Opcodes.SETITEM,
                Opcodes.SETITEMS,
                Opcodes.BINGET,
                Opcodes.LONG_BINGET,
                Opcodes.BINPUT,
                Opcodes.LONG_BINPUT,
                Opcodes.MEMOIZE,
                Opcodes.BINPERSID,
                Opcodes.GLOBAL,
                Opcodes.STACK_GLOBAL,
                Opcodes.INST,
                Opcodes.OBJ,
                Opcodes.NEWOBJ,
                Opcodes.NEWOBJ_EX,
                Opcodes.EMPTY_SET,
                Opcodes.ADDITEMS,
                Opcodes.FROZENSET,
                Opcodes.BINBYTES,
                Opcodes.BINBYTES8,
                Opcodes.SHORT_BINBYTES,
                Opcodes.BYTEARRAY8,
                Opcodes.LONG4,
                Opcodes.POP,
                Opcodes.POP_MARK,
                Opcodes.REDUCE,
                Opcodes.BUILD);
        for (short opcode = 0; opcode < 256; opcode++) {
            if (!needed.contains(opcode)) {
                short other = opcode;
                assertPickleRefused(
                        writer -> writer.op(other),
                        String.format(
                                Locale.ROOT,
                                "its pickle has instruction 0x%02X at byte 2, which no state dict needs",
                                other));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "collections, OrderedDict",
        "torch._utils, _rebuild_tensor",
        "torch._utils, _rebuild_tensor_v2",
        "torch._utils, _rebuild_parameter",
        "torch._utils, _rebuild_parameter_with_state"
    })
    void wrongArguments(String module, String name) {
        for (int count = 0; count < 12; count++) {
            int arguments = count;
            if (count == 0 && name.equals("OrderedDict")) {
                continue;
            }
            assertPickleRefused(
                    writer -> {
                        writer.global(module, name).op(Opcodes.MARK);
                        for (int argument = 0; argument < arguments; argument++) {
                            writer.op(Opcodes.NONE);
                        }
                        writer.op(Opcodes.TUPLE, Opcodes.REDUCE);
                    },
                    "its pickle calls %s.%s with".formatted(module, name));
        }
    }

    @Test
    void callWithoutATuple() {
        assertPickleRefused(
                writer -> writer.global("collections", "OrderedDict").op(Opcodes.NONE, Opcodes.REDUCE),
                "its pickle is invalid before byte");
    }

    /** Beside the weights such a tensor is not used. */
    @Test
    void lazilyNegatedWeightsAreRejected() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] weight = checkpoint.bytes(writer -> {
            checkpoint.writeStateDict(writer).text("scale.weight");
            negated(writer).op(Opcodes.SETITEM);
        });
        byte[] beside = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text("net");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM).text("x");
            negated(writer).op(Opcodes.SETITEM);
        });

        assertRefused(weight, "entry 'scale.weight' of the state dict", "negated or conjugated", ".resolve_neg()");
        assertThat(read(beside).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    private static PickleWriter negated(PickleWriter writer) {
        return writer.global("torch._utils", "_rebuild_tensor_v2")
                .op(Opcodes.MARK)
                .storage("FloatStorage", "0", 1)
                .whole(0)
                .tuple(1)
                .tuple(1)
                .op(Opcodes.NEWFALSE)
                .orderedDict()
                .op(Opcodes.EMPTY_DICT)
                .text("neg")
                .op(Opcodes.NEWTRUE, Opcodes.SETITEM, Opcodes.TUPLE, Opcodes.REDUCE);
    }

    // ---- pickles that claim memory or time

    @ParameterizedTest
    @ValueSource(strings = {"ffffffff", "ffffff7f", "00000080", "00000001"})
    void textsLongerThanThePickle(String length) {
        assertPickleRefused(
                writer -> writer.op(Opcodes.BINUNICODE).raw(bytes(length)),
                "its pickle has a text of",
                "but only 1 follow");
    }

    private static int[] bytes(String hex) {
        int[] bytes = new int[hex.length() / 2];
        Arrays.setAll(bytes, at -> Integer.parseInt(hex.substring(2 * at, 2 * at + 2), 16));
        return bytes;
    }

    @Test
    void numbersAndShortTextsLongerThanThePickle() {
        assertPickleRefused(writer -> writer.op(Opcodes.LONG1).raw(255), "is invalid before byte");
        assertPickleRefused(writer -> writer.op(Opcodes.SHORT_BINUNICODE).raw(255), "is invalid before byte");
        assertPickleRefused(writer -> writer.op(Opcodes.SHORT_BINSTRING).raw(255), "is invalid before byte");
    }

    @Test
    void nameWithoutAnEnd() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.GLOBAL).raw(new int[100_000]),
                "a name at byte 3 that does not end within 1000 bytes");
        assertPickleRefused(writer -> writer.op(Opcodes.GLOBAL).line("os"), "a name at byte 6 that does not end");
    }

    @Test
    void longNamesAreShownInPart() {
        String name = "n".repeat(1_000_000);

        assertPickleRefused(
                writer -> writer.text(name).text(name).op(Opcodes.STACK_GLOBAL),
                "its pickle is a Python object (nnnn",
                "...");
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT)
                        .text(name)
                        .tensor("FloatStorage", "0", 1, 0, new long[0], new long[0])
                        .op(Opcodes.SETITEM),
                "has a name of 1000000 characters, expected at most 1000");
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT).text(name).whole(1).op(Opcodes.SETITEM),
                "a dict without tensors");
    }

    @Test
    void tooLargeStack() {
        short[] nones = new short[CheckpointUnpickler.MAX_STACK + 1];
        Arrays.fill(nones, Opcodes.NONE);

        assertPickleRefused(
                writer -> writer.op(nones),
                "more than 500000 values on its stack, which no state dict of 0 storages needs");
    }

    @Test
    void tooManyEntriesOfDicts() {
        int each = 500; // of those that are kept
        assertPickleRefused(
                writer -> {
                    for (int at = 0; at <= CheckpointUnpickler.MAX_KEPT_VALUES; at++) {
                        if (at % each == 0) {
                            writer.op(Opcodes.EMPTY_DICT);
                        }
                        writer.text("k" + at).op(Opcodes.NONE, Opcodes.SETITEM);
                    }
                },
                "more than 200000 entries of dicts");
    }

    @Test
    void referencesToValuesThatThePickleDoesNotHave() {
        assertPickleRefused(writer -> writer.get(7), "refers to a value that it does not have");
        assertPickleRefused(writer -> writer.text("a").put(7).get(8), "refers to a value that it does not have");
    }

    @Test
    void tooManyListsAndDicts() {
        for (short opcode : new short[] {Opcodes.EMPTY_LIST, Opcodes.EMPTY_DICT, Opcodes.EMPTY_TUPLE}) {
            short[] many = new short[CheckpointUnpickler.FREE_CONTAINERS + 1];
            Arrays.fill(many, opcode);

            assertPickleRefused(writer -> writer.op(many), "more than 150000 lists, dicts, tuples and objects");
        }
    }

    @Test
    void tooLargePickle() {
        byte[] pickle = new byte[CheckpointReader.FREE_PICKLE_BYTES + 1];

        assertRefused(
                new CheckpointWriter().zip(pickle).bytes(),
                "its record 'data.pkl' has 16777217 bytes, expected at most 16777216");
    }

    @Test
    void deepNesting() {
        int depth = 140_000;
        short[] open = new short[depth];
        Arrays.fill(open, Opcodes.EMPTY_LIST);
        short[] close = new short[depth - 1];
        Arrays.fill(close, Opcodes.APPEND);
        short[] tuples = new short[depth];
        Arrays.fill(tuples, Opcodes.TUPLE1);

        assertPickleRefused(writer -> writer.op(open).op(close), "its pickle holds a list, expected a dict");
        assertPickleRefused(writer -> writer.op(Opcodes.NONE).op(tuples), "its pickle holds a tuple, expected a dict");
        assertPickleRefused(
                writer -> {
                    for (int level = 0; level < depth; level++) {
                        writer.op(Opcodes.EMPTY_DICT, Opcodes.NONE);
                    }
                    writer.op(Opcodes.NONE);
                    short[] items = new short[depth];
                    Arrays.fill(items, Opcodes.SETITEM);
                    writer.op(items);
                },
                "a dict without tensors");
    }

    @Test
    void deepNestingOfKeys() {
        short[] lists = new short[100_000];
        Arrays.fill(lists, Opcodes.EMPTY_LIST);
        short[] appends = new short[99_999];
        Arrays.fill(appends, Opcodes.APPEND);

        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT).op(lists).op(appends).op(Opcodes.NONE, Opcodes.SETITEM),
                "a dict with an unhashable key");
    }

    @Test
    void listThatIsItsOwnKey() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT, Opcodes.EMPTY_LIST)
                        .put(1)
                        .get(1)
                        .op(Opcodes.APPEND, Opcodes.NONE, Opcodes.SETITEM),
                "a dict with an unhashable key");
    }

    /** Each list contains the previous one twice, so hashing takes 2^60 steps. */
    @Test
    void exponentiallyNestedLists() {
        assertPickleRefused(
                writer -> {
                    writer.op(Opcodes.EMPTY_DICT, Opcodes.EMPTY_LIST);
                    for (int level = 0; level < 60; level++) {
                        writer.put(1)
                                .op(Opcodes.EMPTY_LIST)
                                .get(1)
                                .op(Opcodes.APPEND)
                                .get(1)
                                .op(Opcodes.APPEND);
                    }
                    writer.op(Opcodes.NONE, Opcodes.SETITEM);
                },
                "a dict with an unhashable key");
    }

    @Test
    void dictThatContainsItself() throws IOException {
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT)
                        .put(1)
                        .text("state_dict")
                        .get(1)
                        .op(Opcodes.SETITEM),
                "a dict without tensors",
                "found 'state_dict'");
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> checkpoint
                .writeStateDict(writer)
                .put(7)
                .text("model")
                .get(7)
                .op(Opcodes.SETITEM)
                .text("list")
                .op(Opcodes.EMPTY_LIST)
                .put(8)
                .get(8)
                .op(Opcodes.APPEND, Opcodes.SETITEM));

        assertThat(read(file).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    @Test
    void missingMemoEntry() {
        assertPickleRefused(writer -> writer.get(9), "refers to a value that it does not have");
    }

    @Test
    void emptyStack() {
        for (short opcode : new short[] {
            Opcodes.STOP,
            Opcodes.TUPLE,
            Opcodes.TUPLE1,
            Opcodes.TUPLE3,
            Opcodes.APPEND,
            Opcodes.APPENDS,
            Opcodes.SETITEM,
            Opcodes.SETITEMS,
            Opcodes.BINPERSID,
            Opcodes.STACK_GLOBAL,
            Opcodes.REDUCE,
            Opcodes.BUILD,
            Opcodes.MEMOIZE
        }) {
            assertPickleRefused(writer -> writer.op(opcode), "its pickle is invalid before byte");
        }
    }

    @Test
    void oddNumberOfItems() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT, Opcodes.MARK, Opcodes.NONE, Opcodes.SETITEMS),
                "its pickle is invalid before byte");
    }

    @Test
    void itemsOfObjectsThatAreNotDicts() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.NONE, Opcodes.NONE, Opcodes.NONE, Opcodes.SETITEM),
                "its pickle is invalid");
        assertPickleRefused(
                writer -> writer.op(Opcodes.NONE, Opcodes.MARK, Opcodes.NONE, Opcodes.APPENDS),
                "its pickle is invalid");
    }

    @Test
    void bytesAfterTheEnd() {
        assertPickleRefused(
                writer -> writer.op(Opcodes.EMPTY_DICT, Opcodes.STOP, Opcodes.NONE),
                "its pickle has 2 bytes after its last instruction");
    }

    @Test
    void unknownProtocol() {
        assertRefused(
                new CheckpointWriter()
                        .zip(new PickleWriter().op(Opcodes.PROTO).raw(6).stop())
                        .bytes(),
                "its pickle is invalid before byte 2 of 3");
    }

    @Test
    void emptyPickle() {
        assertRefused(new CheckpointWriter().zip(new byte[0]).bytes(), "its pickle is invalid before byte 0 of 0");
    }

    @Test
    void referencesThatAreNotStorages() {
        assertPickleRefused(
                writer -> writer.text("storage").op(Opcodes.BINPERSID),
                "refers to an external object that is not a storage");
        assertPickleRefused(
                writer -> writer.op(Opcodes.MARK)
                        .text("storage")
                        .text("FloatStorage")
                        .text("0")
                        .text("cpu")
                        .whole(1)
                        .op(Opcodes.TUPLE, Opcodes.BINPERSID),
                "refers to an external object that is not a storage");
        assertPickleRefused(
                writer -> writer.op(Opcodes.MARK)
                        .text("module")
                        .global("torch", "FloatStorage")
                        .text("0")
                        .text("cpu")
                        .whole(1)
                        .op(Opcodes.TUPLE, Opcodes.BINPERSID),
                "refers to an external object that is not a storage");
    }

    @Test
    void duplicateTensor() {
        RawTensor tensor = RawTensor.f32("fc.weight", new float[6], 2, 3);

        assertRefused(
                CheckpointWriter.of(MODEL).with(tensor).with(tensor).bytes(),
                "a dict with two entries 'fc.weight', expected each key once");
    }

    // ---- tensors with invalid claims

    private static byte[] withView(long values, long offset, long[] shape, long... strides) {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        String key = checkpoint.storage(new byte[48]);
        return checkpoint.with("x", "F32", key, values, offset, shape, strides).bytes();
    }

    @Test
    void viewsBeyondTheirStorage() {
        String beyond = "but its storage '7' has 12 values";
        assertRefused(withView(12, 0, new long[] {13}, 1), "tensor 'x' has sizes [13]", beyond);
        assertRefused(withView(12, 1, new long[] {12}, 1), "from value 1 on", beyond);
        assertRefused(withView(12, 0, new long[] {4, 3}, 4, 1), beyond);
        assertRefused(withView(12, 13, new long[] {0}, 1), beyond);
        assertRefused(withView(12, 1L << 62, new long[] {1}, 1), beyond);
        assertRefused(withView(12, 0, new long[] {2}, Long.MAX_VALUE - 1), beyond);
    }

    @Test
    void viewsThatOverflow() {
        String impossible = "which no storage can hold";
        assertRefused(withView(12, 0, new long[] {1L << 32, 1L << 32}, 1, 1), "tensor 'x'", impossible);
        assertRefused(withView(12, 0, new long[] {3}, Long.MAX_VALUE), impossible);
        assertRefused(withView(12, Long.MAX_VALUE, new long[] {1}, 1), impossible);
        assertRefused(withView(12, 0, new long[] {Long.MAX_VALUE, 4, 0}, 0, 0, 0), impossible);
    }

    @Test
    void negativeNumbers() {
        assertRefused(withView(12, -1, new long[] {1}, 1), "tensor 'x' has", "expected no negative number");
        assertRefused(withView(12, 0, new long[] {-1}, 1), "expected no negative number");
        assertRefused(withView(12, 3, new long[] {3}, -1), "expected no negative number");
        assertRefused(withView(-12, 0, new long[] {3}, 1), "but its storage '7' has -12 values");
    }

    @Test
    void numbersThatAreNotIntegers() {
        assertPickleRefused(
                writer -> writer.global("torch._utils", "_rebuild_tensor_v2")
                        .op(Opcodes.MARK)
                        .storage("FloatStorage", "0", 1)
                        .real(0.5)
                        .tuple(1)
                        .tuple(1)
                        .op(Opcodes.NEWFALSE)
                        .orderedDict()
                        .op(Opcodes.TUPLE, Opcodes.REDUCE),
                "with the number 0.5, expected a 64-bit integer");
    }

    @Test
    void wrongRank() {
        assertRefused(withView(12, 0, new long[] {3, 4}, 1), "tensor 'x' has 2 sizes and 1 strides");
        assertRefused(withView(12, 0, new long[65], new long[65]), "tensor 'x' has 65 sizes and 65 strides");
        CheckpointWriter cubic = new CheckpointWriter();
        SafetensorsWriter.tensors(MODEL)
                .forEach(tensor -> cubic.with(
                        tensor.name().equals("lstm.weight_hh_l0")
                                ? new RawTensor(tensor.name(), "F32", new long[] {12, 3, 1}, tensor.bytes())
                                : tensor));
        assertRefused(cubic.bytes(), "tensor 'lstm.weight_hh_l0' has shape (12, 3, 1), expected (4H, H) = (12, 3)");
    }

    /** One value shown as a matrix of a billion, as {@code expand} creates it. */
    @Test
    void viewThatRepeatsOneValue() {
        assertRefused(
                withView(12, 0, new long[] {1 << 15, 1 << 15}, 0, 0), "tensor 'x'", "more than once", ".contiguous()");
    }

    /** Many layers whose views, each of 30 million values, overlap. */
    @Test
    void manyOverlappingTensors() {
        CheckpointWriter checkpoint = new CheckpointWriter();
        int width = 64;
        int values = 4 * width * width + 1_000;
        String key = checkpoint.storage(new byte[values * Float.BYTES]);
        for (int layer = 0; layer < 500; layer++) {
            long[] shape = {4 * width, width};
            checkpoint.with("lstm.weight_ih_l" + layer, "F32", key, values, layer, shape, new long[] {width, 1});
            checkpoint.with("lstm.weight_hh_l" + layer, "F32", key, values, layer + 499, shape, new long[] {width, 1});
        }

        assertRefused(checkpoint.bytes(), "but its storages only 17384: they overlap", ".clone()");
    }

    @Test
    void missingStorage() {
        assertRefused(
                CheckpointWriter.of(MODEL)
                        .with("x", "F32", "../../etc/passwd", 3, 0, new long[] {3}, new long[] {1})
                        .bytes(),
                "tensor 'x' needs the storage '../../etc/passwd', which the archive doesn't have");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 11, 13, 1L << 40, Long.MAX_VALUE})
    void storageOfAnotherLength(long values) {
        assertRefused(
                withView(values, 0, new long[] {3}, 1),
                String.format(
                        Locale.ROOT,
                        "tensor 'x' needs the storage '7' of %d F32 values, but that has 48 bytes",
                        values));
    }

    @Test
    void integerWeights() {
        CheckpointWriter checkpoint = new CheckpointWriter();
        SafetensorsWriter.tensors(MODEL)
                .forEach(tensor -> checkpoint.with(
                        tensor.name().equals("lstm.weight_hh_l0")
                                ? new RawTensor(tensor.name(), "I64", tensor.shape(), new byte[36 * Long.BYTES])
                                : tensor));

        assertRefused(checkpoint.bytes(), "tensor 'lstm.weight_hh_l0' has dtype I64, expected F32, F16, BF16 or F64");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFinite(float value) {
        CheckpointWriter checkpoint = new CheckpointWriter();
        for (RawTensor tensor : SafetensorsWriter.tensors(MODEL)) {
            if (tensor.name().equals("lstm.weight_hh_l0")) {
                ByteBuffer.wrap(tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * 7, value);
            }
            checkpoint.with(tensor);
        }

        assertRefused(
                checkpoint.bytes(), "tensor 'lstm.weight_hh_l0' has the value " + value + " at index [2, 1]", "finite");
    }

    // ---- the archive

    private static byte[] pickle() {
        return CheckpointWriter.of(MODEL)
                .writeStateDict(PickleWriter.protocol2())
                .stop();
    }

    @Test
    void duplicateEntries() {
        assertRefused(
                CheckpointWriter.of(MODEL)
                        .zip(pickle())
                        .with("archive/data/0", new byte[40])
                        .bytes(),
                "the zip archive has two entries 'archive/data/0', expected each name once");
        assertRefused(
                CheckpointWriter.of(MODEL)
                        .zip(pickle())
                        .with("archive/data.pkl", pickle())
                        .bytes(),
                "two entries 'archive/data.pkl'");
    }

    @Test
    void longNamesOfEntries() {
        assertRefused(
                CheckpointWriter.of(MODEL)
                        .zip(pickle())
                        .with("n".repeat(65_535), new byte[0])
                        .bytes(),
                "an entry with a name of 65535 bytes, expected at most 1000");
    }

    @Test
    void twoPickles() {
        assertRefused(
                CheckpointWriter.of(MODEL)
                        .zip(pickle())
                        .with("other/data.pkl", pickle())
                        .bytes(),
                "a zip archive with 2 'data.pkl' in its folder, expected one");
    }

    @Test
    void pickleInAnInnerFolder() {
        assertRefused(new ZipWriter().with("a/b/data.pkl", pickle()).bytes(), "a zip archive with no 'data.pkl'");
    }

    /** 100 MB of zeros, compressed to 100 kB. */
    @Test
    void zipBombs() {
        byte[] zeros = new byte[100_000_000];

        assertRefused(
                new ZipWriter()
                        .withDeflated("archive/data.pkl", Arrays.copyOf(zeros, 30_000_000))
                        .bytes(),
                "would inflate to 30000000, expected at most 100 times as many");
        CheckpointWriter checkpoint = new CheckpointWriter().deflated();
        String key = checkpoint.storage(zeros);
        long[] shape = {5_000, 5_000};
        checkpoint.with("lstm.weight_ih_l0", "F32", key, 25_000_000, 0, shape, CheckpointWriter.rowMajor(shape));
        long[] square = {5_000, 1_250};
        checkpoint.with("lstm.weight_hh_l0", "F32", key, 25_000_000, 0, square, CheckpointWriter.rowMajor(square));
        assertRefused(checkpoint.bytes(), "the zip entry 'archive/data/0'", "expected at most 100 times as many");
    }

    @Test
    void entriesThatInflateToMoreOrLessThanTheyClaim() {
        assertRefused(
                new ZipWriter()
                        .withDeflated("archive/data.pkl", pickle(), entry -> entry.claiming(10))
                        .bytes(),
                "the zip entry 'archive/data.pkl' inflates to more bytes, but claims to have 10");
        assertRefused(
                new ZipWriter()
                        .withDeflated("archive/data.pkl", pickle(), entry -> entry.claiming(60_000))
                        .bytes(),
                "the zip entry 'archive/data.pkl' inflates to " + pickle().length + " bytes, but claims to have 60000");
    }

    @Test
    void entriesThatAreNotDeflated() {
        assertRefused(
                new ZipWriter()
                        .with("archive/data.pkl", new byte[] {-1, -1, -1, -1, -1}, entry -> entry.by(8))
                        .bytes(),
                "the zip entry 'archive/data.pkl' can't be inflated");
        byte[] cut = Arrays.copyOf(ZipWriter.deflate(pickle()), 20);
        assertRefused(
                new ZipWriter()
                        .with("archive/data.pkl", cut, entry -> entry.by(8).claiming(pickle().length))
                        .bytes(),
                "the zip entry 'archive/data.pkl'");
    }

    @Test
    void entriesOfOtherMethodsOrEncrypted() {
        assertRefused(
                new ZipWriter()
                        .with("archive/data.pkl", pickle(), entry -> entry.by(12))
                        .bytes(),
                "is compressed by method 12, expected it stored or deflated");
        assertRefused(
                new ZipWriter()
                        .with("archive/data.pkl", pickle(), entry -> entry.flagged(1))
                        .bytes(),
                "is encrypted");
    }

    @Test
    void entriesThatClaimMoreThanTheArchiveHas() {
        assertRefused(
                new ZipWriter()
                        .with(
                                "archive/data.pkl",
                                pickle(),
                                entry -> entry.claiming(1L << 30).claimingStored(1L << 30))
                        .bytes(),
                "the zip entry 'archive/data.pkl' claims 1073741824 bytes at byte 0, but the archive's entries end at");
        assertRefused(
                new ZipWriter()
                        .wide()
                        .with(
                                "archive/data.pkl",
                                pickle(),
                                entry -> entry.claiming(-1).claimingStored(-1))
                        .bytes(),
                "claims 18446744073709551615 bytes");
        assertRefused(
                new ZipWriter()
                        .with("archive/data.pkl", pickle(), entry -> entry.claiming(1 << 20))
                        .bytes(),
                String.format(Locale.ROOT, "is stored in %d bytes and claims to have 1048576", pickle().length));
    }

    @Test
    void entriesThatOverlap() {
        byte[] file = CheckpointWriter.of(MODEL).bytes();
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int directory = bytes.getInt(file.length - 6);
        for (int key = 0; key < 7; key++) {
            int entry = directoryEntry(file, "archive/data/" + key);
            int toTheEnd = directory - bytes.getInt(entry + 42);
            bytes.putInt(entry + 20, toTheEnd).putInt(entry + 24, toTheEnd);
        }

        assertRefused(file, "the zip archive has entries that overlap");
    }

    /** Where the directory's entry begins; its name stands 46 bytes after that. */
    private static int directoryEntry(byte[] file, String name) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        for (int at = text.indexOf("PK\1\2"); at >= 0; at = text.indexOf("PK\1\2", at + 1)) {
            if (text.startsWith(name, at + 46)) {
                return at;
            }
        }
        throw new AssertionError("no entry " + name);
    }

    @Test
    void headersElsewhere() {
        byte[] file = SMALL.clone();
        int at = directoryEntry(file, "archive/data.pkl") + 42;
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(at, 7);

        assertRefused(file, "the zip entry 'archive/data.pkl' is not at byte 7, where the directory says");
    }

    @Test
    void directoryElsewhere() {
        byte[] file = SMALL.clone();
        ByteBuffer end = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        end.putInt(file.length - 6, file.length);
        assertRefused(file, "the zip directory claims", "the record that ends it is at byte");

        byte[] other = SMALL.clone();
        ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN).putShort(other.length - 12, (short) 1_000);
        assertRefused(other, "the zip directory claims 1000 entries, but entry");

        byte[] fewer = SMALL.clone();
        ByteBuffer.wrap(fewer).order(ByteOrder.LITTLE_ENDIAN).putShort(fewer.length - 12, (short) 2);
        assertRefused(fewer, "bytes after its last entry");
    }

    @Test
    void wideDirectoryElsewhere() {
        byte[] file = CheckpointWriter.of(MODEL).wide().bytes();
        int locator = file.length - 22 - 20;
        for (long at : new long[] {-1, 0, Long.MAX_VALUE, file.length, locator}) {
            byte[] moved = file.clone();
            ByteBuffer.wrap(moved).order(ByteOrder.LITTLE_ENDIAN).putLong(locator + 8, at);
            assertRefused(moved, "the zip archive has no zip64 end record, which its directory needs");
        }
        for (int field : new int[] {32, 40, 48}) {
            for (long number : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40}) {
                byte[] lying = file.clone();
                ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN).putLong(locator - 56 + field, number);
                assertRefused(lying, "the zip directory claims");
            }
        }
    }

    @Test
    void bytesAfterTheArchive() {
        assertRefused(Arrays.copyOf(SMALL, SMALL.length + 1), "no directory at its end");
    }

    // ---- damage of any kind

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void truncationAtEveryByte(boolean wide) {
        byte[] file = wide ? CheckpointWriter.of(MODEL).wide().bytes() : SMALL;
        for (int length = 0; length < file.length; length++) {
            assertRefused(Arrays.copyOf(file, length));
        }
    }

    /** The archive is whole, the pickle in it isn't. */
    @Test
    void truncationOfThePickleAtEveryByte() {
        byte[] pickle = pickle();
        for (int length = 0; length < pickle.length; length++) {
            assertRefused(CheckpointWriter.of(MODEL)
                    .zip(Arrays.copyOf(pickle, length))
                    .bytes());
        }
    }

    @Test
    void everyByteOfThePickleChanged() {
        byte[] pickle = pickle();
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        for (int at = 0; at < pickle.length; at++) {
            for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF, Opcodes.BINGET, Opcodes.EMPTY_DICT, Opcodes.REDUCE}) {
                byte[] changed = pickle.clone();
                changed[at] = (byte) value;
                assertReadOrRefused(
                        checkpoint.zip(changed).bytes(),
                        String.format(Locale.ROOT, "byte %d of the pickle set to %d", at, value));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stored", "deflated", "wide"})
    void flippedBytesReadOrAreRejected(String kind) {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] sound = switch (kind) {
            case "deflated" -> checkpoint.deflated().bytes();
            case "wide" -> checkpoint.wide().bytes();
            default -> checkpoint.bytes();
        };
        long seed = System.nanoTime();
        System.out.println("flippedBytesReadOrAreRefused: seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 10_000; round++) {
            byte[] file = sound.clone();
            int at = random.nextInt(file.length);
            file[at] = (byte) random.nextInt(256);
            assertReadOrRefused(
                    file,
                    String.format(Locale.ROOT, "seed %d, round %d: byte %d set to %d", seed, round, at, file[at]));
        }
    }
}
