package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.ClassChoice;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/**
 * Answers about candidates, and without excluded classes: to the last bit the values that the answer about all classes has. The lists are
 * short and long, so that the logits are computed one by one, and as parts of all logits.
 */
class ClassChoiceTest {
    private static final int TOP = 3;
    private static final Set<OutputKind> OF_CANDIDATES = EnumSet.of(
            OutputKind.SOFTMAX,
            OutputKind.LOGITS,
            OutputKind.SIGMOID,
            OutputKind.RANK,
            OutputKind.PREDICTION,
            OutputKind.TOPK);

    /** Kinds that need no sum of a softmax. */
    private static final Set<OutputKind> WITHOUT_SUM =
            EnumSet.of(OutputKind.LOGITS, OutputKind.SIGMOID, OutputKind.RANK, OutputKind.PREDICTION);

    private static Stream<Sample> samples() {
        return Stream.of(
                new Samples(1).languageModel(9, 3, 5),
                new Samples(2).languageModel(1025, 4, 6),
                new Samples(3).languageModel(2500, 4, 17),
                both(Readout.LAST_STEP),
                both(Readout.FINAL_STATES));
    }

    private static Sample both(Readout readout) {
        Samples samples = new Samples(4);
        LstmLayer layer = LstmLayer.bidirectional(
                samples.direction(3, 5), samples.direction(3, 5).backward());
        LstmModel model = new LstmModel(
                Optional.of(samples.embedding(70, 3)),
                List.of(layer),
                Optional.of(samples.output(70, layer.outputWidth())));
        return new Sample(4, model.readFrom(readout), InputKind.EMBEDDING);
    }

    private static Stream<Arguments> engines() {
        return samples()
                .flatMap(sample -> Arrays.stream(KernelChoice.values()).map(kernel -> Arguments.of(sample, kernel)));
    }

    private static int classes(Sample sample) {
        return sample.model().output().map(OutputLayer::classes).orElseThrow();
    }

