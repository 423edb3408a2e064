package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SplitterTest {
    private static Splitter splitter(Splitter.Kind kind, String pattern) {
        return new Splitter(kind, Pattern.compile(pattern));
    }

    @Test
    void whitespaceOfAnyKindAndLengthStandsBetweenWords() {
        Splitter splitter = splitter(Splitter.Kind.WHITESPACE, "unused");
        assertThat(splitter.split("  login\tview \n  buy ")).containsExactly("login", "view", "buy");
        assertThat(splitter.split(" ")).isEmpty();
        assertThat(splitter.split("")).isEmpty();
    }

    @Test
    void aCharacterIsACodePoint() {
        Splitter splitter = splitter(Splitter.Kind.CHARACTER, "unused");
        assertThat(splitter.split("a \u00e9\uD83D\uDE00\u6f22"))
                .containsExactly("a", " ", "\u00e9", "\uD83D\uDE00", "\u6f22");
        assertThat(splitter.split("")).isEmpty();
    }

    @Test
    void aPatternStandsBetweenWordsAndEmptyOnesAreLeftOut() {
        Splitter splitter = splitter(Splitter.Kind.REGEX, "\\s*[,;]\\s*");
        assertThat(splitter.split(",a , b;;c d,")).containsExactly("a", "b", "c d");
        assertThat(splitter.split("")).isEmpty();
    }
}
