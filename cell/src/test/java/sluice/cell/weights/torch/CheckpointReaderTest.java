package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import net.razorvine.pickle.Opcodes;
import org.junit.jupiter.api.Test;
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
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.file.ZipArchive;

class CheckpointReaderTest {
    private static final LstmModel MODEL = Models.random(new Random(5), 5, 2, 3, 4);

    private static ModelFile read(byte[] file) {
        try {
            return ModelReader.read("model.pt", new MemoryChannel(file), TensorNames.automatic());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertSame(byte[] checkpoint, LstmModel model) {
        ModelFile file = read(checkpoint);
        assertThat(file.model().fingerprint()).isEqualTo(model.fingerprint());
        assertThat(file.format()).isEqualTo("PyTorch checkpoint");
    }

    private static void assertRefused(byte[] checkpoint, String... parts) {
        assertThatThrownBy(() -> read(checkpoint))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.pt: ")
                .hasMessageContainingAll(parts);
    }

    // ---- equal to the same model in safetensors

    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "3, false", "1, true", "2, true", "3, true"})
    void readsEveryStack(int layers, boolean bidirectional) throws IOException {
        for (long seed = 0; seed < 20; seed++) {
            LstmModel model = Models.stack(new Random(seed), layers, bidirectional);
            List<RawTensor> tensors = SafetensorsWriter.tensors(model);
            byte[] safetensors = SafetensorsWriter.bytes(tensors, Map.of());

            assertSame(CheckpointWriter.of(tensors).bytes(), model);
            assertThat(read(safetensors).model().fingerprint()).isEqualTo(model.fingerprint());
        }
    }

    static Stream<Path> torchCases() throws Exception {
        Path folder = Path.of(CheckpointReaderTest.class.getResource("/torch").toURI());
        try (Stream<Path> cases = Files.list(folder)) {
            return cases.sorted().collect(Collectors.toList()).stream();
        }
    }

    /** Covers projections, LSTMs without biases, tied layers and other naming schemes. */
    @ParameterizedTest
    @MethodSource("torchCases")
    void checkpointEqualsSafetensorsSavedByPyTorch(Path folder) throws IOException {
        byte[] file = Files.readAllBytes(folder.resolve("model.safetensors"));
        SafetensorsReader safetensors = SafetensorsReader.open(new MemoryChannel(file));
        CheckpointWriter checkpoint = new CheckpointWriter();
        for (String name : safetensors.names()) {
            checkpoint.with(RawTensor.f32(name, safetensors.read(name), dimensions(safetensors.shape(name))));
        }
        safetensors.metadata().forEach((name, stored) -> {
            if (safetensors.names().contains(stored)) { // one of two names that share a storage
                long[] shape = dimensions(safetensors.shape(stored));
                String key = Integer.toString(List.copyOf(safetensors.names()).indexOf(stored));
                long values = Shape.of(shape).values();
                checkpoint.with(name, "F32", key, values, 0, shape, CheckpointWriter.rowMajor(shape));
            }
        });

        assertSame(
                checkpoint.bytes(),
                ModelReader.read("model", new MemoryChannel(file), TensorNames.automatic())
                        .model());
    }

    private static long[] dimensions(Shape shape) {
        long[] dimensions = new long[shape.rank()];
        Arrays.setAll(dimensions, shape::dimension);
        return dimensions;
    }

    /** Files written by Python's own pickler, with memo references and several protocols. */
    @ParameterizedTest
    @ValueSource(strings = {"protocol-2.pt", "protocol-4.pt", "protocol-5-training.pt"})
    void readsPicklesOfPython(String name) throws Exception {
        Path folder =
                Path.of(CheckpointReaderTest.class.getResource("/checkpoints").toURI());

        ModelFile file = ModelReader.read(folder.resolve(name), TensorNames.automatic());

        ModelFile same = ModelReader.read(folder.resolve("same.safetensors"), TensorNames.automatic());
        assertThat(file.model().fingerprint()).isEqualTo(same.model().fingerprint());
        assertThat(file.model()).hasToString("6 tokens of width 2; LSTM 3 + 3 backward, 3 + 3 backward; 4 classes");
    }

    // ---- the archive

    @Test
    void readsStoredAndDeflatedEntriesInAnyFolder() {
        assertSame(CheckpointWriter.of(MODEL).bytes(), MODEL);
        assertSame(CheckpointWriter.of(MODEL).in("my model").bytes(), MODEL);
        assertSame(CheckpointWriter.of(MODEL).deflated().bytes(), MODEL);
    }

