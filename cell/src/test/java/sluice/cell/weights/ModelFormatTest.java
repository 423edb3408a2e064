package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.LocalFolder;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** The user's word on a file's format wins over what its first bytes look like. */
class ModelFormatTest {
    private static final Path RESOURCES = Path.of("src", "test", "resources");
    private static final Path SAFETENSORS = RESOURCES.resolve("torch/uni_l1_h3/model.safetensors");
    private static final Path ONNX = RESOURCES.resolve("torch-onnx/pt_l1_op14/model.onnx");

    private static ModelFile read(Path file, ModelFormat format) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return ModelReader.read("model", channel, LocalFolder.of(file), TensorNames.automatic(), format);
        }
    }

    @Test
    void theRightOneReadsWhatTheContentTellsToo() throws IOException {
        for (ModelFormat format : new ModelFormat[] {ModelFormat.AUTO, ModelFormat.SAFETENSORS}) {
            assertThat(read(SAFETENSORS, format).format()).isEqualTo("safetensors");
        }
        for (ModelFormat format : new ModelFormat[] {ModelFormat.AUTO, ModelFormat.ONNX}) {
            assertThat(read(ONNX, format).format()).isEqualTo("onnx");
        }
    }

    @Test
    void aWrongOneSaysWhatItMisses() {
        assertThatThrownBy(() -> read(SAFETENSORS, ModelFormat.PYTORCH))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model: the zip archive has no directory at its end");
        assertThatThrownBy(() -> read(ONNX, ModelFormat.SAFETENSORS))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("this is no safetensors file, or a damaged one");
        assertThatThrownBy(() -> read(SAFETENSORS, ModelFormat.ONNX))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model: ");
    }

    /** What one format may be: the first bytes choose between its forms, and nothing else. */
    @ParameterizedTest
    @CsvSource({
        "AUTO, GGUF, GGUF", "SAFETENSORS, JSON, JSON", "SAFETENSORS, ONNX, SAFETENSORS", "PYTORCH, ZIP, PYTORCH",
        "PYTORCH, KERAS, PYTORCH", "ONNX, SAFETENSORS, ONNX", "KERAS, HDF5, HDF5", "KERAS, ZIP, KERAS"
    })
    void theContentDecidesBetweenFormsOfOneFormat(ModelFormat named, FileKind content, FileKind read) {
        assertThat(named.kind(content)).isEqualTo(read);
    }
}
