package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import sluice.cell.weights.ZipWriter;

/** Keras: any archive, any configuration or weights in a valid archive, and any HDF5 file. */
class KerasFuzzTest {
    private static final String METADATA = "{\"keras_version\": \"3.1.0\"}";

    @FuzzTest
    @DictionaryEntries({
        "PK\\x03\\x04",
        "PK\\x01\\x02",
        "PK\\x05\\x06",
        "metadata.json",
        "config.json",
        "model.weights.h5"
    })
    void archive(byte[] archive) {
        Hostile.read(archive);
    }

    @FuzzTest
    @DictionaryEntries({
        "\"class_name\":\"Sequential\"",
        "\"class_name\":\"Functional\"",
        "\"class_name\":\"Bidirectional\"",
        "\"class_name\":\"TimeDistributed\"",
        "\"class_name\":\"Activation\"",
        "\"class_name\":\"CuDNNLSTM\"",
        "\"class_name\":\"Dropout\"",
        "\"config\":{",
        "\"layer\":{",
        "\"layers\":[",
        "\"merge_mode\":\"sum\"",
        "\"go_backwards\":true",
        "\"mask_zero\":true",
        "\"return_sequences\":false",
        "\"recurrent_activation\":\"hard_sigmoid\"",
        "\"inbound_nodes\":[",
        "\"output_layers\":[",
        "\"keras_history\":["
    })
    void config(byte[] config) {
        Hostile.read(archive(config, Seeds.kerasWeights()));
    }

    @FuzzTest
    @DictionaryEntries({
        "TREE",
        "SNOD",
        "HEAP",
        "GCOL",
        "OHDR",
        "FRHP",
        "BTHD",
        "layers",
        "vars",
        "cell",
        "lstm",
        "embedding"
    })
    void weights(byte[] weights) {
        Hostile.read(archive(Seeds.kerasConfig(), weights));
    }

    @FuzzTest
    @DictionaryEntries({
        "\\x89HDF\\x0d\\x0a\\x1a\\x0a",
        "TREE",
        "SNOD",
        "HEAP",
        "GCOL",
        "OHDR",
        "FRHP",
        "BTHD",
        "model_config",
        "model_weights",
        "layer_names",
        "weight_names",
        "keras_version"
    })
    void hdf5(byte[] hdf5) {
        Hostile.read(hdf5);
    }

    private static byte[] archive(byte[] config, byte[] weights) {
        return new ZipWriter()
                .with("metadata.json", Bombs.utf8(METADATA))
                .with("config.json", config)
                .with("model.weights.h5", weights)
                .bytes();
    }
}
