package sluice.job.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
    private static final List<String> KEYS = List.of("output.top-k", "output.at", "input.tokens", "input.key");

    @ParameterizedTest
    @CsvSource({
        "output.top-k,  output.top-k",
        "output.topk,   output.top-k",
        "uotput.at,     output.at",
        "inputtokens,   input.tokens",
        "input.keys,    input.key",
        "'',            input.key"
    })
    void theSmallestEditDistanceWins(String name, String nearest) {
        assertThat(Suggestion.to(name, KEYS)).isEqualTo(nearest);
    }

    @Test
    void amongEqualsTheFirstInAlphabeticalOrderWins() {
        assertThat(Suggestion.to("b", List.of("c", "a"))).isEqualTo("a");
        assertThat(Suggestion.to("b", List.of("a", "c"))).isEqualTo("a");
    }
}