    /** Sequences of different lengths, each with lists of several sizes; one of them names classes twice. */
    private static List<Sequence> withCandidates(Sample sample) {
        SplittableRandom random = new SplittableRandom(7);
        List<Sequence> batch = new ArrayList<>();
        for (int length : new int[] {0, 1, 4, 20}) {
            Sequence sequence = sample.sequence(length, length);
            for (int size : new int[] {0, 1, 2, 5, 11, classes(sample)}) {
                int[] list = random.ints(size, 0, classes(sample)).toArray();
                batch.add(sequence.about(ClassChoice.ofCandidates(list)));
            }
        }
        return batch;
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void candidatesHaveTheBitsOfAllClasses(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = withCandidates(sample);
        CompiledModel compiled = sample.compile(kernel);
        List<ScoredSequence> all = compiled.scorer(new ScoreRequest(
                        Steps.LAST,
                        EnumSet.of(OutputKind.SOFTMAX, OutputKind.LOGITS, OutputKind.SIGMOID, OutputKind.TOPK),
                        classes(sample)))
                .score(batch.stream()
                        .map(sequence -> sequence.about(ClassChoice.ALL))
                        .toList());
        for (Set<OutputKind> asked : List.of(OF_CANDIDATES, WITHOUT_SUM)) {
            List<ScoredSequence> scored = compiled.scorer(ScoreRequest.ofCandidates(asked, TOP, OptionalInt.empty()))
                    .score(batch);
            for (int s = 0; s < batch.size(); s++) {
                String what = "%s, sequence %s".formatted(sample, s);
                int[] list = batch.get(s).classes().candidates();
                ScoredSequence actual = scored.get(s);
                ScoredSequence whole = all.get(s);
                same(what, actual.logits()[0], at(whole.logits()[0], list));
                same(what, actual.sigmoid()[0], at(whole.sigmoid()[0], list));
                int[] best = IntStream.of(whole.topTokens()[0])
                        .filter(at -> IntStream.of(list).anyMatch(listed -> listed == at))
                        .toArray();
                assertThat(actual.prediction()).as(what).containsExactly(best.length == 0 ? -1 : best[0]);
                assertThat(actual.ranks()).as(what).isEqualTo(ranks(whole.logits()[0], list));
                if (asked.contains(OutputKind.SOFTMAX)) {
                    int[] first = Arrays.copyOf(best, Math.min(TOP, best.length));
                    same(what, actual.softmax()[0], at(whole.softmax()[0], list));
                    assertThat(actual.topTokens()[0]).as(what).isEqualTo(first);
                    same(what, actual.topProbabilities()[0], at(whole.softmax()[0], first));
                }
            }
        }
    }

    private static float[] at(float[] values, int[] places) {
        float[] some = new float[places.length];
        for (int at = 0; at < some.length; at++) {
            some[at] = values[places[at]];
        }
        return some;
    }

    private static int[] ranks(float[] logits, int[] list) {
        int[] distinct = Arrays.stream(list).distinct().toArray();
        return Arrays.stream(list)
                .map(one -> 1
                        + (int) Arrays.stream(distinct)
                                .filter(other -> logits[other] > logits[one])
                                .count())
                .toArray();
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void whatIsExcludedIsLeftOutAndTheRestKeepsItsBits(Sample sample, KernelChoice kernel) {
        SplittableRandom random = new SplittableRandom(8);
        CompiledModel compiled = sample.compile(kernel);
        Set<OutputKind> best = EnumSet.of(OutputKind.TOPK, OutputKind.PREDICTION, OutputKind.SOFTMAX);
        List<Sequence> batch = new ArrayList<>();
        for (int length : new int[] {0, 1, 4, 20}) {
            for (int size : new int[] {0, 1, classes(sample) / 2, 9 * classes(sample)}) {
                int[] without = random.ints(size, -2, classes(sample) + 2).toArray(); // also numbers that are no class
                batch.add(sample.sequence(length, length).about(ClassChoice.ALL.excluding(without)));
            }
        }
        List<ScoredSequence> all = compiled.scorer(new ScoreRequest(Steps.LAST, best, classes(sample)))
                .score(batch.stream()
                        .map(sequence -> sequence.about(ClassChoice.ALL))
                        .toList());
        List<ScoredSequence> scored = compiled.scorer(new ScoreRequest(Steps.LAST, best, TOP).withExclusions())
                .score(batch);
        for (int s = 0; s < batch.size(); s++) {
            String what = "%s, sequence %s".formatted(sample, s);
            int[] without = batch.get(s).classes().excluded();
            int[] left = IntStream.of(all.get(s).topTokens()[0])
                    .filter(at -> Arrays.binarySearch(without, at) < 0)
                    .limit(TOP)
                    .toArray();
            assertThat(scored.get(s).topTokens()[0]).as(what).isEqualTo(left);
            assertThat(scored.get(s).prediction()).as(what).containsExactly(left.length == 0 ? -1 : left[0]);
            same(what, scored.get(s).topProbabilities()[0], at(all.get(s).softmax()[0], left));
            same(what, scored.get(s).softmax(), all.get(s).softmax());
        }
    }

    /** The batch also asks for what is computed of each level: log-likelihoods, states, pooled states. */
    @ParameterizedTest
    @EnumSource(value = KernelChoice.class, names = "REFERENCE", mode = EnumSource.Mode.EXCLUDE)
    void aSequenceAloneHasTheBitsItHasInABatch(KernelChoice kernel) {
        Sample sample = new Samples(5).languageModel(1500, 4, 6);
        Set<OutputKind> asked = EnumSet.copyOf(OF_CANDIDATES);
        asked.addAll(EnumSet.of(OutputKind.LOGLIK, OutputKind.HIDDEN, OutputKind.STATE));
        ScoreRequest request = ScoreRequest.ofCandidates(asked, TOP, OptionalInt.empty());
        CompiledModel compiled = sample.compile(kernel);
        List<Sequence> batch = new ArrayList<>(withCandidates(sample));
        batch.addAll(withCandidates(sample)); // answered from the cache, or as duplicates
        List<ScoredSequence> together =
                compiled.scorer(compiled.answerCache(request, 1 << 24)).score(batch);
        List<ScoredSequence> alone = new ArrayList<>();
        SequenceScorer scorer = compiled.scorer(request);
        batch.forEach(sequence -> alone.addAll(scorer.score(List.of(sequence))));
        same(sample.toString(), together, alone);
        List<ScoredSequence> likelihoods = compiled.scorer(
                        new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.LOGLIK), TOP))
                .score(batch.stream()
                        .map(sequence -> sequence.about(ClassChoice.ALL))
                        .toList());
        for (int s = 0; s < batch.size(); s++) {
            assertThat(together.get(s).logLikelihood())
                    .isEqualTo(likelihoods.get(s).logLikelihood());
        }
    }