    @Test
    void readsZip64Directory() {
        assertSame(CheckpointWriter.of(MODEL).wide().bytes(), MODEL);
    }

    @Test
    void readsBigEndian() {
        assertSame(CheckpointWriter.of(MODEL).bigEndian().bytes(), MODEL);
    }

    /** Old versions of PyTorch write neither record. */
    @Test
    void readsFilesWithoutByteOrderAndVersion() throws IOException {
        assertSame(repacked("archive/byteorder", "archive/version"), MODEL);
    }

    /** Someone has packed the files of the folder without it. */
    @Test
    void readsFilesWithoutAFolder() throws IOException {
        ZipArchive archive =
                ZipArchive.open(new MemoryChannel(CheckpointWriter.of(MODEL).bytes()));
        ZipWriter zip = new ZipWriter();
        for (String name : archive.names()) {
            zip.with(name.substring("archive/".length()), archive.read(name));
        }

        assertSame(zip.bytes(), MODEL);
    }

    /** Another archiver writes sizes in local headers, compresses, and changes the order. */
    @Test
    void readsArchivesRepackedByAnotherProgram() throws IOException {
        assertSame(repacked(), MODEL);
    }

    private static byte[] repacked(String... without) throws IOException {
        ZipArchive archive =
                ZipArchive.open(new MemoryChannel(CheckpointWriter.of(MODEL).bytes()));
        List<String> names = new ArrayList<>(archive.names());
        Collections.reverse(names);
        names.removeAll(List.of(without));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(file)) {
            for (String name : names) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(archive.read(name));
            }
        }
        return file.toByteArray();
    }

    // ---- tensors

    @Test
    void readsParameters() {
        assertSame(CheckpointWriter.of(MODEL).asParameters().bytes(), MODEL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"F64", "F16", "BF16"})
    void convertsOtherElementTypes(String dtype) {
        List<RawTensor> tensors = SafetensorsWriter.tensors(MODEL).stream()
                .map(tensor -> converted(tensor, dtype))
                .collect(Collectors.toList());

        assertSame(
                CheckpointWriter.of(tensors).bytes(),
                read(SafetensorsWriter.bytes(tensors, Map.of())).model());
    }

    private static RawTensor converted(RawTensor tensor, String dtype) {
        int values = tensor.bytes().length / Float.BYTES;
        ByteBuffer from = ByteBuffer.wrap(tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = ByteBuffer.allocate(values * (dtype.equals("F64") ? Double.BYTES : Short.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < values; at++) {
            int bits = from.getInt();
            switch (dtype) {
                case "F64" -> to.putDouble(Float.intBitsToFloat(bits));
                case "BF16" -> to.putShort((short) (bits >> Short.SIZE));
                default -> to.putShort((short) (bits >> 17)); // a half with the same sign and a similar order of values
            }
        }
        return new RawTensor(tensor.name(), dtype, tensor.shape(), to.array());
    }

    /** Column-major strides, as {@code weight.t()} of a transposed weight has them. */
    @Test
    void readsTransposedStrides() {
        CheckpointWriter checkpoint = new CheckpointWriter();
        for (RawTensor tensor : SafetensorsWriter.tensors(MODEL)) {
            if (tensor.shape().length < 2) {
                checkpoint.with(tensor);
                continue;
            }
            long rows = tensor.shape()[0];
            long columns = tensor.shape()[1];
            String key = checkpoint.storage(scattered(tensor, (int) (rows * columns), 0, 1, (int) rows));
            checkpoint.with(tensor.name(), "F32", key, rows * columns, 0, tensor.shape(), new long[] {1, rows});
        }

        assertSame(checkpoint.bytes(), MODEL);
    }

    /** A window of a larger matrix with every other column. */
    @Test
    void readsGapsAndOffsets() {
        CheckpointWriter checkpoint = new CheckpointWriter();
        for (RawTensor tensor : SafetensorsWriter.tensors(MODEL)) {
            int rows = (int) tensor.shape()[0];
            int columns = tensor.shape().length < 2 ? 1 : (int) tensor.shape()[1];
            int width = 2 * columns + 3;
            int values = 5 + rows * width;
            String key = checkpoint.storage(scattered(tensor, values, 5, width, 2));
            long[] strides = tensor.shape().length < 2 ? new long[] {width} : new long[] {width, 2};
            checkpoint.with(tensor.name(), "F32", key, values, 5, tensor.shape(), strides);
        }

        assertSame(checkpoint.bytes(), MODEL);
        assertSame(checkpoint.deflated().bytes(), MODEL);
    }

    private static byte[] scattered(RawTensor tensor, int values, int offset, int rowStride, int columnStride) {
        float[] storage = new float[values];
        Arrays.fill(storage, Float.NaN); // values that must not be read
        ByteBuffer from = ByteBuffer.wrap(tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int rows = (int) tensor.shape()[0];
        int columns = tensor.shape().length < 2 ? 1 : (int) tensor.shape()[1];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                storage[offset + row * rowStride + column * columnStride] = from.getFloat();
            }
        }
        return CheckpointWriter.floats(storage);
    }

    /** cuDNN keeps all weights of an LSTM that was trained on a GPU in one storage. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsAllWeightsFromOneStorage(boolean deflated) {
        LstmModel model = Models.stack(new Random(8), 3, true);
        List<RawTensor> tensors = SafetensorsWriter.tensors(model);
        byte[] joined = CheckpointWriter.joined(tensors);
        CheckpointWriter checkpoint = new CheckpointWriter();
        String key = checkpoint.storage(joined);
        long offset = 0;
        for (RawTensor tensor : tensors) {
            long[] strides = CheckpointWriter.rowMajor(tensor.shape());
            checkpoint.with(tensor.name(), "F32", key, joined.length / 4, offset, tensor.shape(), strides);
            offset += tensor.bytes().length / Float.BYTES;
        }

        assertSame(deflated ? checkpoint.deflated().bytes() : checkpoint.bytes(), model);
    }

    @Test
    void tiedLayersShareOneTensor() {
        Random random = new Random(3);
        RawTensor shared = RawTensor.f32("encoder.weight", Models.matrix(random, 7, 3));
        List<RawTensor> tensors = new ArrayList<>(SafetensorsWriter.tensors(Models.random(random, 7, 3, 3, 7)).stream()
                .filter(tensor -> tensor.name().startsWith("lstm."))
                .collect(Collectors.toList()));
        CheckpointWriter checkpoint = CheckpointWriter.of(tensors).with(shared);
        checkpoint.with(
                "decoder.weight", "F32", Integer.toString(tensors.size()), 21, 0, new long[] {7, 3}, new long[] {3, 1});
        tensors.add(shared);

        ModelFile file = read(checkpoint.bytes());

        assertThat(file.model().fingerprint())
                .isEqualTo(read(SafetensorsWriter.bytes(tensors, Map.of("decoder.weight", "encoder.weight")))
                        .model()
                        .fingerprint());
        assertThat(file.notes())
                .contains("the embedding and the output layer are tied: they share the values of one tensor");
    }

    @Test
    void unusedTensorsAreNoted() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL)
                .with(new RawTensor("bn.num_batches_tracked", "I64", new long[0], new byte[8]))
                .with(new RawTensor("empty", "F32", new long[] {0, 3}, new byte[0]))
                .with(new RawTensor("epochs", "I64", new long[] {1}, new byte[8]));

        assertThat(read(checkpoint.bytes()).notes())
                .contains(
                        "tensor 'bn.num_batches_tracked' () is not used: taken for a counter",
                        "tensor 'empty' (0, 3) is not used: it has no values",
                        "tensor 'epochs' (1) is not used: taken for a counter");
    }

    @Test
    void integersThatAreNoCountersAreRejected() {
        CheckpointWriter checkpoint =
                CheckpointWriter.of(MODEL).with(new RawTensor("mask", "U8", new long[] {2}, new byte[2]));

        assertThatThrownBy(() -> read(checkpoint.bytes()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("tensor 'mask' (2) looks like a mask");
    }

    // ---- position of the state dict

    @ParameterizedTest
    @ValueSource(strings = {"state_dict", "model_state_dict", "model", "net"})
    void findsStateDictBesideOptimizerAndEpoch(String entry) {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);

        ModelFile file = read(training(checkpoint, entry));

        assertThat(file.model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertThat(file.notes())
                .contains(
                        "the state dict is the entry '%s' of the checkpoint".formatted(entry),
                        "other entries of the checkpoint, not used (5): "
                                + "'epoch', 'loss', 'words', 'nothing', 'optimizer'");
    }

    @Test
    void findsStateDictBesideVocabularyOf100000Words() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT, Opcodes.MARK).text("vocabulary").op(Opcodes.EMPTY_DICT, Opcodes.MARK);
            for (int word = 0; word < 100_000; word++) {
                writer.text("some word " + word).put(word + 10).whole(word);
            }
            writer.op(Opcodes.SETITEMS).text("model");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEMS);
        });

        assertThat(read(file).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    /** A pickle of 12 MB: its words are not kept. */
    @Test
    void findsStateDictBesideVocabularyOf400000Words() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT, Opcodes.MARK).text("stoi").op(Opcodes.EMPTY_DICT);
            for (int word = 0; word < 400_000; word++) {
                writer.text("word" + word).put(word).whole(word).op(Opcodes.SETITEM);
            }
            writer.text("itos").op(Opcodes.EMPTY_LIST);
            for (int word = 0; word < 400_000; word++) {
                writer.get(word).op(Opcodes.APPEND);
            }
            writer.text("model");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEMS);
        });

        assertThat(read(file).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    /** Larger than a pickle without as many storages may be. */
    @Test
    void findsStateDictBesideLargeOptimizer() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        String name = "n".repeat(900);
        int parameters = 14_000;
        byte[] file = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT, Opcodes.MARK).text("optimizer").op(Opcodes.EMPTY_DICT, Opcodes.MARK);
            for (int at = 0; at < parameters; at++) {
                writer.text(name + at).op(Opcodes.EMPTY_DICT, Opcodes.MARK);
                for (String moment : List.of("exp_avg", "exp_avg_sq")) {
                    String key = checkpoint.storage(CheckpointWriter.floats(1));
                    writer.text(moment).tensor("FloatStorage", key, 1, 0, new long[] {1, 1, 1}, new long[] {1, 1, 1});
                }
                writer.op(Opcodes.SETITEMS);
            }
            writer.op(Opcodes.SETITEMS).text("model");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEMS);
        });

        assertThat(file.length).isGreaterThan(CheckpointReader.FREE_PICKLE_BYTES);
        assertThat(read(file).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    /** An integer, a float, a list, None, an optimizer with a nested tensor, and the state dict. */
    private static byte[] training(CheckpointWriter checkpoint, String entry) {
        return checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT, Opcodes.MARK)
                    .text("epoch")
                    .whole(7)
                    .text("loss")
                    .real(0.25)
                    .text("words")
                    .op(Opcodes.EMPTY_LIST, Opcodes.MARK)
                    .text("a")
                    .text("b")
                    .op(Opcodes.APPENDS)
                    .text("nothing")
                    .op(Opcodes.NONE)
                    .text("optimizer")
                    .op(Opcodes.EMPTY_DICT)
                    .text("state")
                    .op(Opcodes.EMPTY_DICT)
                    .whole(0)
                    .op(Opcodes.EMPTY_DICT)
                    .text("exp_avg")
                    .tensor("FloatStorage", "0", 10, 0, new long[] {10}, new long[] {1})
                    .op(Opcodes.SETITEM, Opcodes.SETITEM, Opcodes.SETITEM)
                    .text(entry);
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEMS);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"module.", "model.", "module.model.", "_orig_mod."})
    void readsNamesWithWrapperPrefix(String prefix) {
        List<RawTensor> tensors = SafetensorsWriter.tensors(MODEL).stream()
                .map(tensor -> new RawTensor(prefix + tensor.name(), tensor.dtype(), tensor.shape(), tensor.bytes()))
                .collect(Collectors.toList());

        assertSame(CheckpointWriter.of(tensors).bytes(), MODEL);
    }

    @Test
    void entriesThatAreNotTensorsAreNoted() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> checkpoint
                .writeStateDict(writer)
                .text("version")
                .whole(2)
                .op(Opcodes.SETITEM)
                .whole(1L << 40)
                .text("a number as a key")
                .op(Opcodes.SETITEM));

        assertThat(read(file).notes())
                .contains("entries of the state dict that are not tensors, not used (2): 'version', '1099511627776'");
    }

    @Test
    void twoStateDictsAreRejectedWithTheirKeys() {
        assertRefused(
                twice("model", "state_dict"),
                "2 entries of the checkpoint hold an LSTM, expected one: 'model', 'state_dict'",
                "set model.entry to the one to score with");
        assertRefused(twice("ema", "net"), "2 entries of the checkpoint hold an LSTM, expected one: 'ema', 'net'");
        assertSame(twice("ema", "model"), MODEL);
        assertThat(read(twice("ema", "model")).notes())
                .contains(
                        "other entries of the checkpoint hold an LSTM too: 'ema'; model.entry names the one to score with");
    }

    private static byte[] twice(String one, String other) {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        return checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text(one);
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM).text(other);
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
        });
    }

    private static ModelFile read(byte[] file, String entry) throws IOException {
        return ModelReader.read(
                "model.pt", new MemoryChannel(file), TensorNames.automatic().withEntry(entry));
    }

    @Test
    void theEntryThatHoldsTheModelCanBeNamed() throws IOException {
        LstmModel other = Models.random(new Random(6), 5, 2, 3, 4);
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text("best").op(Opcodes.EMPTY_DICT).text("a.net");
            checkpoint
                    .writeStateDict(writer)
                    .op(Opcodes.SETITEM, Opcodes.SETITEM)
                    .text("epoch")
                    .whole(3);
            writer.op(Opcodes.SETITEM).text("last");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
        });

        assertThat(other.fingerprint()).isNotEqualTo(MODEL.fingerprint());
        assertRefused(file, "2 entries of the checkpoint hold an LSTM, expected one: 'last', 'best.a.net'");
        assertThat(read(file, "best.a.net").model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertThat(read(file, "best.a.net").notes())
                .contains(
                        "the state dict is the entry 'best.a.net' of the checkpoint",
                        "other entries of the checkpoint, not used (2): 'epoch', 'last'");
        assertThat(read(file, "last").model().fingerprint()).isEqualTo(MODEL.fingerprint());
        for (String wrong : List.of("net", "epoch", "best", "last.net", "a.net", "")) {
            assertThatThrownBy(() -> read(file, wrong))
                    .isInstanceOf(ModelException.class)
                    .hasMessage(
                            "model.pt: model.entry is '" + wrong + "', but no entry of that name is a dict of tensors; "
                                    + "expected one of: 'last', 'best.a.net'");
        }
    }

    @Test
    void theTopLevelDictCanBeNamed() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            checkpoint.writeStateDict(writer).text("copy");
            checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
        });

        assertRefused(file, "2 entries of the checkpoint hold an LSTM, expected one: '.', 'copy'");
        assertThat(read(file, ".").model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    /** The state of an optimizer may have the names of the weights. */
    @ParameterizedTest
    @ValueSource(strings = {"optimizer", "optimizer_state_dict", "opt", "momentum_buffers", "grads", "ema_optimizer"})
    void theStateOfAnOptimizerIsTakenForTheModelOnlyIfTheUserNamesIt(String entry) throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);

        assertSame(twice(entry, "net"), MODEL);
        assertRefused(
                checkpoint.bytes(writer -> {
                    writer.op(Opcodes.EMPTY_DICT).text(entry);
                    checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
                }),
                "the LSTM is in entry '" + entry + "' of the checkpoint, by name the state of an optimizer",
                "set model.entry to it");
        assertThat(read(
                                checkpoint.bytes(writer -> {
                                    writer.op(Opcodes.EMPTY_DICT).text(entry);
                                    checkpoint.writeStateDict(writer).op(Opcodes.SETITEM);
                                }),
                                entry)
                        .model()
                        .fingerprint())
                .isEqualTo(MODEL.fingerprint());
    }

    /** Beside an entry with the LSTM, an entry with the output layer would be left out. */
    @Test
    void modulesThatAreSavedSeparatelyAreRejected() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            writer.op(Opcodes.EMPTY_DICT).text("encoder");
            checkpoint
                    .writeStateDict(writer)
                    .op(Opcodes.SETITEM)
                    .text("attention")
                    .op(Opcodes.EMPTY_DICT);
            writer.text("query.weight")
                    .tensor("FloatStorage", "0", 10, 0, new long[] {3, 3}, new long[] {3, 1})
                    .op(Opcodes.SETITEM, Opcodes.SETITEM)
                    .text("criterion")
                    .op(Opcodes.EMPTY_DICT)
                    .text("weight")
                    .tensor("FloatStorage", "0", 10, 0, new long[] {4}, new long[] {1})
                    .op(Opcodes.SETITEM, Opcodes.SETITEM);
        });

        assertRefused(
                file,
                "the LSTM is in entry 'encoder' of the checkpoint, and another entry may be a part of the model: 'attention'; ",
                "if it is not, set model.entry to 'encoder', which leaves it out; ");
        assertThat(read(file, "encoder").model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertThat(ModelReader.read(
                                "model.pt",
                                new MemoryChannel(file),
                                TensorNames.automatic().withIgnored(List.of("attention")))
                        .model()
                        .fingerprint())
                .isEqualTo(MODEL.fingerprint());
    }

    /** A list or tuple of a state dict and other content: the elements have their numbers as names. */
    @Test
    void findsTheStateDictInATuple() throws IOException {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] file = checkpoint.bytes(writer -> {
            writer.whole(3);
            checkpoint.writeStateDict(writer).op(Opcodes.TUPLE2);
        });

        assertSame(file, MODEL);
        assertThat(read(file, "1").model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    static Stream<Consumer<PickleWriter>> noStateDicts() {
        return Stream.of(
                writer -> writer.op(Opcodes.NONE),
                writer -> writer.whole(7),
                writer -> writer.op(Opcodes.EMPTY_LIST),
                writer -> writer.op(Opcodes.EMPTY_TUPLE),
                writer -> writer.tensor("FloatStorage", "0", 1, 0, new long[0], new long[0]));
    }

    @ParameterizedTest
    @MethodSource("noStateDicts")
    void objectsThatAreNotDictsAreRejected(Consumer<PickleWriter> pickle) {
        assertRefused(new CheckpointWriter().bytes(pickle), "its pickle holds ", ", expected a dict of tensors");
    }

    @Test
    void dictsWithoutTensorsAreRejected() {
        assertRefused(new CheckpointWriter().bytes(), "a dict without tensors", "'state_dict'", "found no entries");
        assertRefused(
                new CheckpointWriter()
                        .bytes(writer -> writer.op(Opcodes.EMPTY_DICT)
                                .text("epoch")
                                .whole(3)
                                .op(Opcodes.SETITEM)),
                "a dict without tensors",
                "found 'epoch'");
    }

    // ---- unsupported files

    @Test
    void gruIsRejected() {
        assertRefused(
                CheckpointWriter.of(List.of(
                                RawTensor.f32("rnn.weight_ih_l0", new float[45], 15, 3),
                                RawTensor.f32("rnn.weight_hh_l0", new float[75], 15, 5)))
                        .bytes(),
                "'rnn.' is a GRU (3H rows)",
                "only LSTMs can be scored");
    }

    @Test
    void plainRnnIsRejected() {
        assertRefused(
                CheckpointWriter.of(List.of(
                                RawTensor.f32("rnn.weight_ih_l0", new float[15], 5, 3),
                                RawTensor.f32("rnn.weight_hh_l0", new float[25], 5, 5)))
                        .bytes(),
                "'rnn.' is a plain RNN (H rows)");
    }

    @Test
    void torchScriptIsRejected() {
        CheckpointWriter checkpoint = CheckpointWriter.of(MODEL);
        byte[] pickle = checkpoint.writeStateDict(PickleWriter.protocol2()).stop();

        assertRefused(
                checkpoint.zip(pickle).with("archive/constants.pkl", pickle).bytes(),
                "this is a TorchScript archive",
                "torch.jit.load");
        assertRefused(
                checkpoint
                        .zip(pickle)
                        .with("archive/code/__torch__/net.py", new byte[9])
                        .bytes(),
                "this is a TorchScript archive");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "11", "99999", "3.1", "", "three"})
    void unknownVersionsAreRejected(String version) {
        byte[] pickle = CheckpointWriter.of(MODEL)
                .writeStateDict(PickleWriter.protocol2())
                .stop();
        ZipWriter zip = new ZipWriter()
                .with("a/data.pkl", pickle)
                .with("a/version", version.getBytes(StandardCharsets.US_ASCII));

        assertRefused(zip.bytes(), "its format has version '" + version + "', expected 1 to 10");
    }

    @Test
    void unknownByteOrderIsRejected() {
        byte[] pickle = CheckpointWriter.of(MODEL)
                .writeStateDict(PickleWriter.protocol2())
                .stop();
        ZipWriter zip = new ZipWriter()
                .with("a/data.pkl", pickle)
                .with("a/byteorder", "middle".getBytes(StandardCharsets.US_ASCII));

        assertRefused(zip.bytes(), "its byte order is 'middle', expected little or big");
    }
}
