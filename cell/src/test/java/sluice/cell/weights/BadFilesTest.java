package sluice.cell.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/**
 * Reads files written by other tools, each damaged in one way. {@code bad-files/manifest.json} describes the damage and
 * the expected result.
 */
class BadFilesTest {
    private static final String EXTENSION = ".safetensors";

    /** Expected parts of the message, by the name of the rejected file. */
    private static final Map<String, List<String>> MESSAGES = Map.of(
            "truncated_header", List.of("claims 528 bytes", "only 264 follow", "cut short"),
            "truncated_data", List.of("describes 3696 bytes of data", "only 3596 follow", "cut short"),
            "header_len_1e9", List.of("claims 1000000000 bytes", "at most 100000000"),
            "header_not_json", List.of("begins with byte 0x93", "expected JSON that begins with '{'"),
            "duplicate_keys", List.of("Duplicate", "'decoder.bias'"),
            "overlapping_offsets",
                    List.of(
                            "tensor 'embedding.weight' begins at byte 0",
                            "'decoder.bias' ends at byte 48",
                            "an overlap"),
            "size_mismatch", List.of("tensor 'decoder.bias'", "shape (13) of F32", "needs 52 bytes", "span 48"),
            "dtype_i32_weights", List.of("tensor 'lstm.weight_hh_l0'", "dtype I32", "expected F32, F16, BF16 or F64"),
            "nan_weight", List.of("tensor 'lstm.weight_hh_l0'", "NaN at index [", "expected finite"),
            "shape_hh_not_square",
                    List.of("tensor 'lstm.weight_hh_l0' has shape (40, 11), expected (4H, H) = (40, 10) with H = 10"));

    private static final String MISSING =
            "tensor 'lstm.weight_hh_l0' is missing, expected one of shape (4H, H) = (40, 10) "
                    + "beside 'lstm.weight_ih_l0'";

    static Stream<String> accepted() throws Exception {
        return files("accept");
    }

    static Stream<String> rejected() throws Exception {
        return files("reject");
    }

    private static Stream<String> files(String expected) throws Exception {
        JsonNode manifest =
                new ObjectMapper().readTree(folder().resolve("manifest.json").toFile());
        List<String> names = manifest.get("files").findParents("file").stream()
                .filter(file -> file.get("expect").asText().equals(expected))
                .map(file -> file.get("file").asText())
                .filter(name -> name.endsWith(EXTENSION))
                .collect(Collectors.toList());
        assertThat(names).isNotEmpty();
        return names.stream();
    }

    private static Path folder() throws URISyntaxException {
        return Path.of(BadFilesTest.class.getResource("/bad-files").toURI());
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void readsValidFiles(String file) throws Exception {
        ModelFile read = ModelReader.read(folder().resolve(file), TensorNames.automatic());

        assertThat(read.format()).isEqualTo("safetensors");
        assertThat(read.model()).hasToString("12 tokens of width 6; LSTM 10; 12 classes");
    }

    @ParameterizedTest
    @MethodSource("rejected")
    void rejectsDamagedFilesAndDescribesTheDamage(String file) {
        String name = file.substring(0, file.length() - EXTENSION.length());
        List<String> parts = new TreeMap<>(MESSAGES).getOrDefault(name, List.of(MISSING));

        assertThatThrownBy(() -> ModelReader.read(folder().resolve(file), TensorNames.automatic()))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContainingAll(parts.toArray(CharSequence[]::new));
    }

    @Test
    void theManifestListsEveryFile() throws Exception {
        List<String> listed = Stream.concat(accepted(), rejected()).sorted().collect(Collectors.toList());

        assertThat(listed).isEqualTo(filesInTheFolder());
    }

    private static List<String> filesInTheFolder() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(EXTENSION))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    @Test
    void aChannelWithShortReadsGivesTheSameModel() throws Exception {
        Path file = folder().resolve("valid_baseline" + EXTENSION);
        LstmModel model = ModelReader.read(file, TensorNames.automatic()).model();

        LstmModel again = ModelReader.read(
                        "again", new MemoryChannel(Files.readAllBytes(file)), TensorNames.automatic())
                .model();

        assertThat(again.fingerprint()).isEqualTo(model.fingerprint());
    }
}
