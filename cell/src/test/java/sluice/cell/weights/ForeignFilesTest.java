package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.LocalFolder;
import sluice.cell.weights.file.TensorNames;

/**
 * Files and directories of other formats, {@code real-models/f_*}: the message says what each is and how to get a file that can
 * be read. None of them is damaged.
 */
class ForeignFilesTest {
    private static final Path RESOURCES = Path.of("src", "test", "resources");
    private static final Path FOLDER = RESOURCES.resolve("real-models");
    private static final String CASES = """
            f_accelerate         | is a directory                       | name its file 'pytorch_model.bin'
            f_binary             | a file of an unknown format          | check the path
            f_bzip2              | compressed by bzip2                  | bunzip2
            f_dcp_file           | torch.distributed.checkpoint         | dcp_to_torch
            f_dcp_metadata       | torch.distributed.checkpoint         | dcp_to_torch
            f_deepspeed          | a checkpoint of DeepSpeed            | python zero_to_fp32.py . OUTPUT
            f_flax               | which Flax writes                    | export the model to ONNX
            f_gguf               | a GGUF file                          | safetensors.torch.save_file
            f_graph_def          | a TensorFlow graph                   | tf2onnx.convert --graphdef
            f_gzip               | compressed by gzip                   | gunzip
            f_gzip_without_time  | compressed by gzip                   | gunzip
            f_html               | an HTML page                         | download the file itself
            f_hugging_face       | a directory of a Hugging Face model  | name its file 'model.safetensors'
            f_hugging_face_config| the config of a Hugging Face model   | 'model.safetensors'
            f_keras_json         | the config of a Keras model          | name the weights file
            f_keras_unpacked     | an unpacked Keras model              | name its file 'model.weights.h5'
            f_lfs                | a Git LFS pointer                    | git lfs pull
            f_mlflow             | an MLflow model                      | 'data/model.pth'
            f_npy                | a NumPy file                         | safetensors.numpy.save_file
            f_npz                | an archive of NumPy arrays           | safetensors.numpy.save_file(dict(numpy.load
            f_onnx_json          | an ONNX model as JSON                | format="json"
            f_onnx_text          | an ONNX model as text                | format="onnxtxt"
            f_onnx_textproto     | an ONNX model as text                | format="textproto"
            f_ort                | an ONNX Runtime model                | pass the .onnx file
            f_pickle             | a Python pickle that torch.save did not write | pickle.load
            f_pickle_module      | a Python pickle of a torch.nn.Module | .state_dict()
            f_pickle_tensors     | a Python pickle that torch.save did not write | pickle.load
            f_saved_model        | a TensorFlow SavedModel              | tf2onnx.convert --saved-model
            f_saved_model_pb     | a TensorFlow SavedModel              | tf2onnx.convert --saved-model
            f_shard              | part 1 of 2                          | name the index 'model.safetensors.index.json'
            f_shard_alone        | part 1 of 2                          | copy all parts and their index
            f_shard_of_checkpoint| part 1 of 2                          | all 2 must be there
            f_shards_of_checkpoints | looks like a PyTorch checkpoint   | joins checkpoints
            f_tar                | a tar archive                        | tar --extract
            f_tar_short_name     | a tar archive                        | tar --extract
            f_tar_torch_0_1      | a tar archive of PyTorch 0.1         | weights_only=False
            f_text               | a text file                          | check the path
            f_tf_checkpoint      | a TensorFlow checkpoint              | tf.train.Checkpoint(model).restore
            f_tf_checkpoint_data | the data of a TensorFlow checkpoint  | tf.train.Checkpoint(model).restore
            f_tf_checkpoint_index| the index of a TensorFlow checkpoint | tf.train.Checkpoint(model).restore
            f_tf_checkpoint_state| the list of checkpoints of TensorFlow| tf.train.Checkpoint(model).restore
            f_tflite             | a TensorFlow Lite model              | model.save("model.keras")
            f_torch_export       | a program of torch.export            | torch.onnx.export(torch.export.load(
            f_torch_legacy       | before version 1.6                   | torch.save(torch.load(
            f_torch_legacy_objects | before version 1.6                 | weights_only=False
            f_torch_prefixed     | 7 bytes before its last zip archive  | expected one archive
            f_torch_unpacked     | an unpacked PyTorch checkpoint       | zip -0 -r packed.pt
            f_torchscript        | a TorchScript archive                | torch.onnx.export(torch.jit.load(
            f_torchscript_frozen | a TorchScript archive                | torch.onnx.export(torch.jit.load(
            f_xml                | an XML text                          | download the file again
            f_xz                 | compressed by xz                     | xz --decompress
            f_yaml_directory     | is a directory                       | set model.path to one
            f_zip_of_model       | a zip archive with the file 'run/model.pt' | unzip it
            """;

