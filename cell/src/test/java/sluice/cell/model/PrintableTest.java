package sluice.cell.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void controlCharactersAreEscaped() {
        assertThat(Printable.of("a\nb\u001b[31m\u202e")).isEqualTo("a\\u000ab\\u001b[31m\\u202e");
        assertThat(new ModelException("tensor 'a\r'")).hasMessage("tensor 'a\\u000d'");
    }

    @Test
    void otherTextIsUnchanged() {
        assertThat(Printable.of("fc.weight \u00e9\ud83d\ude00")).isEqualTo("fc.weight \u00e9\ud83d\ude00");
    }
}
