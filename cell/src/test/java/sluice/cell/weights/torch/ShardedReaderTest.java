package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** Models in several safetensors files, valid and invalid, in an in-memory folder. */
@Timeout(60)
class ShardedReaderTest {
    private static final String ONE = "model-00001-of-00002.safetensors";
    private static final String TWO = "model-00002-of-00002.safetensors";
    private static final LstmModel MODEL = Models.stack(new Random(2), 2, false);

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Map<String, String> weightMap = new LinkedHashMap<>();
    private final List<MemoryChannel> opened = new ArrayList<>();

    /** Puts the first tensors into one file and the rest into another. */
    ShardedReaderTest() {
        List<RawTensor> tensors = SafetensorsWriter.tensors(MODEL);
        put(ONE, tensors.subList(0, 4));
        put(TWO, tensors.subList(4, tensors.size()));
    }

    private void put(String file, List<RawTensor> tensors) {
        files.put(file, SafetensorsWriter.bytes(tensors, Map.of("format", "pt")));
        tensors.forEach(tensor -> weightMap.put(tensor.name(), file));
    }

    private byte[] index() throws IOException {
        return new ObjectMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValueAsBytes(Map.of("metadata", Map.of("total_size", 123_456), "weight_map", weightMap));
    }

    private ModelFile read(byte[] index) throws IOException {
        return ModelReader.read(
                "model.safetensors.index.json", new MemoryChannel(index), this::open, TensorNames.automatic());
    }

    private SeekableByteChannel open(String file) throws NoSuchFileException {
        if (!files.containsKey(file)) {
            throw new NoSuchFileException(file);
        }
        MemoryChannel channel = new MemoryChannel(files.get(file));
        opened.add(channel);
        return channel;
    }

    private void assertRefused(String... parts) throws IOException {
        assertRefused(index(), parts);
    }

    private void assertRefused(byte[] index, String... parts) {
        assertThatThrownBy(() -> read(index))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model.safetensors.index.json: ")
                .satisfies(
                        e -> assertThat(parts).allSatisfy(part -> assertThat(e).hasMessageContaining(part)));
        assertThat(opened).allMatch(channel -> !channel.isOpen());
    }

    private void assertTextRefused(String index, String... parts) {
        assertRefused(index.getBytes(StandardCharsets.UTF_8), parts);
    }

    @Test
    void shardedModelEqualsSingleFile() throws IOException {
        ModelFile file = read(index());

        assertThat(file.model().fingerprint()).isEqualTo(MODEL.fingerprint());
        assertThat(file.format()).isEqualTo("safetensors");
        assertThat(file.metadata()).containsOnly(Map.entry("format", "pt"));
        assertThat(file.notes()).contains("the tensors are in 2 files: " + ONE + ", " + TWO);
        assertThat(opened).hasSize(2).allMatch(channel -> !channel.isOpen());
    }

    @Test
    void findsFilesBesideTheIndex(@TempDir Path folder) throws IOException {
        Path index = Files.write(folder.resolve("any.name"), index());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Files.write(folder.resolve(file.getKey()), file.getValue());
        }

        ModelFile file = ModelReader.read(index, TensorNames.automatic());
        assertThat(file.model().fingerprint()).isEqualTo(MODEL.fingerprint());

