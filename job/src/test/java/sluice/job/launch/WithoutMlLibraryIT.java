package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar on a Spark without its ML library, with a table that the library's vectors are in. */
@Tag("slow")
class WithoutMlLibraryIT {
    @TempDir
    private Path directory;

    private static Path vectors() throws URISyntaxException {
        return Path.of(
                WithoutMlLibraryIT.class.getResource("/vectors/vectors.parquet").toURI());
    }

    private static String classPath() {
        String[] jars = Checkout.sparkClassPath().split(File.pathSeparator);
        String without = Arrays.stream(jars)
                .filter(jar -> !jar.contains("spark-mllib"))
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(without.split(File.pathSeparator)).hasSize(jars.length - 2);
        return Checkout.jar() + File.pathSeparator + without;
    }

    private Launch.Ended score(String tokens, String output, String... more) throws URISyntaxException {
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString()));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(List.of(
                "-Xmx512m",
                "-Dlog4j2.configurationFile=" + Checkout.root().resolve("conf/log4j2.properties"),
                "-Dspark.master=local[2]",
                "-cp",
                classPath(),
                "sluice.job.Main",
                "--model",
                Checkout.root()
                        .resolve("cell/src/test/resources/torch/float_l1_h17_in4/model.safetensors")
                        .toString(),
                "--input",
                vectors().toString(),
                "--tokens",
                tokens,
                "--emit",
                "hidden",
                "--output",
                output));
        command.addAll(List.of(more));
        Launch.Ended ended = Launch.start(directory, command, Map.of()).end();
        assertThat(ended.exitCode()).as(ended.toString()).isZero(); // Spark warns about the type that it doesn't know
        return ended;
    }

    @Test
    void vectorsAreReadAsTheStructsThatTheyAreStoredAs() throws IOException, URISyntaxException {
        score("arrays", "arrays", "--set", "input.columns=id");
        Launch.Ended ended = score("tokens", "vectors", "--set", "input.columns=id,last");
        assertThat(ended.out() + ended.err())
                .contains("column 'last' holds vectors of Spark's ML library, which is not on the class path")
                .doesNotContain("column 'tokens'");
        Map<String, String> expected = ParquetRows.bits(directory.resolve("arrays"));
        Map<String, String> scored = ParquetRows.bits(directory.resolve("vectors"));
        assertThat(expected).hasSize(4);
        scored.replaceAll((id, row) -> row.replaceAll("last .*hidden", "hidden"));
        assertThat(scored).isEqualTo(expected);
    }
}
