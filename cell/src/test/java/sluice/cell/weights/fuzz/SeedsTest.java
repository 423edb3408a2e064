package sluice.cell.weights.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The seeds are what the writers make, and are sound; {@code -Dsluice.write-seeds} writes them anew. */
class SeedsTest {
    private static final Path FOLDER = Path.of("src", "test", "resources")
            .resolve(Seeds.class.getPackageName().replace('.', '/'));

    @Test
    void theSeedsOnRecordAreThoseOfTheWriters() throws IOException {
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
    void everySeedIsAModel() {
        Seeds.all().forEach((name, seed) -> {
            if (name.contains("/file/") || name.contains("/archive/") || name.contains("/hdf5/")) {
                assertThat(Hostile.read(seed)).as(name).isPresent();
            }
        });
        assertThat(Hostile.read(Seeds.checkpoint().bytes())).isPresent();
    }

    /** So that an outline that is changed a little is a message that is changed a little. */
    @Test
    void anOutlineIsTheMessage() {
        Seeds.all().forEach((name, seed) -> {
            if (name.startsWith("OnnxFuzzTestInputs/fields/")) {
                byte[] file = Seeds.all().get(name.replace("/fields/", "/file/"));
                assertThat(ProtoOutline.message(seed)).as(name).isEqualTo(file);
            }
        });
    }
}
