package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** What is inside of sluice.jar: our own classes and three small libraries, and nothing that Spark has too. */
class ApplicationJarIT {
    private static List<String> entries() throws IOException {
        try (JarFile jar = new JarFile(Checkout.jar().toFile())) {
            return jar.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(JarEntry::getName)
                    .toList();
        }
    }

    @Test
    void allClassesAreUnderOurName() throws IOException {
        List<String> entries = entries();

        assertThat(entries).filteredOn(name -> name.endsWith(".class")).allMatch(name -> name.startsWith("sluice/"));
        assertThat(entries)
                .contains(
                        "sluice/shaded/config/Config.class",
                        "sluice/shaded/jhdf/ObjectHeader.class",
                        "sluice/shaded/picocli/CommandLine.class",
                        "META-INF/licenses/jhdf.txt");
        assertThat(entries).doesNotContain("LICENSE", "CHANGES.md", "simplelogger.properties");
    }

    /** The HDF5 library finds in Spark's jars, and under its new name, all that reading a model needs. */
    @Test
    void kerasModelsAreReadWithSparksLibraries() throws Exception {
        List<URL> jars = new ArrayList<>(List.of(url(Checkout.jar())));
        for (String jar : Checkout.sparkClassPath().split(File.pathSeparator, -1)) {
            jars.add(url(Path.of(jar)));
        }
        try (URLClassLoader loader =
                new URLClassLoader(jars.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> names = loader.loadClass("sluice.cell.weights.file.TensorNames");
            Object file = loader.loadClass("sluice.cell.weights.ModelReader")
                    .getMethod("read", Path.class, names)
                    .invoke(
                            null,
                            Checkout.kerasModel("keras_bi_l2/model_legacy.h5"),
                            names.getMethod("automatic").invoke(null));
            Object model = file.getClass().getMethod("model").invoke(file);

            assertThat(model).hasToString("20 tokens of width 8; LSTM 10 + 10 backward, 10 + 10 backward; 20 classes");
        }
    }

    private static URL url(Path jar) throws MalformedURLException {
        return jar.toUri().toURL();
    }
}
