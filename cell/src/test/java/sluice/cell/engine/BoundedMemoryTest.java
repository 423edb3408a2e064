package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/**
 * Scoring a batch of any shape allocates at most the estimate of {@link SequenceScorer#bytes}, plus scratch of a fixed size. Jobs size
 * their batches by that estimate.
 */
class BoundedMemoryTest {
    private static final int VOCABULARY = 50;
    private static final int HIDDEN = 8;
    private static final int MANY = 1_000_000;
    private static final long SCRATCH = 32L << 20;
    private static final int RUNS = 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final CompiledModel COMPILED =
            CompiledModel.compile(model(), InputKind.EMBEDDING, KernelChoice.AUTO);

    private static LstmModel model() {
        Samples samples = new Samples(1);
        return new LstmModel(
                Optional.of(samples.embedding(VOCABULARY, 4)),
                List.of(LstmLayer.of(samples.direction(4, HIDDEN)), LstmLayer.of(samples.direction(HIDDEN, HIDDEN))),
                Optional.empty());
    }

    private static int[] tokens(int seed, int length) {
        return new Samples(seed).tokens(length, VOCABULARY);
    }

    private static Stream<Arguments> batches() {
        return Stream.of(
                Arguments.of("one sequence of a million tokens", List.of(Sequence.ofTokens(tokens(2, MANY)))),
                Arguments.of("a million sequences of one token", sequences(MANY, 1)),
                Arguments.of("all equal", Collections.nCopies(MANY / 10, Sequence.ofTokens(tokens(3, 10)))),
                Arguments.of("all different", sequences(MANY / 20, 20)));
    }

    private static List<Sequence> sequences(int count, int length) {
        int[] all = tokens(4, count * length);
        return IntStream.range(0, count)
                .mapToObj(s -> Sequence.ofTokens(Arrays.copyOfRange(all, s * length, (s + 1) * length)))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("batches")
    void allocatesAtMostTheEstimate(String name, List<Sequence> batch) {
        SequenceScorer scorer = COMPILED.scorer(new ScoreRequest(Steps.LAST, Set.of(OutputKind.HIDDEN), 1));
        long said = batch.stream().mapToLong(sequence -> scorer.bytes(sequence)).sum();

        long least =
                Long.MAX_VALUE; // the smallest of several runs: until the JIT has compiled the kernel, vectors are heap
        // objects
        for (int run = 0; run < RUNS && least >= said + SCRATCH; run++) {
            least = Math.min(least, allocated(scorer, batch));
        }

        assertThat(least)
                .as(String.format(Locale.ROOT, "%s, estimated at %d bytes", name, said))
                .isLessThan(said + SCRATCH);
    }

    /** Gates are kept for one level in a forward model, and for all steps in a bidirectional one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gatesTakeAtMostTheEstimate(boolean bidirectional) {
        Samples samples = new Samples(5);
        LstmDirection forward = samples.direction(4, HIDDEN);
        LstmLayer layer = bidirectional
                ? LstmLayer.bidirectional(forward, samples.direction(4, HIDDEN).backward())
                : LstmLayer.of(forward);
        LstmModel model =
                new LstmModel(Optional.of(samples.embedding(VOCABULARY, 4)), List.of(layer), Optional.empty());
        SequenceScorer scorer = CompiledModel.compile(model, InputKind.EMBEDDING, KernelChoice.AUTO)
                .scorer(new ScoreRequest(Steps.EACH, Set.of(OutputKind.GATES), 1));
        List<Sequence> batch = sequences(MANY / 100, 20);
        long said = batch.stream().mapToLong(sequence -> scorer.bytes(sequence)).sum();

        long least = Long.MAX_VALUE;
        for (int run = 0; run < RUNS && least >= said + SCRATCH; run++) {
            least = Math.min(least, allocated(scorer, batch));
        }

        assertThat(least).isLessThan(said + SCRATCH);
    }

    @Test
    void aStepInTheMiddleAllocatesNothing() {
        SequenceScorer scorer = COMPILED.scorer(new ScoreRequest(Steps.LAST, Set.of(OutputKind.HIDDEN), 1));
        long perToken = 12; // bytes: the token, its place in the order, and less than one more number
        long longer = Long.MAX_VALUE;
        for (int run = 0; run < RUNS && longer >= MANY / 10 * perToken; run++) {
            longer = Math.min(longer, allocated(scorer, one(MANY / 5)) - allocated(scorer, one(MANY / 10)));
        }

        assertThat(longer).isLessThan(MANY / 10 * perToken);
    }

    private static List<Sequence> one(int length) {
        return List.of(Sequence.ofTokens(tokens(6, length)));
    }

    private static long allocated(SequenceScorer scorer, List<Sequence> batch) {
        long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThat(scorer.score(batch)).hasSameSizeAs(batch);
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    }
}
