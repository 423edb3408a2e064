package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same jar on other versions of Spark, as a user has them: behind {@code SPARK_HOME}. */
@Tag("launch")
@Tag("slow")
class SparkVersionsIT {
    /** A Spark that is submitted to says all that it does. */
    private static final List<String> QUIET = List.of(
            "--driver-java-options",
            "-XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=%s"
                    .formatted(Checkout.root().resolve("conf/log4j2.properties")));

    @TempDir
    private Path directory;

    /** Those that are asked for, or else those that {@code .ci/spark} has laid out already. */
    private static List<String> versions() throws IOException {
        String asked = System.getProperty("sluice.sparks", "");
        if (!asked.isBlank()) {
            return List.of(asked.split(","));
        }
        Path laidOut = Checkout.target("sparks");
        if (!Files.isDirectory(laidOut)) {
            return List.of();
        }
        try (Stream<Path> homes = Files.list(laidOut)) {
            return homes.map(home -> home.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theSameJarGivesTheSameBitsOnEachVersion() throws IOException {
        List<String> versions = versions();
        assumeTrue(!versions.isEmpty(), "no other Spark was asked for: -Dsparks=4.0.0,4.1.3 does, with or without -o");
        Launch.local(directory, example("own").toArray(String[]::new)).end().assertScored();
        Map<String, String> expected = ParquetRows.bits(directory.resolve("own"));
        assertThat(expected).hasSize(1_200);
        String described = submit(Map.of(), "--describe", keras()).out();
        for (String version : versions) {
            Path home = SparkHome.of(version, directory);
            assertThat(SparkLinkage.missing(Checkout.jar(), home, "sluice/cell/", Set.of("breeze/")))
                    .as("what the engine names, and Spark %s hasn't", version)
                    .isEmpty();
            assertThat(SparkLinkage.missing(
                            Checkout.jar(),
                            home,
                            "sluice/job/",
                            Set.of("org/apache/spark/ml/", "org/apache/spark/mllib/")))
                    .as("what the job names, and Spark %s hasn't", version)
                    .isEmpty();

            List<String> options = new ArrayList<>(List.of("--master", "local[2]", "--driver-memory", "512m"));
            options.addAll(example(version));
            submit(Map.of("SPARK_HOME", home.toString()), options.toArray(String[]::new));
            Path output = directory.resolve(version);
            assertThat(ParquetRows.writer(output)).isEqualTo(version);
            assertThat(ParquetRows.bits(output)).as("on Spark %s", version).isEqualTo(expected);
            assertThat(submit(Map.of("SPARK_HOME", home.toString()), "--describe", keras())
                            .out())
                    .as("a model that is read with Spark's libraries, by those of %s", version)
                    .isEqualTo(described);
        }
    }

    private static List<String> example(String output) {
        return List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--emit", "softmax,loglik,logprob,rank,hidden",
                "--output", output);
    }

    private static String keras() {
        return Checkout.kerasModel("keras_bi_l2/model_legacy.h5").toString();
    }

    private Launch.Ended submit(Map<String, String> environment, String... options) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString()));
        command.addAll(QUIET);
        command.addAll(List.of(options));
        return Launch.start(directory, command, environment).end().assertScored();
    }
}