    private static Path model(Path folder) {
        try {
            String about = Files.readString(folder.resolve("case.json"));
            return folder.resolve(about.replaceAll("(?s).*?\"model\": \"([^\"]+)\".*", "$1"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = CASES)
    void isNamedWithAWayToAReadableFile(String name, String kind, String remedy) {
        assertThatThrownBy(() -> ModelReader.read(model(FOLDER.resolve(name)), TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(kind, remedy)
                .hasMessageNotContainingAny("damaged", "cut short", "the header claims");
    }

    @Test
    void eachFileHasAMessage() throws IOException {
        try (Stream<Path> folders = Files.list(FOLDER)) {
            List<String> names = folders.map(folder -> folder.getFileName().toString())
                    .filter(name -> name.startsWith("f_"))
                    .sorted()
                    .collect(Collectors.toList());
            assertThat(CASES.lines().map(line -> line.split("\\|")[0].strip()).sorted())
                    .isEqualTo(names);
        }
    }

    /** The name has no say in it. */
    @Test
    void theContentDecides(@TempDir Path folder) throws IOException {
        Path page = folder.resolve("model.safetensors");
        Files.copy(FOLDER.resolve("f_html/model.pt"), page);
        Path sound = folder.resolve("model.html");
        Files.copy(FOLDER.resolve("c_tuple/model.pt"), sound);

        assertThatThrownBy(() -> ModelReader.read(page, TensorNames.automatic()))
                .hasMessageStartingWith("model.safetensors: this looks like an HTML page");
        assertThat(ModelReader.read(sound, TensorNames.automatic()).format()).isEqualTo("PyTorch checkpoint");
    }

    @Test
    void theOnlyPartIsTheWholeModel(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model-00001-of-00001.safetensors");
        Files.copy(RESOURCES.resolve("torch/uni_l1_h3/model.safetensors"), file);

        assertThat(ModelReader.read(file, TensorNames.automatic()).format()).isEqualTo("safetensors");
    }

    /** Each directory names the file that can be read. */
    @Test
    void directoriesNameTheirModelFiles() {
        assertThat(ModelDirectory.describe("d", List.of("a.onnx", "b.txt"), "")).endsWith("; name its file 'a.onnx'");
        assertThat(ModelDirectory.describe("d", List.of("a.onnx", "b.pt"), ""))
                .endsWith("; name one of its files 'a.onnx', 'b.pt'");
        assertThat(ModelDirectory.describe(
                        "d", List.of("m-00001-of-00002.safetensors", "m.safetensors.index.json", "config.json"), ""))
                .endsWith("it is a directory of a Hugging Face model: name its file 'm.safetensors.index.json'");
        assertThat(ModelDirectory.describe("d", List.of("b.txt"), "check --model"))
                .isEqualTo("is a directory, expected a model file; check --model");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch/uni_l1_h3/model.safetensors",
                "torch-onnx/pt_l1_op14/model.onnx",
                "real-models/k_th_clf_keras/model.keras",
                "real-models/f_keras_unpacked/model/model.weights.h5",
                "real-models/f_shard/model.safetensors.index.json"
            })
    void onlyCheckpointsHaveEntries(String name) throws IOException {
        Path file = RESOURCES.resolve(name);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            TensorNames names = TensorNames.automatic();
            assertThat(ModelReader.read("model", channel, LocalFolder.of(file), names)
                            .model())
                    .isNotNull();
            assertThatThrownBy(() -> ModelReader.read("model", channel, LocalFolder.of(file), names.withEntry("net")))
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith("model: model.entry is 'net', but this is ")
                    .hasMessageEndingWith("and only a PyTorch checkpoint has entries; remove the setting");
        }
    }
}
