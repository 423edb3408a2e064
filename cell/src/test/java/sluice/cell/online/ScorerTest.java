package sluice.cell.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.SameBits;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;

/** A scorer of a service has the bits of the scorer of batches, for every kind of model, and says what it cannot score. */
class ScorerTest {
    private static final Path REBER = Path.of("../submit/example/reber.safetensors");
    private static final Set<OutputKind> VECTORS =
            EnumSet.of(OutputKind.SOFTMAX, OutputKind.LOGITS, OutputKind.SIGMOID, OutputKind.HIDDEN, OutputKind.CELL);

    static List<Sample> samples() {
        return Samples.everyKind();
    }

    private static Scorer scorer(Sample sample, KernelChoice kernel) {
        return Scorer.of(sample.model(), sample.input(), kernel);
    }

    private static Set<OutputKind> vectors(Sample sample) {
        Set<OutputKind> kinds = EnumSet.copyOf(sample.emissions(Steps.LAST));
        kinds.retainAll(VECTORS);
        return kinds;
    }

    /** A result of a call, with numbers after it that must stay as they are. */
    private static float[] result(Scorer scorer, OutputKind kind, Consumer<float[]> call) {
        int width = scorer.width(kind);
        float[] result = new float[width + 1];
        Arrays.fill(result, 7);
        call.accept(result);
        assertThat(result[width]).isEqualTo(7);
        return Arrays.copyOf(result, width);
    }

    private static void same(String what, float[] actual, float[] expected) {
        SameBits.same(what, new float[][] {actual}, new float[][] {expected});
    }

