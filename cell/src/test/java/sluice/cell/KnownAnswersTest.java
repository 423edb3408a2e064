package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What was answered before is answered alike, however much of it is still known. */
class KnownAnswersTest {
    private static final int ROUNDS = 20;
    private static final long PLENTY = 1 << 24;

    private static List<Sample> samples() {
        return Samples.everyKind();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theSameBitsHoweverMuchIsKnown(Sample sample) {
        List<Sequence> batch = sample.batch();
        for (OutputAt at : OutputAt.values()) {
            CompiledModel compiled = sample.compile(KernelChoice.AUTO);
            ScoreRequest request = sample.request(at);
            List<ScoredSequence> expected = compiled.scorer(request).score(batch);
            long one = compiled.scorer(request).bytes(batch.get(4).length());
            for (long known : new long[] {1, one, 2 * one, PLENTY}) {
                SequenceScorer scorer = compiled.scorer(request, known);
                Random random = new Random(sample.seed());
                for (int round = 0; round < ROUNDS; round++) {
                    int[] places = random.ints(3, 0, batch.size()).toArray();
                    List<Sequence> some = new ArrayList<>();
                    List<ScoredSequence> answers = new ArrayList<>();
                    for (int place : places) {
                        some.add(batch.get(place));
                        answers.add(expected.get(place));
                    }
                    SameBits.same(sample + " at " + at, scorer.score(some), answers);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void whatIsKnownIsNotComputed(Sample sample) {
        List<Sequence> batch = sample.batch();
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO).scorer(sample.request(OutputAt.LAST), PLENTY);
        scorer.score(batch);
        long once = scorer.computedSteps();
        scorer.score(batch);
        assertThat(scorer.computedSteps() - once)
                .as("those that go on from a state of their own")
                .isEqualTo(batch.stream()
                        .filter(sequence -> sequence.start().isPresent())
                        .mapToLong(Sequence::length)
                        .sum());
    }

    @Test
    void theLastAskedForStay() {
        KnownAnswers known = new KnownAnswers(6, Sequence::length);
        Sequence[] sequences = {
            Sequence.ofTokens(1, 1), Sequence.ofTokens(2, 2), Sequence.ofTokens(3, 3), Sequence.ofTokens(4)
        };
        ScoredSequence answer = new ScoredSequence();
        for (int s = 0; s < 3; s++) {
            known.add(sequences[s], answer);
        }
        assertThat(known.to(Sequence.ofTokens(1, 1))).isSameAs(answer);
        known.add(sequences[3], answer);
        assertThat(known.to(sequences[1]))
                .as("the one that nobody has asked for longest")
                .isNull();
        assertThat(known.to(sequences[0])).isSameAs(answer);
        assertThat(known.to(sequences[2])).isSameAs(answer);
        assertThat(known.to(sequences[3])).isSameAs(answer);
    }

    @Test
    void whatIsTooLargeTakesTheRoomAndIsNotKept() {
        KnownAnswers known = new KnownAnswers(3, Sequence::length);
        Sequence small = Sequence.ofTokens(1);
        Sequence large = Sequence.ofTokens(1, 2, 3, 4);
        known.add(small, new ScoredSequence());
        known.makeRoomFor(Sequence.ofTokens(1, 2, 3));
        assertThat(known.to(small)).isNotNull();
        known.makeRoomFor(large);
        known.add(large, new ScoredSequence());
        assertThat(known.to(small)).isNull();
        assertThat(known.to(large)).isNull();
        known.add(small, new ScoredSequence());
        assertThat(known.to(small)).isNotNull();
    }
}