    @Test
    void sequencesThatDifferInTheirCandidatesOnlyShareAllSteps() {
        Sample sample = new Samples(6).languageModel(20, 4, 6);
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                .scorer(ScoreRequest.ofCandidates(WITHOUT_SUM, TOP, OptionalInt.empty()));
        Sequence tokens = sample.sequence(1, 10);
        List<ScoredSequence> scored = scorer.score(List.of(
                tokens.about(ClassChoice.ofCandidates(1)),
                tokens.about(ClassChoice.ofCandidates(2)),
                sample.sequence(1, 0).about(ClassChoice.ofCandidates(3)),
                sample.sequence(1, 0).about(ClassChoice.ofCandidates(4))));
        assertThat(scorer.computedSteps()).isEqualTo(10);
        assertThat(scored.stream().map(answer -> answer.prediction()[0])).containsExactly(1, 2, 3, 4);
    }

    @Test
    void longerListsTakeMoreMemory() {
        Sample sample = new Samples(6).languageModel(20, 4, 6);
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                .scorer(ScoreRequest.ofCandidates(EnumSet.of(OutputKind.LOGITS), TOP, OptionalInt.empty()));
        Sequence tokens = sample.sequence(1, 10);
        long few = scorer.bytes(tokens.about(ClassChoice.ofCandidates(new int[10])));
        long many = scorer.bytes(tokens.about(ClassChoice.ofCandidates(new int[110])));
        assertThat(many - few).isEqualTo(100 * (2 + 1) * Integer.BYTES);
    }

    @Test
    void theClassesOfASequenceHaveToFitTheRequest() {
        Sample sample = new Samples(6).languageModel(20, 4, 6);
        CompiledModel compiled = sample.compile(KernelChoice.AUTO);
        ScoreRequest of =
                ScoreRequest.ofCandidates(WITHOUT_SUM, TOP, OptionalInt.empty()).withFirstClass(1);
        Sequence tokens = sample.sequence(1, 3);
        assertThat(compiled.rules(of).check(tokens)).map(Defect::kind).contains(Defect.Kind.NULL_CANDIDATES);
        assertThat(compiled.rules(of).check(tokens.about(ClassChoice.ofCandidates(0, 20))))
                .contains(new Defect(
                        Defect.Kind.CANDIDATE_OUT_OF_RANGE,
                        "candidate 21 at place 1 is outside [1, 21), the model's classes; leave it out"));
        assertThat(compiled.rules(of).check(tokens.about(ClassChoice.ofCandidates(-1))))
                .map(Defect::text)
                .hasValueSatisfying(text -> assertThat(text).startsWith("candidate 0 at place 0 is outside [1, 21)"));
        ScoreRequest all = new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.TOPK), TOP);
        for (ClassChoice choice : List.of(ClassChoice.ofCandidates(1), ClassChoice.ALL.excluding(1))) {
            assertThat(compiled.rules(all).check(tokens.about(choice)))
                    .map(Defect::kind)
                    .contains(Defect.Kind.WRONG_INPUT);
        }
        assertThat(compiled.rules(all.withExclusions()).check(tokens.about(ClassChoice.ALL.excluding(1))))
                .isEmpty();
    }

    @Test
    void ranksAtTheLastStepAreThoseOfCandidates() {
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.RANK), TOP))
                .hasMessageContaining("rank is not available at last")
                .hasMessageContaining("output.candidates");
        assertThatThrownBy(() -> new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.TOPK), TOP).withExclusions())
                .hasMessageContaining("at the last step only");
        ScoreRequest of =
                ScoreRequest.ofCandidates(EnumSet.of(OutputKind.RANK, OutputKind.LOGLIK), TOP, OptionalInt.empty());
        assertThat(of.needsTargets()).isTrue();
        assertThat(of.needsTargetsOnly()).isFalse();
        assertThat(of.needsSum()).isFalse();
    }
}
