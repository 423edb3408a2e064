package sluice.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.cell.weights.ModelFormat;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;
import sluice.job.fixture.ModelFiles;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;

/** Models in several files, read through Hadoop's file system. */
class ModelSourceTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path shard;
    private Path index;

    @BeforeEach
    void oneShard() throws IOException {
        shard = ModelFiles.classifier(folder.resolve("only.safetensors"), 7, 3);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(shard)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) bytes.getLong()];
        bytes.get(header);
        ObjectNode root = JSON.createObjectNode();
        ObjectNode weightMap = root.putObject("weight_map");
        JsonNode tensors = JSON.readTree(header);
        tensors.fieldNames().forEachRemaining(name -> weightMap.put(name, "only.safetensors"));
        index = Files.write(folder.resolve("index.json"), JSON.writeValueAsBytes(root));
    }

    private static ModelFile read(String path) {
        return ModelSource.read(
                new Settings.Model(path, ModelFormat.AUTO, Optional.empty(), Optional.empty(), TensorNames.automatic()),
                new Configuration(false),
                "--model",
                file -> {});
    }

    @Test
    void shardsAreFoundBesideTheIndex() {
        String expected = ModelFiles.read(shard).fingerprint();

        assertThat(read(index.toString()).model().fingerprint()).isEqualTo(expected);
        assertThat(read(index.toUri().toString()).model().fingerprint()).isEqualTo(expected);
    }

    @Test
    void aMissingShardIsRefused() throws IOException {
        Files.delete(shard);

        assertThatThrownBy(() -> read(index.toString()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("index.json: there is no file 'only.safetensors' beside the index");
    }

    @Test
    void aDirectoryInPlaceOfAShardIsRefused() throws IOException {
        Files.delete(shard);
        Files.createDirectory(shard);

        assertThatThrownBy(() -> read(index.toString()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("there is no file 'only.safetensors' beside the index");
    }
}
