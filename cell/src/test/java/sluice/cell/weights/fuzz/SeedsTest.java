package sluice.cell.weights.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The seed files are the output of the writers, and are valid. {@code -Dsluice.write-seeds} writes the files. */
class SeedsTest {
    private static final Path FOLDER = Path.of("src", "test", "resources")
            .resolve(Seeds.class.getPackageName().replace('.', '/'));

    @Test
    void seedFilesAreTheOutputOfTheWriters() throws IOException {
        for (Map.Entry<String, byte[]> seed : Seeds.all().entrySet()) {
            Path file = FOLDER.resolve(seed.getKey());
            if (System.getProperty("sluice.write-seeds") != null) {
                Files.createDirectories(file.getParent());
                Files.write(file, seed.getValue());
            }
            assertThat(file).as("-Dsluice.write-seeds writes it").exists().hasBinaryContent(seed.getValue());
        }
    }

    @Test
    void everySeedIsAValidModel() {
        Seeds.all().forEach((name, seed) -> {
            if (name.contains("/file/") || name.contains("/archive/") || name.contains("/hdf5/")) {
                assertThat(Hostile.read(seed)).as(name).isPresent();
            }
        });
        assertThat(Hostile.read(Seeds.checkpoint().bytes())).isPresent();
    }

    /** A small change of an outline must be a small change of the message. */
    @Test
    void everyOutlineGivesItsMessage() {
        Seeds.all().forEach((name, seed) -> {
            if (name.startsWith("OnnxFuzzTestInputs/fields/")) {
                byte[] file = Seeds.all().get(name.replace("/fields/", "/file/"));
                assertThat(ProtoOutline.message(seed)).as(name).isEqualTo(file);
            }
        });
    }
}
