package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.docs.DocumentedOutput;

/** {@code submit/example/reber-gates} as a process: what the README shows is what it prints. */
@Tag("launch")
@Tag("slow")
class ReberGatesIT {
    @TempDir
    private Path directory;

    @Test
    void oneUnitKeepsTheSecondSymbolToTheEnd() {
        List<String> command =
                new ArrayList<>(List.of(Checkout.example("reber-gates").toString(), directory.toString()));
        command.addAll(List.of("--master", "local[2]"));
        command.addAll(Launch.smallDriver());
        Launch.Ended ended = Launch.start(directory, command, Map.of()).end().assertScored();
        List<String> said = ended.out().lines().map(String::stripTrailing).toList();
        assertThat(said)
                .contains(
                        "unit 5 of 32 stores the second symbol in the sign of its cell state: negative after a T, positive after a P",
                        "symbol  forget   input    cell        symbol  forget   input    cell",
                        "T  <-     0.81    0.97   -3.00        P  <-     0.32    0.82    1.43");
        assertThat(said)
                .anyMatch(line -> line.matches("steps with the correct sign, % of 16,501 +88\\.9 .*"))
                .anyMatch(line -> line.matches("strings with the correct sign at the end, of 1,000 +1,000 .*"))
                .anyMatch(line -> line.matches("mean of the forget gate, from symbol 3 +0\\.90 .*"));
        assertThat(ended.out()).contains("the sign of unit 5 stays correct from symbol 4 in half of the strings");
        DocumentedOutput.requireReberGates(said);
    }
}
