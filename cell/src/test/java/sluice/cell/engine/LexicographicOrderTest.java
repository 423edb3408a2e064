package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.Sequence;

/** The order of a batch against a sort that compares whole sequences. */
class LexicographicOrderTest {
    /** By start state, then by {@link Arrays#compare}; the library's sort is stable. */
    private static int[] expected(List<Sequence> sequences, int[] starts) {
        return IntStream.range(0, starts.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(s -> starts[s])
                        .thenComparing(s -> sequences.get(s).tokens(), Arrays::compare))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static void agrees(List<Sequence> sequences, int[] starts) {
        assertThat(LexicographicOrder.of(sequences, starts)).isEqualTo(expected(sequences, starts));
    }

    /** A small vocabulary and few lengths make many ties, prefixes and duplicates. With the largest token, a key holds one token. */
    @ParameterizedTest
    @CsvSource({"1, 40, 1", "2, 12, 1", "2, 70, 3", "29, 40, 2", "10000, 6, 1", "2147483647, 5, 2"})
    void randomSequences(int vocabulary, int longest, int states) {
        Random random = new Random(vocabulary + longest);
        for (int count : new int[] {0, 1, 2, 3, 100, 1000}) {
            List<Sequence> sequences = IntStream.range(0, count)
                    .mapToObj(s -> Sequence.ofTokens(random.ints(random.nextInt(longest + 1), 0, vocabulary)
                            .toArray()))
                    .toList();
            agrees(sequences, random.ints(count, 0, states).toArray());
        }
    }

    /** Numbers that a model reads as features may be negative; the largest range leaves one token to a key. */
    @ParameterizedTest
    @CsvSource({"-3, 3", "-2147483648, 2147483647", "-2147483648, 0"})
    void numbersBelowZero(int least, int most) {
        Random random = new Random(least);
        List<Sequence> sequences = IntStream.range(0, 1000)
                .mapToObj(s -> Sequence.ofNumbers(
                        random.ints(random.nextInt(9), least, most).toArray()))
                .toList();
        agrees(sequences, new int[1000]);
    }

    @Test
    void prefixesOfOneLongSequence() {
        List<Sequence> sequences = IntStream.range(0, 500)
                .mapToObj(s -> Sequence.ofTokens(new int[(s * 37) % 500]))
                .toList();
        agrees(sequences, new int[500]);
    }

    @Test
    void longDuplicates() {
        int[] tokens = new Random(1).ints(1_000_000, 0, 5).toArray();
        int[] other = tokens.clone();
        other[other.length - 1]++;
        agrees(
                List.of(Sequence.ofTokens(other), Sequence.ofTokens(tokens), Sequence.ofTokens(tokens.clone())),
                new int[3]);
    }
}
