package sluice.job.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TokenizerTest {
    private static Tokenizer tokenizer(Tokenizer.Kind kind, String pattern) {
        return new Tokenizer(kind, Pattern.compile(pattern));
    }

    @Test
    void wordsAreSeparatedByWhiteSpaceOfAnyKindAndLength() {
        Tokenizer tokenizer = tokenizer(Tokenizer.Kind.WHITESPACE, "unused");
        assertThat(tokenizer.split("  login\tview \n  buy ")).containsExactly("login", "view", "buy");
        assertThat(tokenizer.split(" ")).isEmpty();
        assertThat(tokenizer.split("")).isEmpty();
    }

    @Test
    void everyCodePointIsAWord() {
        Tokenizer tokenizer = tokenizer(Tokenizer.Kind.CHARACTER, "unused");
        assertThat(tokenizer.split("a \u00e9\uD83D\uDE00\u6f22"))
                .containsExactly("a", " ", "\u00e9", "\uD83D\uDE00", "\u6f22");
        assertThat(tokenizer.split("")).isEmpty();
    }

    @Test
    void wordsAreSeparatedByMatchesOfAPatternAndNeverEmpty() {
        Tokenizer tokenizer = tokenizer(Tokenizer.Kind.REGEX, "\\s*[,;]\\s*");
        assertThat(tokenizer.split(",a , b;;c d,")).containsExactly("a", "b", "c d");
        assertThat(tokenizer.split("")).isEmpty();
    }
}
