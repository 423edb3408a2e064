package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.answer.Answer;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Kernels;
import sluice.cell.kernel.Softmax;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/** Properties of every model on every kernel, bit for bit: an answer depends on its own sequence only. */
class PropertiesTest {
    private static final int MANY = 250; // number of batches of eleven sequences each
    private static final long SMALL_LOOK_UP = 1 << 13;

    /** Some of the models of forward layers. */
    private static Stream<Sample> forward() {
        return Samples.everyKind().stream()
                .filter(sample -> !sample.model().looksAhead())
                .limit(12);
    }

    private static Stream<Arguments> engines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values())
                        .filter(kernel -> kernel != KernelChoice.REFERENCE)
                        .map(kernel -> Arguments.of(sample, kernel)));
    }

    /** Engines of the models whose answer at the last step is the last of the answers at each step. */
    private static Stream<Arguments> stepwise() {
        return engines()
                .filter(arguments -> ((Sample) arguments.get()[0]).model().readout() == Readout.LAST_STEP);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void aSequenceAloneHasTheBitsItHasInABatch(Sample sample, KernelChoice kernel) {
        for (Steps at : Steps.values()) {
            SequenceScorer scorer = sample.scorer(kernel, at);
            List<ScoredSequence> together = scorer.score(sample.batch());
            List<ScoredSequence> alone = new ArrayList<>();
            sample.batch().forEach(sequence -> alone.addAll(scorer.score(List.of(sequence))));
            same(sample + " alone at " + at, alone, together);
        }
    }

    /** A few sequences of several layers are scored layer by layer, more of them level by level. */
    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void aFewSequencesHaveTheBitsOfMany(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = sample.batch();
        for (Steps at : Steps.values()) {
            SequenceScorer scorer = sample.scorer(kernel, at);
            List<ScoredSequence> expected = scorer.score(batch);
            for (int few = 2; few <= 5; few++) {
                List<ScoredSequence> scored = new ArrayList<>();
                for (int from = 0; from < batch.size(); from += few) {
                    scored.addAll(scorer.score(batch.subList(from, Math.min(from + few, batch.size()))));
                }
                same(sample + " by " + few, scored, expected);
            }
        }
    }

    /** More sequences than a band holds, so that some start while others are half read. */
    @ParameterizedTest
    @MethodSource("forward")
    void aLargeBatchHasTheBitsOfSmallOnes(Sample sample) {
        List<List<Sequence>> batches = LongStream.range(0, MANY)
                .mapToObj(seed -> new Sample(seed, sample.model(), sample.input()).batch())
                .toList();
        List<Sequence> all = batches.stream().flatMap(List::stream).toList();
        List<ScoreRequest> requests = new ArrayList<>(List.of(sample.request(Steps.EACH), sample.request(Steps.LAST)));
        if (sample.model().output().isPresent()) {
            requests.add(sample.request(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX)));
        }
        if (sample.emissions(Steps.EACH).contains(OutputKind.RANK)) {
            requests.add(sample.request(Steps.EACH, EnumSet.of(OutputKind.LOGPROB, OutputKind.RANK)));
        }
        for (long lookUpBytes : new long[] {CompiledModel.LOOK_UP_BYTES, SMALL_LOOK_UP}) {
            CompiledModel compiled =
                    CompiledModel.compile(sample.model(), sample.input(), KernelChoice.AUTO, lookUpBytes);
            for (ScoreRequest request : requests) {
                SequenceScorer scorer = compiled.scorer(request);
                List<ScoredSequence> few = batches.stream()
                        .flatMap(batch -> scorer.score(batch).stream())
                        .toList();
                same(sample + ": " + request, scorer.score(all), few);
            }
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void theOrderOfABatchChangesNoBits(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = sample.batch();
        int[] order = new Samples(sample.seed()).permutation(batch.size());
        for (Steps at : Steps.values()) {
            List<ScoredSequence> given = sample.scorer(kernel, at).score(batch);
            List<ScoredSequence> shuffled = sample.scorer(kernel, at)
                    .score(Arrays.stream(order).mapToObj(batch::get).toList());
            for (int s = 0; s < order.length; s++) {
                same(sample + " shuffled at " + at, shuffled.get(s), given.get(order[s]));
            }
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void duplicatesChangeNoBits(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = sample.batch();
        List<Sequence> twice = new ArrayList<>(batch);
        twice.addAll(batch);
        for (Steps at : Steps.values()) {
            List<ScoredSequence> once = sample.scorer(kernel, at).score(batch);
            List<ScoredSequence> doubled = sample.scorer(kernel, at).score(twice);
            same(sample + " first", doubled.subList(0, batch.size()), once);
            same(sample + " again", doubled.subList(batch.size(), twice.size()), once);
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void fewerOutputKindsChangeNoBits(Sample sample, KernelChoice kernel) {
        CompiledModel compiled = sample.compile(kernel);
        for (Steps at : Steps.values()) {
            List<ScoredSequence> everything =
                    compiled.scorer(sample.request(at)).score(sample.batch());
            for (OutputKind emission : sample.emissions(at)) {
                Set<OutputKind> asked = EnumSet.of(emission);
                List<ScoredSequence> less =
                        compiled.scorer(sample.request(at, asked)).score(sample.batch());
                for (int s = 0; s < less.size(); s++) {
                    same("%s: %s alone".formatted(sample, emission), less.get(s), only(everything.get(s), asked));
                }
            }
        }
    }

    private static ScoredSequence only(ScoredSequence all, Set<OutputKind> asked) {
        Answer only = new Answer();
        only.softmax = asked.contains(OutputKind.SOFTMAX) ? all.softmax() : null;
        only.logits = asked.contains(OutputKind.LOGITS) ? all.logits() : null;
        only.sigmoid = asked.contains(OutputKind.SIGMOID) ? all.sigmoid() : null;
        only.prediction = asked.contains(OutputKind.PREDICTION) ? all.prediction() : null;
        only.topTokens = asked.contains(OutputKind.TOPK) ? all.topTokens() : null;
        only.topProbabilities = asked.contains(OutputKind.TOPK) ? all.topProbabilities() : null;
        only.logProbabilities = asked.contains(OutputKind.LOGPROB) ? all.logProbabilities() : null;
        only.ranks = asked.contains(OutputKind.RANK) ? all.ranks() : null;
        only.hidden = asked.contains(OutputKind.HIDDEN) ? all.hidden() : null;
        only.cell = asked.contains(OutputKind.CELL) ? all.cell() : null;
        only.state = asked.contains(OutputKind.STATE) ? all.state() : null;
        only.gates = asked.contains(OutputKind.GATES) ? all.gates() : null;
        if (asked.stream().anyMatch(OutputKind::needsTargets)) {
            only.logLikelihood = all.logLikelihood();
            only.predictedTokens = all.predictedTokens();
        }
        return only;
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("stepwise")
    void theAnswerAtTheLastStepIsTheLastOfThoseAtEachStep(Sample sample, KernelChoice kernel) {
        List<ScoredSequence> each = sample.scorer(kernel, Steps.EACH).score(sample.batch());
        List<ScoredSequence> last = sample.scorer(kernel, Steps.LAST).score(sample.batch());
        for (int s = 0; s < each.size(); s++) {
            int steps = sample.batch().get(s).length();
            if (steps > 0) {
                same(sample + " hidden", last.get(s).hidden()[0], each.get(s).hidden()[steps - 1]);
                same(sample + " cell", last.get(s).cell()[0], each.get(s).cell()[steps - 1]);
                if (sample.model().output().isPresent()) {
                    same(
                            sample + " softmax",
                            last.get(s).softmax()[0],
                            each.get(s).softmax()[steps - 1]);
                    same(
                            sample + " logits",
                            last.get(s).logits()[0],
                            each.get(s).logits()[steps - 1]);
                    same(
                            sample + " sigmoid",
                            last.get(s).sigmoid()[0],
                            each.get(s).sigmoid()[steps - 1]);
                    assertThat(last.get(s).prediction()[0])
                            .as(sample.toString())
                            .isEqualTo(each.get(s).prediction()[steps - 1]);
                }
            }
            assertThat(last.get(s).logLikelihood())
                    .as(sample.toString())
                    .isEqualTo(each.get(s).logLikelihood());
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("stepwise")
    void outputsOfADistributionAgree(Sample sample, KernelChoice kernel) {
        if (sample.model().output().isEmpty()) {
            return; // a model without distributions
        }
        int classes = sample.model().output().map(OutputLayer::classes).orElseThrow();
        List<ScoredSequence> scored = sample.scorer(kernel, Steps.EACH).score(sample.batch());
        for (int s = 0; s < scored.size(); s++) {
            ScoredSequence answer = scored.get(s);
            for (int step = 0; step < answer.softmax().length; step++) {
                String what = String.format(Locale.ROOT, "%s: sequence %d, step %d", sample, s, step);
                assertAgree(what, classes, answer, step);
            }
            if (answer.ranks() != null) {
                assertTargetsAgree(
                        String.format(Locale.ROOT, "%s: sequence %d", sample, s),
                        answer,
                        sample.batch().get(s).tokens());
            }
        }
    }

    private static void assertAgree(String what, int classes, ScoredSequence answer, int step) {
        float[] softmax = answer.softmax()[step];
        same(what + ": softmax of the logits", softmax(answer.logits()[step]), softmax);
        float[] sigmoids = answer.logits()[step].clone();
        Kernels.scalar().sigmoids(sigmoids, 0, sigmoids.length);
        same(what + ": sigmoid of the logits", answer.sigmoid()[step], sigmoids);
        double sum = 0;
        for (float probability : softmax) {
            assertThat(probability).as(what).isBetween(0f, 1f);
            sum += probability;
        }
        assertThat(sum).as(what).isCloseTo(1, within(Tolerance.sumOfProbabilities(classes)));
        int[] top = answer.topTokens()[step];
        assertThat(answer.prediction()[step]).as(what).isEqualTo(top[0]);
        float[] shown = new float[top.length];
        for (int place = 0; place < top.length; place++) {
            shown[place] = softmax[top[place]];
        }
        same(what + ": top probabilities", answer.topProbabilities()[step], shown);
        for (int place = 0; place < top.length; place++) {
            assertThat(countAbove(softmax, shown[place])).as(what).isLessThanOrEqualTo(place);
        }
    }

    private static float[] softmax(float[] logits) {
        Kernel kernel = Kernels.scalar();
        Softmax normaliser = new Softmax();
        normaliser.clear();
        for (int first = 0; first < logits.length; first += Softmax.BLOCK) {
            int count = Math.min(Softmax.BLOCK, logits.length - first);
            float max = kernel.max(logits, first, count);
            normaliser.add(max, kernel.sumOfExponentials(logits, first, count, max));
        }
        float[] probabilities = logits.clone();
        kernel.exponentials(probabilities, 0, probabilities.length, normaliser.max(), normaliser.scale());
        return probabilities;
    }

    private static int countAbove(float[] softmax, float probability) {
        int above = 0;
        for (float other : softmax) {
            above += other > probability ? 1 : 0;
        }
        return above;
    }

    /** Ranks compare logits, so a class whose probability rounds to the target's may rank above or below it. */
    private static void assertTargetsAgree(String what, ScoredSequence answer, int[] tokens) {
        double sum = 0;
        for (int at = 0; at < answer.ranks().length; at++) {
            float[] softmax = answer.softmax()[at];
            float probability = softmax[tokens[at + 1]];
            int above = countAbove(softmax, probability);
            int notBelow = above;
            for (float other : softmax) {
                notBelow += other == probability ? 1 : 0;
            }
            assertThat(answer.ranks()[at]).as(what + ": rank " + at).isBetween(above + 1, notBelow);
            double logProbability = answer.logProbabilities()[at];
            double relative = Tolerance.softmaxRelative(softmax.length, 2 * Math.abs(logProbability));
            assertThat(StrictMath.exp(logProbability))
                    .as(what + ": logprob " + at)
                    .isCloseTo(probability, within(probability * relative + Float.MIN_NORMAL));
            sum += logProbability;
        }
        assertThat(answer.predictedTokens()).as(what).isEqualTo(answer.ranks().length);
        assertThat(answer.logLikelihood())
                .as(what + ": loglik is the sum of its terms")
                .isCloseTo(sum, within(Tolerance.FLOAT * Math.abs(sum) + Double.MIN_VALUE));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void aSequenceCanBeScoredInPieces(Sample sample, KernelChoice kernel) {
        if (sample.model().looksAhead()) {
            return; // a backward direction needs the whole sequence
        }
        for (int cut : new int[] {0, 1, 7, 19, 20}) {
            assertScoredInPieces(sample, kernel, cut);
        }
    }

    private static void assertScoredInPieces(Sample sample, KernelChoice kernel, int cut) {
        Sequence whole = sample.sequence(cut, 20);
        Sequence first = sample.part(whole, 0, cut);
        SequenceScorer last = sample.scorer(kernel, Steps.LAST);
        Sequence rest = sample.part(whole, cut, 20)
                .from(last.score(List.of(first)).get(0).state());
        String what = String.format(Locale.ROOT, "%s cut at %d", sample, cut);
        same(
                what,
                last.score(List.of(rest)).get(0).state(),
                last.score(List.of(whole)).get(0).state());
        SequenceScorer each = sample.scorer(kernel, Steps.EACH);
        ScoredSequence inOne = each.score(List.of(whole)).get(0);
        ScoredSequence inTwo = each.score(List.of(rest)).get(0);
        same(what + " hidden", inTwo.hidden(), tail(inOne.hidden(), cut));
        same(what + " cell", inTwo.cell(), tail(inOne.cell(), cut));
        same(what + " gates", inTwo.gates(), Arrays.copyOfRange(inOne.gates(), cut, inOne.gates().length));
        if (inOne.softmax() != null) {
            same(what + " softmax", inTwo.softmax(), tail(inOne.softmax(), cut));
            same(what + " logits", inTwo.logits(), tail(inOne.logits(), cut));
            same(what + " top", inTwo.topProbabilities(), tail(inOne.topProbabilities(), cut));
        }
        if (inOne.logProbabilities() != null && cut < 20) {
            float[] terms = inOne.logProbabilities();
            same(what + " logprob", inTwo.logProbabilities(), Arrays.copyOfRange(terms, cut, terms.length));
            assertThat(inTwo.ranks()).as(what).isEqualTo(Arrays.copyOfRange(inOne.ranks(), cut, inOne.ranks().length));
        }
    }

    private static float[][] tail(float[][] rows, int from) {
        return Arrays.copyOfRange(rows, from, rows.length);
    }
}
