package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Comparison;
import sluice.cell.KernelChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.answer.Answer;

/** A sequence that is cut in two, its second part started from the first part's final state, has the answers of the whole. */
class ContinuedSequencesTest {
    private static Stream<Arguments> forwardEngines() {
        return forwardSamples().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values())
                        .filter(kernel -> kernel != KernelChoice.REFERENCE)
                        .map(kernel -> Arguments.of(sample, kernel)));
    }

    private static List<Sample> forwardSamples() {
        return Samples.everyKind().stream()
                .filter(sample -> !sample.model().looksAhead())
                .toList();
    }

    /** Sequences, each with a place to cut it at. */
    private record Cuts(Sample sample, List<Sequence> wholes, int[] places) {
        /** Several cuts of each sequence, so that a batch has equal start states. */
        static Cuts of(Sample sample) {
            SplittableRandom random = new SplittableRandom(sample.seed() + 1);
            List<Sequence> wholes = new ArrayList<>();
            for (Sequence sequence : sample.batch()) {
                wholes.addAll(List.of(sequence, sequence, sequence));
            }
            int[] places = wholes.stream()
                    .mapToInt(sequence -> random.nextInt(sequence.length() + 1))
                    .toArray();
            return new Cuts(sample, wholes, places);
        }

        List<Sequence> firsts() {
            return IntStream.range(0, places.length)
                    .mapToObj(s -> {
                        Sequence first = part(wholes.get(s), 0, places[s]);
                        return wholes.get(s).start().map(first::from).orElse(first);
                    })
                    .toList();
        }

        /** @param states copied, so that equality is by value */
        List<Sequence> rests(List<ScoredSequence> states) {
            return IntStream.range(0, places.length)
                    .mapToObj(s -> part(wholes.get(s), places[s], wholes.get(s).length())
                            .from(copy(states.get(s).state())))
                    .toList();
        }

        private Sequence part(Sequence whole, int from, int to) {
            if (whole.hasTokens()) {
                int[] tokens = Arrays.copyOfRange(whole.tokens(), from, to);
                return whole.hasFeatures() ? Sequence.ofNumbers(tokens) : Sequence.ofTokens(tokens);
            }
            int width = sample.model().inputWidth();
            return Sequence.ofFeatures(to - from, Arrays.copyOfRange(whole.features(), from * width, to * width));
        }
    }

    private static LstmState copy(LstmState state) {
        return new LstmState(copy(state.hidden()), copy(state.cell()));
    }

    private static float[][] copy(float[][] rows) {
        return Arrays.stream(rows).map(float[]::clone).toArray(float[][]::new);
    }

    /** The answer to a whole sequence at each step, from one step on. */
    private static ScoredSequence tail(ScoredSequence whole, int from, ScoredSequence rest) {
        Answer tail = new Answer();
        tail.hidden = tail(whole.hidden(), from);
        tail.cell = tail(whole.cell(), from);
        tail.gates = Arrays.copyOfRange(whole.gates(), from, whole.gates().length);
        tail.softmax = whole.softmax() == null ? null : tail(whole.softmax(), from);
        tail.logits = whole.logits() == null ? null : tail(whole.logits(), from);
        tail.sigmoid = whole.sigmoid() == null ? null : tail(whole.sigmoid(), from);
        tail.topProbabilities = whole.topProbabilities() == null ? null : tail(whole.topProbabilities(), from);
        tail.topTokens = whole.topTokens() == null
                ? null
                : Arrays.copyOfRange(whole.topTokens(), from, whole.topTokens().length);
        tail.prediction = whole.prediction() == null
                ? null
                : Arrays.copyOfRange(whole.prediction(), from, whole.prediction().length);
        if (whole.logProbabilities() != null) {
            int terms = whole.logProbabilities().length;
            tail.logProbabilities = Arrays.copyOfRange(whole.logProbabilities(), Math.min(from, terms), terms);
            tail.ranks = Arrays.copyOfRange(whole.ranks(), Math.min(from, terms), terms);
            tail.predictedTokens = tail.ranks.length;
        }
        tail.logLikelihood = rest.logLikelihood(); // a sum over other terms, which are compared one by one
        return tail;
    }

    private static float[][] tail(float[][] rows, int from) {
        return Arrays.copyOfRange(rows, from, rows.length);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("forwardEngines")
    void theSecondPartHasTheBitsOfTheWhole(Sample sample, KernelChoice kernel) {
        Cuts cuts = Cuts.of(sample);
        SequenceScorer last = sample.scorer(kernel, Steps.LAST);
        SequenceScorer each = sample.scorer(kernel, Steps.EACH);
        List<Sequence> rests = cuts.rests(last.score(cuts.firsts()));
        List<Sequence> together = new ArrayList<>(rests);
        together.addAll(cuts.wholes());
        List<ScoredSequence> lastOfRests = last.score(together);
        List<ScoredSequence> eachOfRests = each.score(together);
        List<ScoredSequence> lastOfWholes = last.score(cuts.wholes());
        List<ScoredSequence> eachOfWholes = each.score(cuts.wholes());
        for (int s = 0; s < rests.size(); s++) {
            String what = String.format(Locale.ROOT, "%s: sequence %d cut at %d", sample, s, cuts.places()[s]);
            ScoredSequence atLast = lastOfRests.get(s);
            ScoredSequence whole = lastOfWholes.get(s);
            same(what + ": state", atLast.state(), whole.state());
            same(what + ": hidden", atLast.hidden(), whole.hidden());
            same(what + ": cell", atLast.cell(), whole.cell());
            same(what + ": softmax", atLast.softmax(), whole.softmax());
            same(what + ": logits", atLast.logits(), whole.logits());
            same(what + ": sigmoid", atLast.sigmoid(), whole.sigmoid());
            same(what + ": top probabilities", atLast.topProbabilities(), whole.topProbabilities());
            assertThat(atLast.topTokens()).as(what).isDeepEqualTo(whole.topTokens());
            ScoredSequence rest = eachOfRests.get(s);
            same(what, rest, tail(eachOfWholes.get(s), cuts.places()[s], rest));
            assertThat(rest.logLikelihood()).as(what).isEqualTo(atLast.logLikelihood());
        }
        same(sample + " beside", lastOfRests.subList(rests.size(), together.size()), lastOfWholes);
        same(sample + " alone", last.score(rests.subList(0, 1)), lastOfRests.subList(0, 1));
    }

    private static Stream<Arguments> allEngines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values()).map(kernel -> Arguments.of(sample, kernel)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("allEngines")
    void theFinalStateCanBeRequestedWithTheAnswersOfAllSteps(Sample sample, KernelChoice kernel) {
        List<Sequence> batch = sample.batch();
        for (Steps at : Steps.values()) {
            List<ScoredSequence> expected = sample.scorer(kernel, at).score(batch);
            List<ScoredSequence> ends = sample.scorer(kernel, Steps.LAST).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                ((Answer) expected.get(s)).state = ends.get(s).state();
            }
            ScoreRequest request = sample.request(at).withFinalState();
            assertThat(request.asksFor(OutputKind.STATE)).isTrue();
            same(
                    "%s at %s".formatted(sample, at),
                    sample.compile(kernel).scorer(request).score(batch),
                    expected);
        }
    }

    /** The reference rounds the states that it returns, so it continues from a state that differs by the rounding. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("forwardSamples")
    void theReferenceContinuesWithinRounding(Sample sample) {
        Cuts cuts = Cuts.of(sample);
        SequenceScorer last = sample.scorer(KernelChoice.REFERENCE, Steps.LAST);
        List<Sequence> rests = cuts.rests(last.score(cuts.firsts()));
        List<ScoredSequence> expected = last.score(cuts.wholes());
        List<ScoredSequence> continued = last.score(rests);
        for (int s = 0; s < rests.size(); s++) {
            String what = String.format(Locale.ROOT, "%s: sequence %d cut at %d", sample, s, cuts.places()[s]);
            ((Answer) expected.get(s)).logLikelihood = continued.get(s).logLikelihood();
            ((Answer) expected.get(s)).predictedTokens = continued.get(s).predictedTokens();
            new Comparison(sample, what, cuts.wholes().get(s), expected.get(s))
                    .compare(continued.get(s), expected.get(s));
        }
    }

    // The prefix tree

    private static LstmState state(float... hidden) {
        return new LstmState(new float[][] {hidden}, new float[][] {{1}});
    }

    @Test
    void sequencesWithEqualStartStatesSharePrefixes() {
        Sequence longer = Sequence.ofTokens(3, 4, 5);
        Sequence shorter = Sequence.ofTokens(3, 4);
        List<Sequence> sequences = List.of(
                longer.from(state(1)),
                shorter.from(state(2)),
                shorter.from(state(1)),
                shorter,
                shorter.from(state(0)),
                shorter.from(state(-0f)));
        PrefixTree tree = new PrefixTree(sequences);
        assertThat(tree.size()).isEqualTo(sequences.size());
        for (int place = 0; place < tree.size(); place++) {
            assertThat(tree.sequence(place)).isSameAs(sequences.get(tree.origin(place)));
            assertThat(tree.shared(place))
                    .as("sequence %d", tree.origin(place))
                    .isEqualTo(tree.origin(place) == 0 ? 2 : PrefixTree.NOTHING);
        }
        assertThat(longer.from(state(1)))
                .isEqualTo(Sequence.ofTokens(3, 4, 5).from(state(1)))
                .isNotEqualTo(longer);
    }

    @Test
    void statesThatDifferInOneBitAreNotEqual() {
        assertThat(state(1, 2)).isEqualTo(state(1, 2)).hasSameHashCodeAs(state(1, 2));
        assertThat(state(1, 2))
                .isNotEqualTo(state(1, Math.nextUp(2f)))
                .isNotEqualTo(state(1))
                .isNotEqualTo(new LstmState(state(1, 2).hidden(), new float[][] {{Math.nextUp(1f)}}));
        assertThat(state(0)).isNotEqualTo(state(-0f));
    }
}
