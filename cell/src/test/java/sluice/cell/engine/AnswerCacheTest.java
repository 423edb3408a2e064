package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.SameBits;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.answer.Answer;

/** A cached answer has the same bits as a computed one, whatever the size of the cache. */
class AnswerCacheTest {
    private static final int ROUNDS = 20;
    private static final long PLENTY = 1 << 24;
    private static final int THREADS = 4;
    private static final List<OutputKind> PREDICTION = List.of(OutputKind.PREDICTION);

    private static List<Sample> samples() {
        return Samples.everyKind();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void sameBitsAtEveryCacheSize(Sample sample) {
        List<Sequence> batch = sample.batch();
        for (Steps at : Steps.values()) {
            CompiledModel compiled = sample.compile(KernelChoice.AUTO);
            ScoreRequest request = sample.request(at);
            List<ScoredSequence> expected = compiled.scorer(request).score(batch);
            long one = compiled.scorer(request).bytes(batch.get(4));
            for (long cacheBytes : new long[] {1, one, 2 * one, PLENTY}) {
                SequenceScorer scorer = compiled.scorer(compiled.answerCache(request, cacheBytes));
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
    void cachedAnswersAreNotComputedAgain(Sample sample) {
        List<Sequence> batch = sample.batch();
        CompiledModel compiled = sample.compile(KernelChoice.AUTO);
        SequenceScorer scorer = compiled.scorer(compiled.answerCache(sample.request(Steps.LAST), PLENTY));
        scorer.score(batch);
        long once = scorer.computedSteps();
        scorer.score(batch);
        assertThat(scorer.computedSteps() - once)
                .as("steps of the sequences with a start state, which are not cached")
                .isEqualTo(batch.stream()
                        .filter(sequence -> sequence.start().isPresent())
                        .mapToLong(Sequence::length)
                        .sum());
    }

    @Test
    void theLeastRecentlyUsedAnswerIsEvicted() {
        AnswerCache cache = cache(8);
        Sequence[] sequences = {
            Sequence.ofTokens(1, 1), Sequence.ofTokens(2, 2), Sequence.ofTokens(3, 3), Sequence.ofTokens(4)
        };
        Answer answer = new Answer();
        for (int s = 0; s < 3; s++) {
            cache.put(sequences[s], answer);
        }
        assertThat(cache.get(Sequence.ofTokens(1, 1)))
                .as("in the old generation, and read")
                .isSameAs(answer);
        cache.put(sequences[3], answer);
        assertThat(cache.get(sequences[1]))
                .as("in the old generation, and not read")
                .isNull();
        assertThat(cache.get(sequences[0])).isSameAs(answer);
        assertThat(cache.get(sequences[2])).isSameAs(answer);
        assertThat(cache.get(sequences[3])).isSameAs(answer);
    }

    @Test
    void anAnswerIsCountedOnce() {
        AnswerCache cache = cache(8);
        Answer answer = new Answer();
        for (int time = 0; time < 10; time++) {
            cache.put(Sequence.ofTokens(1, 1), answer);
        }
        assertThat(cache.bytes()).isEqualTo(2);
    }

    @Test
    void anAnswerLargerThanTheCacheClearsItAndIsNotAdded() {
        AnswerCache cache = cache(6);
        Sequence small = Sequence.ofTokens(1);
        Sequence large = Sequence.ofTokens(1, 2, 3, 4, 5, 6, 7);
        cache.put(small, new Answer());
        cache.clearIfTooSmallFor(Sequence.ofTokens(1, 2, 3, 4, 5, 6));
        assertThat(cache.get(small)).isNotNull();
        cache.clearIfTooSmallFor(large);
        cache.put(large, new Answer());
        assertThat(cache.get(small)).isNull();
        assertThat(cache.get(large)).isNull();
        assertThat(cache.bytes()).isZero();
        cache.put(small, new Answer());
        assertThat(cache.get(small)).isNotNull();
    }

    private static AnswerCache cache(long mostBytes) {
        return new AnswerCache("a model", new ScoreRequest(Steps.LAST, PREDICTION, 1), Sequence::length, mostBytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 1_000})
    void threadsShareACache(int longest) throws Exception {
        Sample sample = samples().get(0);
        List<Sequence> batch = sample.batch();
        CompiledModel compiled = sample.compile(KernelChoice.AUTO);
        ScoreRequest request = sample.request(Steps.EACH);
        List<ScoredSequence> expected = compiled.scorer(request).score(batch);
        Sequence longestOfAll =
                batch.stream().max(Comparator.comparingInt(Sequence::length)).orElseThrow();
        long mostBytes = longest * compiled.scorer(request).bytes(longestOfAll);
        AnswerCache cache = compiled.answerCache(request, mostBytes);
        List<Callable<Void>> threads = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            Random random = new Random(sample.seed() + thread);
            threads.add(() -> {
                SequenceScorer scorer = compiled.scorer(cache);
                for (int round = 0; round < 10 * ROUNDS; round++) {
                    int[] places = random.ints(3, 0, batch.size()).toArray();
                    SameBits.same(
                            sample + " in several threads",
                            scorer.score(
                                    Arrays.stream(places).mapToObj(batch::get).toList()),
                            Arrays.stream(places).mapToObj(expected::get).toList());
                }
                return null;
            });
        }
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            for (Future<Void> thread : pool.invokeAll(threads)) {
                thread.get();
            }
        } finally {
            pool.shutdown();
        }
        assertThat(cache.bytes()).isPositive().isLessThanOrEqualTo(mostBytes);
    }

    @Test
    void aCacheOfAnotherModelIsRefused() {
        Sample sample = samples().get(0);
        Sample other = samples().get(1);
        ScoreRequest request = sample.request(Steps.LAST);
        AnswerCache cache = sample.compile(KernelChoice.AUTO).answerCache(request, PLENTY);
        CompiledModel compiled = other.compile(KernelChoice.AUTO);
        assertThatThrownBy(() -> compiled.scorer(cache))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a cache of answers of the model %s: expected one of the model %s"
                        .formatted(cache.model(), compiled.model().fingerprint()));
    }
}