    @ParameterizedTest
    @MethodSource("samples")
    void aWholeSequenceHasTheBitsOfTheBatch(Sample sample) {
        List<Sequence> batch = sample.batch();
        for (KernelChoice kernel : List.of(KernelChoice.SCALAR, KernelChoice.VECTOR)) {
            Scorer scorer = scorer(sample, kernel);
            List<ScoredSequence> expected = sample.scorer(kernel, Steps.LAST).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                Sequence sequence = batch.get(s);
                String what = sample + ", " + kernel + ", sequence " + s;
                for (OutputKind kind : vectors(sample)) {
                    float[] answer = Vectors.of(expected.get(s), kind);
                    same(what + ", " + kind, result(scorer, kind, to -> scorer.score(sequence, kind, to)), answer);
                    if (readsTokens(sample) && sequence.start().isEmpty()) {
                        same(
                                what + ", tokens, " + kind,
                                result(scorer, kind, to -> scorer.score(sequence.tokens(), kind, to)),
                                answer);
                    }
                }
                if (vectors(sample).contains(OutputKind.SOFTMAX)) {
                    sameTop(what, expected.get(s), (classes, values) -> scorer.topK(sequence, classes, values));
                }
            }
        }
    }

    private static boolean readsTokens(Sample sample) {
        return sample.input().takesTokens()
                || (sample.input() == InputKind.FEATURES && sample.model().inputWidth() == 1);
    }

    private interface Top {
        void write(int[] classes, float[] probabilities);
    }

    private static void sameTop(String what, ScoredSequence expected, Top top) {
        int[] classes = new int[expected.topTokens()[0].length];
        float[] probabilities = new float[classes.length];
        top.write(classes, probabilities);
        assertThat(classes).as(what).isEqualTo(expected.topTokens()[0]);
        same(what, probabilities, expected.topProbabilities()[0]);
        assertThat(classes[0]).as(what).isEqualTo(expected.prediction()[0]);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void eachPushHasTheBitsOfEachStep(Sample sample) {
        if (sample.model().looksAhead()) {
            return; // refused, see below
        }
        List<Sequence> batch = sample.batch();
        for (KernelChoice kernel : List.of(KernelChoice.SCALAR, KernelChoice.VECTOR)) {
            Scorer scorer = scorer(sample, kernel);
            List<ScoredSequence> each = sample.scorer(kernel, Steps.EACH).score(batch);
            List<ScoredSequence> last = sample.scorer(kernel, Steps.LAST).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                Sequence sequence = batch.get(s);
                Session session = sequence.start().map(scorer::session).orElseGet(scorer::session);
                String what = sample + ", " + kernel + ", sequence " + s;
                pushEach(what, sample, scorer, session, sequence, each.get(s));
                SameBits.same(what, session.state(), last.get(s).state());
                session.reset();
                session.push(sample.part(sequence, 0, sequence.length() / 2)); // the second time in two parts
                session.push(sample.part(sequence, sequence.length() / 2, sequence.length()));
                SameBits.same(
                        what + " in two parts", session.state(), last.get(s).state());
                assertThat(session.steps()).isEqualTo(sequence.length());
            }
        }
    }

    private static void pushEach(
            String what, Sample sample, Scorer scorer, Session session, Sequence sequence, ScoredSequence each) {
        double sum = 0;
        for (int step = 0; step < sequence.length(); step++) {
            String where = what + ", step " + step;
            if (each.logProbabilities() != null && step > 0) {
                int next = sequence.tokens()[step];
                assertThat((float) session.logProbability(next)).as(where).isEqualTo(each.logProbabilities()[step - 1]);
                assertThat(session.rank(next)).as(where).isEqualTo(each.ranks()[step - 1]);
                sum += session.logProbability(next);
            }
            if (readsTokens(sample)) {
                session.push(sequence.tokens()[step]);
            } else {
                session.push(sample.part(sequence, step, step + 1));
            }
            for (OutputKind kind : vectors(sample)) {
                float[] expected = Vectors.of(each, kind, step);
                same(where + ", " + kind, result(scorer, kind, to -> session.answer(kind, to)), expected);
            }
        }
        if (each.logProbabilities() != null) {
            assertThat(sum).as(what).isEqualTo(each.logLikelihood());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SCALAR", "VECTOR"})
    void temperatureAndFirstClassAreThoseOfTheBatch(KernelChoice kernel) {
        Sample sample = new Samples(3).languageModel(50, 8, 20);
        Scorer scorer = scorer(sample, kernel).withTemperature(0.7f).withFirstClass(2);
        Function<ScoreRequest, ScoreRequest> with =
                request -> request.withTemperature(0.7f).withFirstClass(2);
        Sequence sequence = Sequence.ofTokens(3, 7, 2, 49);
        ScoredSequence last = sample.compile(kernel)
                .scorer(with.apply(new ScoreRequest(Steps.LAST, Set.of(OutputKind.SOFTMAX, OutputKind.TOPK), 4)))
                .score(List.of(sequence))
                .get(0);
        ScoredSequence each = sample.compile(kernel)
                .scorer(with.apply(new ScoreRequest(Steps.EACH, Set.of(OutputKind.LOGPROB, OutputKind.RANK), 1)))
                .score(List.of(sequence))
                .get(0);

        same(
                "softmax",
                result(scorer, OutputKind.SOFTMAX, to -> scorer.score(sequence, OutputKind.SOFTMAX, to)),
                last.softmax()[0]);
        int[] classes = new int[4];
        float[] probabilities = new float[4];
        scorer.topK(sequence, classes, probabilities);
        assertThat(classes)
                .isEqualTo(Arrays.stream(last.topTokens()[0]).map(at -> at + 2).toArray());
        same("top", probabilities, last.topProbabilities()[0]);
        Session session = scorer.session();
        session.push(3);
        session.push(7);
        assertThat((float) session.logProbability(2)).isEqualTo(each.logProbabilities()[1]);
        assertThat(session.rank(2)).isEqualTo(each.ranks()[1]);
        assertThatThrownBy(() -> session.logProbability(1))
                .isInstanceOf(UnscorableException.class)
                .hasMessage("token 1 at step 2 is outside [2, 52), the model's classes, so it has no likelihood");
    }

    @Test
    void manyClassesAreSummedInBlocksAsInABatch() {
        Sample sample = new Samples(4).languageModel(2_500, 4, 6);
        Scorer scorer = scorer(sample, KernelChoice.AUTO);
        int[] tokens = {2_499, 0, 1_024, 1_023};
        ScoredSequence each = sample.scorer(KernelChoice.AUTO, Steps.EACH)
                .score(List.of(Sequence.ofTokens(tokens)))
                .get(0);
        Session session = scorer.session();
        pushEach("many classes", sample, scorer, session, Sequence.ofTokens(tokens), each);
    }

    @Test
    void severalThreadsGetTheSameBits() throws Exception {
        Sample sample = new Samples(5).languageModel(60, 8, 33);
        Scorer scorer = scorer(sample, KernelChoice.AUTO);
        List<int[]> sequences = IntStream.range(0, 200)
                .mapToObj(s -> sample.sequence(s, 1 + s % 12).tokens())
                .toList();
        List<float[]> alone = sequences.stream()
                .map(tokens -> result(scorer, OutputKind.SOFTMAX, to -> scorer.score(tokens, OutputKind.SOFTMAX, to)))
                .toList();
        Session shared = scorer.session();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> scored = IntStream.range(0, 4)
                    .mapToObj(thread -> threads.submit(() -> {
                        for (int s = 0; s < sequences.size(); s++) {
                            int[] tokens = sequences.get((s + 50 * thread) % sequences.size());
                            float[] expected = alone.get((s + 50 * thread) % sequences.size());
                            same(
                                    "sequence",
                                    result(
                                            scorer,
                                            OutputKind.SOFTMAX,
                                            to -> scorer.score(tokens, OutputKind.SOFTMAX, to)),
                                    expected);
                            shared.push(9);
                        }
                        return thread;
                    }))
                    .toList();
            for (Future<Integer> one : scored) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(shared.steps()).isEqualTo(800);
        int[] nines = new int[800];
        Arrays.fill(nines, 9);
        same(
                "pushed by four threads",
                result(scorer, OutputKind.HIDDEN, to -> shared.answer(OutputKind.HIDDEN, to)),
                result(scorer, OutputKind.HIDDEN, to -> scorer.score(nines, OutputKind.HIDDEN, to)));
    }

    @Test
    void aFileIsOpenedWithItsNotes() throws Exception {
        Scorer scorer = Scorer.open(REBER);

        assertThat(scorer.model().tokens()).isEqualTo(7);
        assertThat(scorer.notes()).anyMatch(note -> note.contains("output layer"));
        assertThatThrownBy(() -> Scorer.open(Path.of("pom.xml")))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("pom.xml: ");
    }

    @Test
    void aStateContinuesASequence() throws Exception {
        Scorer scorer = Scorer.open(REBER);
        Session first = scorer.session();
        first.push(Sequence.ofTokens(0, 1, 2));
        Session second = scorer.session(first.state());
        second.push(3);
        second.push(4);

        same(
                "continued",
                result(scorer, OutputKind.SOFTMAX, to -> second.answer(OutputKind.SOFTMAX, to)),
                result(
                        scorer,
                        OutputKind.SOFTMAX,
                        to -> scorer.score(new int[] {0, 1, 2, 3, 4}, OutputKind.SOFTMAX, to)));
        second.reset();
        SameBits.same("reset", second.state(), first.state());
        LstmState wrong = new LstmState(new float[][] {{1}}, new float[][] {{1, 2}});
        assertThatThrownBy(() -> scorer.session(wrong))
                .isInstanceOf(UnscorableException.class)
                .hasMessageContaining("row 0 of the state's h has 1 values, expected ");
    }

    @Test
    void aModelThatReadsBackwardHasNoSessions() {
        Samples samples = new Samples(6);
        LstmModel model = new LstmModel(
                Optional.of(samples.embedding(5, 3)),
                List.of(LstmLayer.bidirectional(
                        samples.direction(3, 4), samples.direction(3, 4).backward())),
                Optional.of(samples.output(5, 8)));
        Scorer scorer = Scorer.of(model, InputKind.EMBEDDING, KernelChoice.AUTO);

        assertThatThrownBy(scorer::session)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the model reads backward (a bidirectional layer, or one in reverse), so each answer depends on steps that have not arrived yet: score whole sequences");
        assertThatThrownBy(() -> scorer.session(LstmState.initial(model)))
                .hasMessageStartingWith("the model reads backward");
    }

    @Test
    void theReferenceIsForAudits() {
        Sample sample = new Samples(7).languageModel(5, 3, 4);
        assertThatThrownBy(() -> scorer(sample, KernelChoice.REFERENCE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the kernel reference is for audits of tables: choose auto, vector or scalar");
    }

    @Test
    void aBadTokenLeavesTheSessionAsItWas() throws Exception {
        Scorer scorer = Scorer.open(REBER);
        Session session = scorer.session();
        session.push(1);
        session.push(2);
        LstmState before = session.state();

        assertThatThrownBy(() -> session.push(7))
                .isInstanceOfSatisfying(
                        UnscorableException.class,
                        e -> assertThat(e.reason()).isEqualTo(Defect.Kind.TOKEN_OUT_OF_RANGE))
                .hasMessage("token 7 at step 2 is outside [0, 7), the model's tokens");
        assertThatThrownBy(() -> session.push(Sequence.ofFeatures(1, new float[3])))
                .hasMessage("found features: the model takes tokens");
        assertThatThrownBy(() -> session.push(Sequence.ofTokens(1).from(before)))
                .hasMessage("a start state in pushed steps: the session has its own; give it to Scorer.session");
        SameBits.same("state", session.state(), before);
        assertThat(session.steps()).isEqualTo(2);
        assertThatThrownBy(() -> scorer.score(new int[] {1, -1}, OutputKind.SOFTMAX, new float[7]))
                .isInstanceOf(UnscorableException.class)
                .hasMessage("token -1 at step 1 is outside [0, 7), the model's tokens");
    }

    @Test
    void tokensAreRefusedByAModelOfFeaturesAndOfSeveralInputs() {
        Samples samples = new Samples(8);
        LstmModel features =
                new LstmModel(Optional.empty(), List.of(LstmLayer.of(samples.direction(3, 4))), Optional.empty());
        Scorer scorer = Scorer.of(features, InputKind.FEATURES, KernelChoice.AUTO);

        assertThatThrownBy(() -> scorer.session().push(1)).hasMessage("found tokens: the model takes features");
        assertThatThrownBy(() -> scorer.score(
                        Sequence.ofFeatures(1, new float[] {1, Float.NaN, 2}), OutputKind.HIDDEN, new float[4]))
                .hasMessage("feature 1 of step 0 is NaN: expected a finite number");
        Sample parts = new Samples(9).anyParts();
        assertThatThrownBy(() -> Scorer.of(parts.model(), InputKind.PARTS, KernelChoice.AUTO)
                        .score(new int[] {1}, OutputKind.HIDDEN, new float[1_000]))
                .hasMessage("found one input of tokens: the model takes several");
    }

    @Test
    void aMaskedNumberIsRefusedAsInATable() {
        Samples samples = new Samples(10);
        LstmModel model = new LstmModel(
                        Optional.empty(), List.of(LstmLayer.of(samples.direction(1, 4))), Optional.empty())
                .withMask(-1);
        Scorer scorer = Scorer.of(model, InputKind.FEATURES, KernelChoice.AUTO);

        assertThatThrownBy(() -> scorer.score(new int[] {2, -1}, OutputKind.HIDDEN, new float[4]))
                .isInstanceOfSatisfying(
                        UnscorableException.class, e -> assertThat(e.reason()).isEqualTo(Defect.Kind.STEP_IS_MASKED))
                .hasMessage(
                        "all features of step 1 are -1.0, which this model skips (mask_value); leave such steps out");
    }

    @ParameterizedTest
    @CsvSource({"TOPK, topk", "STATE, state", "LOGLIK, loglik"})
    void otherKindsAreNotVectors(OutputKind kind, String name) throws Exception {
        Scorer scorer = Scorer.open(REBER);
        String sentence = name
                + " is not a vector: choose softmax, logits, sigmoid, hidden or cell, or call topK, logProbability or rank";
        assertThatThrownBy(() -> scorer.score(new int[] {1}, kind, new float[9]))
                .hasMessage(sentence);
        assertThatThrownBy(() -> scorer.width(kind)).hasMessage(sentence);
    }

    @Test
    void arraysMustHaveRoom() throws Exception {
        Scorer scorer = Scorer.open(REBER);

        assertThatThrownBy(() -> scorer.score(new int[] {1}, OutputKind.SOFTMAX, new float[6]))
                .hasMessage("an array of 6 numbers for softmax: expected at least 7, Scorer.width of this kind");
        assertThatThrownBy(() -> scorer.topK(Sequence.ofTokens(1), new int[3], new float[2]))
                .hasMessage("an array of 2 probabilities for 3 classes: expected one for each");
        assertThatThrownBy(() -> scorer.topK(Sequence.ofTokens(1), new int[8], new float[8]))
                .hasMessage("top-k of 8 from a model of 7 classes: expected at most 7");
        assertThatThrownBy(() -> scorer.topK(Sequence.ofTokens(1), new int[0], new float[0]))
                .hasMessage("top-k of 0: expected at least 1");
    }

    @Test
    void aModelWithoutAnOutputLayerHasStatesOnly() {
        Samples samples = new Samples(11);
        LstmModel model = new LstmModel(
                Optional.of(samples.embedding(5, 3)), List.of(LstmLayer.of(samples.direction(3, 4))), Optional.empty());
        Scorer scorer = Scorer.of(model, InputKind.EMBEDDING, KernelChoice.AUTO);

        assertThatThrownBy(() -> scorer.score(new int[] {1}, OutputKind.SOFTMAX, new float[5]))
                .hasMessageStartingWith("the model has no output layer, so it has no softmax");
        assertThatThrownBy(() -> scorer.session().rank(1)).hasMessageStartingWith("the model has no output layer");
        assertThat(scorer.width(OutputKind.HIDDEN)).isEqualTo(4);
    }

    @Test
    void anOverflowEndsASessionUntilItIsReset() {
        LstmDirection triples = LstmDirection.plain(
                        Matrix.of(4, 2, new float[] {0, 0, 3, 0, 0, 0, 0, 0}), // the forget gate of token 0 is 3
                        Matrix.of(4, 1, new float[4]),
                        new float[] {1, 0, 1, 1})
                .with(CellVariant.PLAIN.withActivations(
                        Activation.of(Activation.Kind.RELU),
                        Activation.of(Activation.Kind.TANH),
                        Activation.of(Activation.Kind.TANH)));
        LstmModel model = new LstmModel(Optional.empty(), List.of(LstmLayer.of(triples)), Optional.empty());
        Scorer scorer = Scorer.of(model, InputKind.ONE_HOT, KernelChoice.AUTO);
        Session session = scorer.session();
        int[] tokens = new int[60];
        SequenceScorer batch = new Sample(0, model, InputKind.ONE_HOT)
                .compile(KernelChoice.AUTO)
                .scorer(new ScoreRequest(Steps.LAST, Set.of(OutputKind.HIDDEN), 1, OptionalInt.empty()));
        Optional<Defect> expected =
                batch.score(List.of(Sequence.ofTokens(tokens))).get(0).defect();
        assertThat(expected).isPresent();

        assertThatThrownBy(() -> scorer.score(tokens, OutputKind.HIDDEN, new float[1]))
                .isInstanceOfSatisfying(
                        UnscorableException.class, e -> assertThat(e.reason()).isEqualTo(Defect.Kind.STATE_OVERFLOW))
                .hasMessage(expected.get().text());
        assertThatThrownBy(() -> session.push(Sequence.ofTokens(tokens)))
                .hasMessage(expected.get().text());
        assertThatThrownBy(() -> session.push(1)).hasMessage(expected.get().text());
        assertThatThrownBy(() -> session.answer(OutputKind.HIDDEN, new float[1]))
                .hasMessage(expected.get().text());
        session.reset();
        session.push(1);
        same(
                "after a reset",
                result(scorer, OutputKind.HIDDEN, to -> session.answer(OutputKind.HIDDEN, to)),
                result(scorer, OutputKind.HIDDEN, to -> scorer.score(new int[] {1}, OutputKind.HIDDEN, to)));
    }
}
