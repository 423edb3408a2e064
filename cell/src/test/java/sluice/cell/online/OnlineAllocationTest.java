package sluice.cell.online;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.InputColumn;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.Sequence;
import sluice.cell.model.CellVariant;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Readout;

/**
 * A call allocates nothing after its first ones. Only the JIT compiler may leave a few vectors of the vector kernel on the heap: what it
 * inlines depends on what it has compiled before.
 */
class OnlineAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 300;
    private static final long VECTORS = 4_096; // bytes a call, some dozens
    private static final long WARM_UP_NANOS = 60_000_000_000L;
    private static final int CLASSES = 40;
    private static final int HIDDEN = 20; // one whole panel and one partial

    private interface Call {
        void run(int number);
    }

    private static LstmModel model(Optional<Integer> embedding, LstmLayer... layers) {
        Samples samples = new Samples(1);
        return new LstmModel(
                embedding.map(width -> samples.embedding(CLASSES, width)),
                List.of(layers),
                Optional.of(samples.output(CLASSES, layers[layers.length - 1].outputWidth())));
    }

    static Stream<Arguments> models() {
        Samples samples = new Samples(2);
        LstmLayer upper = LstmLayer.of(samples.direction(HIDDEN, HIDDEN));
        LstmModel embedding = model(Optional.of(6), LstmLayer.of(samples.direction(6, HIDDEN)), upper);
        LstmModel projected = model(Optional.of(6), LstmLayer.of(samples.projected(6, HIDDEN, 7)));
        LstmModel variant = model(
                Optional.of(6),
                LstmLayer.of(samples.direction(6, HIDDEN)
                        .with(CellVariant.PLAIN.withClip(2).withPeepholes(samples.peepholes(HIDDEN)))));
        LstmModel oneHot = model(Optional.empty(), LstmLayer.of(samples.direction(CLASSES, HIDDEN)));
        LstmModel numbers = model(Optional.empty(), LstmLayer.of(samples.direction(1, HIDDEN)));
        return Stream.of(KernelChoice.VECTOR, KernelChoice.SCALAR)
                .flatMap(kernel -> Stream.of(
                        Arguments.of("an embedding", embedding, InputKind.EMBEDDING, kernel),
                        Arguments.of("a projection", projected, InputKind.EMBEDDING, kernel),
                        Arguments.of("a variant", variant, InputKind.EMBEDDING, kernel),
                        Arguments.of("one-hot tokens", oneHot, InputKind.ONE_HOT, kernel),
                        Arguments.of("numbers", numbers, InputKind.FEATURES, kernel)));
    }

    @ParameterizedTest(name = "{0}, {3}")
    @MethodSource("models")
    void tokensAllocateNothing(String name, LstmModel model, InputKind input, KernelChoice kernel) {
        Scorer scorer = Scorer.of(model, input, kernel);
        Session session = scorer.session();
        float[] result = new float[CLASSES];
        int[] classes = new int[3];
        int[] tokens = {1, 5, 0, 39};

        allocatesNothing(kernel, "score", call -> {
            tokens[0] = call % CLASSES;
            scorer.score(tokens, OutputKind.SOFTMAX, result);
        });
        allocatesNothing(kernel, "push", call -> session.push(call % CLASSES));
        allocatesNothing(kernel, "push and answer", call -> {
            session.push(call % CLASSES);
            session.answer(OutputKind.SIGMOID, result);
            session.answer(OutputKind.LOGITS, result);
            session.answer(OutputKind.HIDDEN, result);
        });
        allocatesNothing(kernel, "top", call -> session.topK(classes, result));
        allocatesNothing(
                kernel,
                "likelihood",
                call -> result[session.rank(call % CLASSES) - 1] = (float) session.logProbability(call % CLASSES));
    }

    @ParameterizedTest(name = "{0}, {3}")
    @MethodSource("sequences")
    void sequencesAllocateNothing(String name, Scorer scorer, Sequence sequence, KernelChoice kernel) {
        Session session = scorer.session();
        float[] result = new float[CLASSES];
        int[] classes = new int[3];

        allocatesNothing(kernel, "score", call -> scorer.score(sequence, OutputKind.SOFTMAX, result));
        allocatesNothing(kernel, "top", call -> scorer.topK(sequence, classes, result));
        allocatesNothing(kernel, "push", call -> session.push(sequence));
    }

    static Stream<Arguments> sequences() {
        Samples samples = new Samples(3);
        LstmModel features = model(Optional.empty(), LstmLayer.of(samples.direction(3, HIDDEN)))
                .withMask(0);
        LstmModel parts = LstmModel.ofParts(
                List.of(
                        InputPart.tokens("item", samples.embedding(CLASSES, 4).withPadding(0)),
                        InputPart.tokens("shop", samples.embedding(9, 2)),
                        InputPart.numbers("amount", 2)),
                List.of(LstmLayer.of(samples.direction(8, HIDDEN))),
                Optional.of(samples.output(CLASSES, HIDDEN)),
                Readout.LAST_STEP);
        Sequence columns = Sequence.ofColumns(
                2,
                List.of(
                        InputColumn.ofTokens(1, 2),
                        InputColumn.ofTokens(8, 0),
                        InputColumn.ofNumbers(samples.floats(4, 1))));
        return Stream.of(KernelChoice.VECTOR, KernelChoice.SCALAR)
                .flatMap(kernel -> Stream.of(
                        Arguments.of(
                                "features",
                                Scorer.of(features, InputKind.FEATURES, kernel),
                                Sequence.ofFeatures(2, samples.floats(6, 1)),
                                kernel),
                        Arguments.of("several inputs", Scorer.of(parts, InputKind.PARTS, kernel), columns, kernel)));
    }

    /** Each new stretch of calls may be the first that is compiled; there must be one in time that allocates no more. */
    private static void allocatesNothing(KernelChoice kernel, String what, Call call) {
        long end = System.nanoTime() + WARM_UP_NANOS;
        long most = kernel == KernelChoice.SCALAR ? 0 : CALLS * VECTORS;
        long bytes = Long.MAX_VALUE;
        while (bytes > most && System.nanoTime() < end) {
            bytes = allocated(call);
        }
        assertThat(bytes).as("bytes that %d calls of %s allocate", CALLS, what).isLessThanOrEqualTo(most);
    }

    private static long allocated(Call call) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int number = 0; number < CALLS; number++) {
            call.run(number);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** The test measures what it says: a model that reads backward does allocate. */
    @ParameterizedTest
    @MethodSource("backward")
    void aModelThatReadsBackwardAllocates(Scorer scorer) {
        float[] result = new float[CLASSES];
        assertThat(allocated(call -> scorer.score(new int[] {1, 2}, OutputKind.SOFTMAX, result)))
                .isGreaterThan(CALLS * 2L * HIDDEN * Float.BYTES);
    }

    static Stream<Scorer> backward() {
        Sample sample = new Samples(4).languageModel(CLASSES, 6, HIDDEN);
        Samples samples = new Samples(5);
        LstmModel model = new LstmModel(
                sample.model().embedding(),
                List.of(LstmLayer.bidirectional(
                        samples.direction(6, HIDDEN),
                        samples.direction(6, HIDDEN).backward())),
                Optional.of(samples.output(CLASSES, 2 * HIDDEN)));
        return Stream.of(Scorer.of(model, InputKind.EMBEDDING, KernelChoice.AUTO));
    }
}
