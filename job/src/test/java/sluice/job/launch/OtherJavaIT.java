package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example on two versions of Java: the same bits. */
@Tag("launch")
@Tag("slow")
class OtherJavaIT {
    @TempDir
    private Path directory;

    @Test
    void theSameBitsOnAnotherJava() throws IOException {
        Optional<Jdk> other = Jdk.other();
        assumeTrue(
                other.isPresent(),
                "no second JDK, 17 or later, beside the one that runs the tests: -Dother.jdk=/path/to/its/home names one");
        score("own", Map.of());
        score("other", Map.of("JAVA_HOME", other.get().home().toString()));
        assertThat(ParquetRows.bits(directory.resolve("other")))
                .as(
                        "on Java %d and %d",
                        Runtime.version().feature(), other.get().version())
                .hasSize(1_200)
                .isEqualTo(ParquetRows.bits(directory.resolve("own")));
    }

    private void score(String output, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        command.addAll(Launch.smallDriver());
        command.addAll(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--emit", "softmax,loglik,logprob,rank,hidden",
                "--output", output));
        Launch.start(directory, command, environment).end().assertScored();
    }
}
