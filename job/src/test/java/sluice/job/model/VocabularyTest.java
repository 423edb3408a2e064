package sluice.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyTest {
    @Test
    void idsAreTheOrderOfAList() {
        Vocabulary vocabulary = Vocabulary.of(List.of("login", "", "buy"));
        assertThat(vocabulary.size()).isEqualTo(3);
        assertThat(vocabulary.id("buy")).isEqualTo(2);
        assertThat(vocabulary.id("")).isEqualTo(1);
        assertThat(vocabulary.id("sell")).isNull();
        assertThat(vocabulary.word(0)).isEqualTo("login");
        assertThat(vocabulary.word(3)).isNull();
    }

    @Test
    void aMapMayOmitIds() {
        Vocabulary vocabulary = Vocabulary.of(Map.of("b", 4, "a", 1));
        assertThat(vocabulary.size()).isEqualTo(5);
        assertThat(vocabulary.id("a")).isEqualTo(1);
        assertThat(vocabulary.word(4)).isEqualTo("b");
        assertThat(vocabulary.word(3)).isNull();
    }

    @Test
    void aVocabularyMayBeEmpty() {
        assertThat(Vocabulary.of(Map.of()).size()).isZero();
        assertThat(Vocabulary.of(List.of()).size()).isZero();
    }

    @Test
    void itIsTheSameAfterSerialization() throws Exception {
        Vocabulary vocabulary = Vocabulary.of(List.of("a", "b"));
        assertThat(vocabulary.id("b")).isEqualTo(1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
            stream.writeObject(vocabulary);
        }
        try (ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            Vocabulary arrived = (Vocabulary) stream.readObject();
            assertThat(arrived.id("b")).isEqualTo(1);
            assertThat(arrived.word(0)).isEqualTo("a");
        }
    }

    @Test
    void aRepeatedWordIsRefused() {
        assertThatThrownBy(() -> Vocabulary.of(List.of("a", "b", "a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the word 'a' occurs twice, with ids 0 and 2");
    }

    @Test
    void aRepeatedIdIsRefused() {
        Map<String, Integer> ids = new LinkedHashMap<>();
        ids.put("a", 1);
        ids.put("b", 1);
        assertThatThrownBy(() -> Vocabulary.of(ids))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the words 'a' and 'b' have the same id 1");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, -5, Integer.MIN_VALUE})
    void aNegativeIdIsRefused(int id) {
        assertThatThrownBy(() -> Vocabulary.of(Map.of("a", id)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the word 'a' has the id %d, expected a whole number of 0 or more", id);
    }

    @ParameterizedTest
    @ValueSource(ints = {1_003, 2_000_000_000, Integer.MAX_VALUE})
    void anIdFarLargerThanTheNumberOfWordsIsRefused(int id) {
        assertThatThrownBy(() -> Vocabulary.of(Map.of("a", id)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the largest id is %d, but there are only 1 words", id);
    }
}
