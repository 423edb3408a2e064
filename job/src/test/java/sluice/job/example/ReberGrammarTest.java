package sluice.job.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReberGrammarTest {
    private static final Path FILE = Path.of(System.getProperty("sluice.root", ".."), "submit/example/strings.jsonl");

    /** The embedded grammar once more, as an expression instead of a walk; F is what may follow where its branches meet. */
    private static final Pattern EMBEDDED =
            Pattern.compile("B([TP])B(?:TS*XF|PT*V(?:PF|V))E\\1E".replace("F", "(?:XT*VP)*(?:S|XT*VV)"));

    @Test
    void theShippedFileIsWhatTheGeneratorMakes() throws IOException {
        assertThat(FILE).hasContent(ReberGrammar.file());
    }

    @ParameterizedTest
    @ValueSource(strings = {"BTBTXSETE", "BPBPVVEPE", "BTBTSSXXTVVETE", "BPBPTTVPXVPSEPE", "BTBPVPXTVPXVVETE"})
    void stringsOfTheLanguageAreAccepted(String text) {
        assertThat(isAccepted(text)).isTrue();
        assertThat(forbidden(text)).isEqualTo(text.length());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "B", "BTBTXSEPE", "BTBTXSET", "BTBTXSETEE", "BTBTVVETE", "BTBPTTTSETE", "TTBTXSETE"})
    void otherStringsAreNot(String text) {
        assertThat(isAccepted(text)).isFalse();
    }

    @Test
    void unchangedStringsAreOfTheLanguageAndChangedOnesBreakItWhereTheFileSays() throws IOException {
        List<JsonNode> strings = shipped();
        for (JsonNode string : strings) {
            String text = string.path("text").asText();
            boolean changed = !string.path("changed").isNull();
            assertThat(isAccepted(text)).as(text).isEqualTo(!changed);
            if (changed) {
                assertThat(forbidden(text))
                        .as(text)
                        .isEqualTo(string.path("forbidden").asInt())
                        .isGreaterThanOrEqualTo(string.path("changed").asInt());
            } else {
                assertThat(string.path("forbidden").isNull()).as(text).isTrue();
            }
        }
    }

    @Test
    void aChangedStringIsOneSymbolFromTheLanguage() throws IOException {
        for (JsonNode string : shipped()) {
            if (!string.path("changed").isNull()) {
                StringBuilder text = new StringBuilder(string.path("text").asText());
                int place = string.path("changed").asInt();
                assertThat(ReberGrammar.SYMBOLS.chars().anyMatch(symbol -> {
                            text.setCharAt(place, (char) symbol);
                            return isAccepted(text);
                        }))
                        .as("%s with another symbol at %d", text, place)
                        .isTrue();
            }
        }
    }

    @Test
    void thereAreAsManyOfEachKindAsTheReadmeSays() throws IOException {
        List<JsonNode> strings = shipped();
        assertThat(strings).hasSize(ReberGrammar.GRAMMATICAL + ReberGrammar.CHANGED);
        assertThat(strings).extracting(string -> string.path("text").asText()).doesNotHaveDuplicates();
        assertThat(strings).extracting(string -> string.path("id").asText()).doesNotHaveDuplicates();
        assertThat(strings)
                .filteredOn(string -> string.path("changed").isNull())
                .hasSize(ReberGrammar.GRAMMATICAL);
        assertThat(strings)
                .filteredOn(string -> string.path("changed").asInt()
                        == string.path("text").asText().length() - 2)
                .hasSizeGreaterThanOrEqualTo(ReberGrammar.OUTER_CHANGED);
    }

    private static boolean isAccepted(CharSequence text) {
        return EMBEDDED.matcher(text).matches();
    }

    /** The place of the first symbol that no string of the language has there, or the length where there is none. */
    private static int forbidden(String text) {
        for (int length = 1; length <= text.length(); length++) {
            Matcher prefix = EMBEDDED.matcher(text.substring(0, length));
            // A match that fails at the end of the text only, and not before, says that more text could have made it
            // succeed.
            if (!prefix.matches() && !prefix.hitEnd()) {
                return length - 1;
            }
        }
        return text.length();
    }

    private static List<JsonNode> shipped() throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> strings = new ArrayList<>();
        for (String line : Files.readAllLines(FILE)) {
            strings.add(json.readTree(line));
        }
        return strings;
    }
}