        Files.delete(folder.resolve(TWO));
        assertThatThrownBy(() -> ModelReader.read(index, TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("any.name: there is no file '" + TWO + "' beside the index");
    }

    @Test
    void compactJson() throws IOException {
        byte[] compact = new ObjectMapper().writeValueAsBytes(Map.of("weight_map", weightMap));

        assertThat(read(compact).model().fingerprint()).isEqualTo(MODEL.fingerprint());
    }

    @Test
    void missingFile() throws IOException {
        files.remove(TWO);

        assertRefused(
                "there is no file '" + TWO + "' beside the index", "copy all files of the model into one directory");
        assertThatThrownBy(() -> ModelReader.read(
                        "index",
                        new MemoryChannel(index()),
                        file -> {
                            throw new FileNotFoundException(file); // as Hadoop file systems report it
                        },
                        TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("there is no file '" + ONE + "' beside the index");
    }

    @Test
    void tensorMissingFromItsFile() throws IOException {
        weightMap.put("embedding.weight", TWO);

        assertRefused("tensor 'embedding.weight' is not in file '" + TWO + "', where the index has it");
    }

    @Test
    void tensorMissingFromAllFiles() throws IOException {
        weightMap.put("extra.weight", ONE);

        assertRefused("tensor 'extra.weight' is not in file '" + ONE + "', where the index has it");
    }

    @Test
    void tensorMissingFromTheIndex() throws IOException {
        weightMap.remove("decoder.bias");

        assertRefused("tensor 'decoder.bias' of file '" + TWO + "' is not in the index");
    }

    @Test
    void tensorInTwoFiles() throws IOException {
        List<RawTensor> tensors = SafetensorsWriter.tensors(MODEL);
        files.put(ONE, SafetensorsWriter.bytes(tensors.subList(0, 5), Map.of()));

        assertRefused("tensor '%s' is in file '%s' as well as in '%s', where the index has it"
                .formatted(tensors.get(4).name(), ONE, TWO));
    }

    @Test
    void tensorTwiceInTheIndex() {
        assertTextRefused("{\"weight_map\": {\"a\": \"%s\", \"a\": \"%s\"}}".formatted(ONE, TWO), "Duplicate", "'a'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../model.safetensors",
                "..",
                ".",
                "",
                "/etc/passwd",
                "shards/one.safetensors",
                "shards\\\\one.safetensors",
                "C:one.safetensors",
                "hdfs://host/one",
                "~",
                "*.safetensors",
                "one\\u0000.safetensors",
                "one safetensors",
                ".hidden"
            })
    void filesInOtherFolders(String file) {
        assertTextRefused(
                "{\"weight_map\": {\"a\": \"%s\"}}".formatted(file),
                "the index has tensor 'a' in file '",
                "expected the name of a file beside it");
        assertThat(opened).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "null", "[\"one\"]", "{\"file\": \"one\"}"})
    void invalidFileNames(String file) {
        assertTextRefused(
                "{\"weight_map\": {\"a\": %s}}".formatted(file),
                "the index gives tensor 'a' a value that is not a string");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"metadata\": {}}", "{\"weight_map\": []}", "{\"weight_map\": \"one\", \"a\": {\"b\": 1}}"})
    void jsonThatIsNotAnIndex(String json) {
        assertTextRefused(json, "this is a JSON text without a 'weight_map' object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"weight_map\": {\"a\"", "{\"weight_map\": {}", "{\"a\": oops}", "{\"weight_map\": {\"a\": \"b"
            })
    void malformedJson(String json) {
        assertTextRefused(json, "the text is not the JSON of a shard index");
    }

    @Test
    void deepNesting() {
        assertTextRefused("{\"a\": " + "[".repeat(100_000), "nesting depth");
    }

    @Test
    void noFilesAndTooManyFiles() {
        assertTextRefused("{\"weight_map\": {}}", "the index names 0 files, expected 1 to 100");
        StringBuilder many = new StringBuilder("{\"weight_map\": {\"t\": \"f\"");
        for (int file = 0; file < 100; file++) {
            many.append(String.format(Locale.ROOT, ", \"t%d\": \"f%d\"", file, file));
        }
        assertTextRefused(many.append("}}").toString(), "the index names 101 files, expected 1 to 100");
    }

    @Test
    void textAfterTheIndex() throws IOException {
        assertTextRefused(
                new String(index(), StandardCharsets.UTF_8) + "{}", "the index has text after its JSON object");
    }

    @Test
    void filesOfOtherFormats() throws IOException {
        files.put(TWO, CheckpointWriter.of(MODEL).bytes());
        assertRefused(
                "file '" + TWO + "': this looks like a PyTorch checkpoint (.pt, .pth), expected a safetensors file");

        files.put(TWO, index()); // an index may not refer to another index
        assertRefused("file '" + TWO + "': this looks like a JSON text");
    }

    @Test
    void damagedFiles() throws IOException {
        files.put(TWO, Arrays.copyOf(files.get(TWO), files.get(TWO).length - 1));

        assertRefused("file '" + TWO + "': the header describes", "the file is cut short");
    }

    @Test
    void truncationAtEveryByte() throws IOException {
        byte[] index = index();
        for (int length = 0; length < index.length; length++) {
            assertRefused(Arrays.copyOf(index, length));
        }
    }

    @Test
    void truncationOfAFileAtEveryByte() throws IOException {
        byte[] whole = files.get(TWO);
        for (int length = 0; length < whole.length; length++) {
            files.put(TWO, Arrays.copyOf(whole, length));
            assertRefused("file '" + TWO + "': ");
        }
    }

    @Test
    void garbageAfterAFile() throws IOException {
        files.put(TWO, Arrays.copyOf(files.get(TWO), files.get(TWO).length + 1));

        assertRefused("file '" + TWO + "': the header describes", "expected the file to end there");
    }

    @Test
    void indexThatNamesItself() throws IOException {
        byte[] index = "{\"weight_map\":{\"a\":\"index\"}}".getBytes(StandardCharsets.UTF_8);
        files.put("index", index);

        assertRefused(index, "file 'index': this looks like a JSON text", "expected a safetensors file");
    }

    @Test
    void anIndexWithoutAFolder() throws IOException {
        byte[] index = index();

        assertThatThrownBy(() -> ModelReader.read("index", new MemoryChannel(index), TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("there is no file '" + ONE + "' beside the index");
    }

    @Test
    void flippedBytesAreReadOrRejected() throws IOException {
        byte[] index = index();
        long seed = System.nanoTime();
        System.out.println("flippedBytesAreReadOrRejected: seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 5_000; round++) {
            byte[] changed = index.clone();
            int at = random.nextInt(changed.length);
            changed[at] = (byte) random.nextInt(256);
            try {
                read(changed).model().verify();
            } catch (ModelException e) {
                assertThat(e).hasMessageStartingWith("model.safetensors.index.json: ");
            } catch (IOException | RuntimeException | Error e) {
                throw new AssertionError(
                        String.format(
                                Locale.ROOT, "seed %d, round %d: byte %d set to %d", seed, round, at, changed[at]),
                        e);
            }
            opened.clear();
        }
    }
}
