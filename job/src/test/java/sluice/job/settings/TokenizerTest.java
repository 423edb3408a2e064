package sluice.job.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TokenizerTest {
    private static Tokenizer splitter(Tokenizer.Kind kind, String pattern) {
        return new Tokenizer(kind, Pattern.compile(pattern));
    }

    @Test
    void whitespaceOfAnyKindAndLengthStandsBetweenWords() {
        Tokenizer splitter = splitter(Tokenizer.Kind.WHITESPACE, "unused");
        assertThat(splitter.split("  login\tview \n  buy ")).containsExactly("login", "view", "buy");
        assertThat(splitter.split(" ")).isEmpty();
        assertThat(splitter.split("")).isEmpty();
    }

    @Test
    void aCharacterIsACodePoint() {
        Tokenizer splitter = splitter(Tokenizer.Kind.CHARACTER, "unused");
        assertThat(splitter.split("a \u00e9\uD83D\uDE00\u6f22"))
                .containsExactly("a", " ", "\u00e9", "\uD83D\uDE00", "\u6f22");
        assertThat(splitter.split("")).isEmpty();
    }

    @Test
    void aPatternStandsBetweenWordsAndEmptyOnesAreLeftOut() {
        Tokenizer splitter = splitter(Tokenizer.Kind.REGEX, "\\s*[,;]\\s*");
        assertThat(splitter.split(",a , b;;c d,")).containsExactly("a", "b", "c d");
        assertThat(splitter.split("")).isEmpty();
    }
}
