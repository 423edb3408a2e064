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

/** A format that the user names takes precedence over the first bytes of the file. */
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
    void theNamedFormatAndDetectionReadTheSameFile() throws IOException {
        for (ModelFormat format : new ModelFormat[] {ModelFormat.AUTO, ModelFormat.SAFETENSORS}) {
            assertThat(read(SAFETENSORS, format).format()).isEqualTo("safetensors");
        }
        for (ModelFormat format : new ModelFormat[] {ModelFormat.AUTO, ModelFormat.ONNX}) {
            assertThat(read(ONNX, format).format()).isEqualTo("onnx");
        }
    }

    @Test
    void aWrongFormatIsRejectedByItsReader() {
        assertThatThrownBy(() -> read(SAFETENSORS, ModelFormat.PYTORCH))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model: the zip archive has no directory at its end");
        assertThatThrownBy(() -> read(ONNX, ModelFormat.SAFETENSORS))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("this is not a safetensors file, or it is damaged");
        assertThatThrownBy(() -> read(SAFETENSORS, ModelFormat.ONNX))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("model: ");
    }

    /** The first bytes only select among the variants of the named format. */
    @ParameterizedTest
    @CsvSource({
        "AUTO, GGUF, GGUF", "SAFETENSORS, JSON, JSON", "SAFETENSORS, ONNX, SAFETENSORS", "PYTORCH, ZIP, PYTORCH",
        "PYTORCH, KERAS, PYTORCH", "ONNX, SAFETENSORS, ONNX", "KERAS, HDF5, HDF5", "KERAS, ZIP, KERAS"
    })
    void theContentSelectsAVariantOfTheNamedFormat(ModelFormat named, FileKind content, FileKind expected) {
        assertThat(named.kind(content)).isEqualTo(expected);
    }
}
