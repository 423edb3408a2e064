package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NamedInput;
import sluice.cell.weights.file.TensorNames;

class ModelReaderTest {
    private static final TensorNames AUTOMATIC = TensorNames.automatic();

    static Stream<Path> torchCases() throws Exception {
        Path folder = Path.of(ModelReaderTest.class.getResource("/torch").toURI());
        try (Stream<Path> cases = Files.list(folder)) {
            return cases.sorted().collect(Collectors.toList()).stream();
        }
    }

    @ParameterizedTest
    @MethodSource("torchCases")
    void readsFilesSavedByPyTorch(Path folder) throws IOException {
        JsonNode config = new ObjectMapper()
                .readTree(folder.resolve("case.json").toFile())
                .get("config");
        int hidden = config.get("hidden_size").asInt();
        int projection = config.get("proj_size").asInt();
        int directions = config.get("bidirectional").asBoolean() ? 2 : 1;

        LstmModel model =
                ModelReader.read(folder.resolve("model.safetensors"), AUTOMATIC).model();

        assertThat(model.layers()).hasSize(config.get("num_layers").asInt());
        assertThat(model.directions()).allMatch(direction -> direction.hiddenWidth() == hidden);
        assertThat(model.outputWidth()).isEqualTo(directions * (projection == 0 ? hidden : projection));
        assertThat(model.inputWidth()).isEqualTo(config.get("input_size").asInt());
        assertThat(model.embedding().isPresent())
                .isEqualTo(config.get("input").asText().equals("tokens"));
        assertThat(model.output().orElseThrow().classes())
                .isEqualTo(config.get("vocab").asInt());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "47475546030000002300000000000000|a GGUF file|save_file",
                "934e554d5059010076007b2764657363|a NumPy file|save_file",
                "76657273696f6e2068747470733a2f2f6769742d6c66732e|a Git LFS pointer|git lfs pull",
            })
    void unsupportedFormatsAreRejectedByName(String start, String looksLike, String remedy) {
        byte[] file = HexFormat.of().parseHex(start);

        assertThatThrownBy(() -> ModelReader.read("weights", new MemoryChannel(file), AUTOMATIC))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("weights: this looks like " + looksLike)
                .hasMessageContaining(
                        "expected a safetensors file, a PyTorch checkpoint, an ONNX model or a Keras model")
                .hasMessageContaining(remedy);
    }

    @Test
    void checkpointsFromBeforeTheZipFormatAreRejectedWithAWayToConvertThem() {
        byte[] file = HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e80");

        assertThatThrownBy(() -> ModelReader.read("old.pth", new MemoryChannel(file), AUTOMATIC))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(
                        "old.pth: this looks like a bare Python pickle, the checkpoint format of PyTorch before")
                .hasMessageContaining("torch.save(torch.load(");
    }

    @Test
    void otherZipArchivesAreRejected() {
        byte[] file = new ZipWriter().with("word/document.xml", new byte[9]).bytes();

        assertThatThrownBy(() -> ModelReader.read("letter.docx", new MemoryChannel(file), AUTOMATIC))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("letter.docx: this is a zip archive with no 'data.pkl' in its folder")
                .hasMessageContaining("torch.save(model.state_dict()");
    }

    @Test
    void aHeaderLengthWithTheBytesOfAZipSignatureIsAHeaderLength() {
        byte[] file = new byte[20];
        System.arraycopy("PK\3\4".getBytes(StandardCharsets.ISO_8859_1), 0, file, 0, 4);

        assertThatThrownBy(() -> ModelReader.read("weights", new MemoryChannel(file), AUTOMATIC))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("weights: the header claims 67324752 bytes, but only 12 follow");
    }

    @Test
    void aMissingFileIsAnIoException(@TempDir Path folder) {
        assertThatThrownBy(() -> ModelReader.read(folder.resolve("nothing"), AUTOMATIC))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("nothing");
    }

    @Test
    void messagesBeginWithTheFileName(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("empty.safetensors"), new byte[0]);

        assertThatThrownBy(() -> ModelReader.read(file, AUTOMATIC))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("empty.safetensors: the file has 0 bytes");
    }

    @Test
    void tensorNamesAreSerializable() throws IOException, ClassNotFoundException {
        TensorNames names = AUTOMATIC
                .withEmbedding("a")
                .withOutput("none")
                .withLstm("rnn.")
                .withIgnored(List.of("teacher."))
                .withEntry("net")
                .withInputs(List.of(NamedInput.parse("item=emb.weight"), NamedInput.parse("amount")));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(names);
        }

        TensorNames read;
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            read = (TensorNames) in.readObject();
        }

        assertThat(read).isEqualTo(names);
    }

    /** A cache would return the model that was read by other names. */
    @Test
    void eachTensorNameMakesADifference() throws ReflectiveOperationException {
        int settings = 0;
        for (Method method : TensorNames.class.getMethods()) {
            if (method.getName().startsWith("with")) {
                Object list = method.getName().equals("withInputs") ? List.of(NamedInput.parse("a")) : List.of("a");
                Object value = method.getParameterTypes()[0] == String.class ? "a" : list;
                assertThat(method.invoke(AUTOMATIC, value)).as(method.getName()).isNotEqualTo(AUTOMATIC);
                settings++;
            }
        }
        assertThat(settings).isGreaterThan(4);
        assertThat(AUTOMATIC.withEmbedding("a")).isNotEqualTo(AUTOMATIC.withOutput("a"));
    }
}
