package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.ClassChoice;
import sluice.cell.Defect;
import sluice.cell.FlopCount;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.Tolerance;
import sluice.cell.Windows;
import sluice.cell.Windows.Padding;
import sluice.cell.Windows.Partial;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/** The answer of a window has the bits of the window scored alone, as a sequence of its own. */
class WindowsTest {
    private static final int LENGTH = 4;
    private static final double PAD = 1; // a token of every model, and a number

    private static Stream<Arguments> engines() {
        return Samples.everyKind().stream()
                .flatMap(sample -> Arrays.stream(KernelChoice.values())
                        .filter(kernel -> kernel != KernelChoice.REFERENCE)
                        .map(kernel -> Arguments.of(sample, kernel)));
    }

    /** Three of them for a sample; all samples together have all. */
    private static List<Windows> windows(Sample sample) {
        List<Windows> all = windows();
        Collections.rotate(all, (int) (sample.seed() * 3));
        return all.subList(0, 3);
    }

    private static List<Windows> windows() {
        List<Windows> all = new ArrayList<>();
        for (Partial partial : Partial.values()) {
            Windows plain = new Windows(LENGTH, partial);
            all.add(plain);
            all.add(plain.padded(PAD, Padding.PRE));
            all.add(plain.padded(PAD, Padding.POST));
        }
        all.add(new Windows(1, Partial.SKIP));
        all.add(new Windows(1_000, Partial.EACH));
        return all;
    }

    private static String text(Windows windows) {
        return String.format(Locale.ROOT, "%d steps, %s, %s", windows.length(), windows.partial(), windows.pad());
    }

    /** All kinds that windows can answer. A window ends where the model reads out its final states, so these have targets too. */
    private static Set<OutputKind> kinds(Sample sample, Steps at) {
        Set<OutputKind> kinds = EnumSet.noneOf(OutputKind.class);
        kinds.addAll(sample.emissions(at));
        kinds.addAll(sample.emissions(Steps.LAST));
        if (hasTargets(sample)) {
            kinds.addAll(EnumSet.of(OutputKind.LOGLIK, OutputKind.LOGPROB, OutputKind.RANK));
        }
        kinds.removeIf(kind -> kind == OutputKind.STATE || kind == OutputKind.GATES || !kind.availableAt(at));
        return kinds;
    }

    private static boolean hasTargets(Sample sample) {
        return sample.model().output().isPresent() && sample.sequence(1, 1).hasTokens();
    }

    private static ScoreRequest request(Sample sample, Steps at, Set<OutputKind> kinds) {
        int classes = sample.model().output().map(OutputLayer::classes).orElse(2);
        return new ScoreRequest(at, kinds, Math.min(5, classes), OptionalInt.empty());
    }

    private static List<Sequence> batch(Sample sample) {
        List<Sequence> batch = new ArrayList<>();
        for (int length : new int[] {0, 1, LENGTH - 1, LENGTH, LENGTH + 1, 11}) {
            batch.add(sample.sequence(sample.seed() + length, length));
        }
        batch.add(batch.get(5)); // twice
        return batch;
    }

    /** Scores the steps {@code from .. to - 1} alone, padded at one side. */
    private static ScoredSequence alone(
            SequenceScorer scorer, Sample sample, Sequence row, int from, int to, int before, int after) {
        int width = sample.model().inputWidth();
        List<Float> features = new ArrayList<>();
        List<Integer> tokens = new ArrayList<>();
        for (int step = from - before; step < to + after; step++) {
            boolean isPad = step < from || step >= to;
            for (int at = 0; row.hasFeatures() && at < width; at++) {
                features.add(isPad ? (float) PAD : row.features()[step * width + at]);
            }
            if (row.hasTokens()) {
                tokens.add(isPad ? (int) PAD : row.tokens()[step]);
            }
        }
        int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
        float[] values = new float[features.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = features.get(at);
        }
        Sequence window = !row.hasFeatures()
                ? Sequence.ofTokens(ids)
                : row.hasTokens() ? Sequence.ofNumbers(ids) : Sequence.ofFeatures(to - from + before + after, values);
        return scorer.score(List.of(window)).get(0);
    }

    private static ScoredSequence alone(SequenceScorer scorer, Sample sample, Sequence row, int step, Windows windows) {
        int from = Math.max(0, step + 1 - windows.length());
        int missing = windows.pad().isPresent() ? windows.length() - (step + 1 - from) : 0;
        boolean pre = windows.padding() == Padding.PRE;
        return alone(scorer, sample, row, from, step + 1, pre ? missing : 0, pre ? 0 : missing);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void aWindowHasTheBitsOfItsOwnSequence(Sample sample, KernelChoice kernel) {
        CompiledModel compiled = sample.compile(kernel);
        SequenceScorer plain = compiled.scorer(
                request(sample, Steps.LAST, kindsWithout(kinds(sample, Steps.LAST), OutputKind.LOGLIK)));
        for (Windows windows : windows(sample)) {
            ScoreRequest each =
                    request(sample, Steps.EACH, kinds(sample, Steps.EACH)).withWindows(windows);
            List<Sequence> batch = batch(sample);
            List<ScoredSequence> scored = compiled.scorer(each).score(batch);
            for (int s = 0; s < batch.size(); s++) {
                String what = String.format(Locale.ROOT, "%s: %s: sequence %d", sample, text(windows), s);
                Sequence row = batch.get(s);
                int steps = row.length();
                int first = firstAnswer(windows, steps);
                assertThat(scored.get(s).hidden())
                        .as(what)
                        .hasDimensions(steps - first, sample.model().outputWidth());
                for (int step = first; step < steps; step++) {
                    sameDistribution(what, scored.get(s), step - first, alone(plain, sample, row, step, windows));
                }
                if (hasTargets(sample)) {
                    sameTargets(
                            what,
                            scored.get(s),
                            firstTarget(windows, steps),
                            row,
                            step -> alone(plain, sample, row, step, windows));
                }
            }
        }
    }

    private static Set<OutputKind> kindsWithout(Set<OutputKind> kinds, OutputKind kind) {
        Set<OutputKind> less = EnumSet.copyOf(kinds);
        less.remove(kind);
        return less;
    }

    /** By hand, from the definition of the partial windows. */
    private static int firstAnswer(Windows windows, int steps) {
        int full = windows.length() - 1;
        return switch (windows.partial()) {
            case SKIP -> Math.min(full, steps);
            case LAST -> steps == 0 ? 0 : Math.min(full, steps - 1);
            case EACH -> 0;
        };
    }

    private static int firstTarget(Windows windows, int steps) {
        return switch (windows.partial()) {
            case SKIP -> Math.min(windows.length(), steps);
            case LAST -> steps < 2 ? steps : Math.min(windows.length(), steps - 1);
            case EACH -> Math.min(1, steps);
        };
    }

    private static void sameDistribution(String what, ScoredSequence each, int row, ScoredSequence alone) {
        what = what + ", answer " + row;
        same(what + ": hidden", each.hidden()[row], alone.hidden()[0]);
        same(what + ": cell", each.cell()[row], alone.cell()[0]);
        if (alone.softmax() != null) {
            same(what + ": softmax", each.softmax()[row], alone.softmax()[0]);
            same(what + ": logits", each.logits()[row], alone.logits()[0]);
            same(what + ": sigmoid", each.sigmoid()[row], alone.sigmoid()[0]);
            assertThat(each.prediction()[row]).as(what).isEqualTo(alone.prediction()[0]);
            assertThat(each.topTokens()[row]).as(what).isEqualTo(alone.topTokens()[0]);
            same(what + ": top", each.topProbabilities()[row], alone.topProbabilities()[0]);
        }
    }

    private interface WindowOf {
        ScoredSequence at(int step);
    }

    private static void sameTargets(String what, ScoredSequence each, int first, Sequence row, WindowOf windows) {
        int steps = row.length();
        assertThat(each.ranks()).as(what).hasSize(steps - first);
        assertThat(each.logProbabilities()).as(what).hasSize(steps - first);
        assertThat(each.predictedTokens()).as(what).isEqualTo(steps - first);
        double sum = 0;
        for (int target = first; target < steps; target++) {
            ScoredSequence window = windows.at(target - 1);
            float[] logits = window.logits()[0];
            float own = logits[row.tokens()[target]];
            int rank = 1;
            for (float logit : logits) {
                rank += logit > own ? 1 : 0;
            }
            assertThat(each.ranks()[target - first])
                    .as(what + ": rank of token " + target)
                    .isEqualTo(rank);
            float logProbability = each.logProbabilities()[target - first];
            float probability = window.softmax()[0][row.tokens()[target]];
            double relative = Tolerance.softmaxRelative(logits.length, 2 * Math.abs(logProbability));
            assertThat(StrictMath.exp(logProbability))
                    .as(what + ": logprob of token " + target)
                    .isCloseTo(probability, within(probability * relative + Float.MIN_NORMAL));
            sum += logProbability;
        }
        assertThat(each.logLikelihood())
                .as(what)
                .isCloseTo(sum, within(Tolerance.FLOAT * Math.abs(sum) + Double.MIN_VALUE));
    }

    /** The last term of the log-probabilities of a window and its next token, scored as a sequence of a model that reads forward. */
    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void aTargetHasTheBitsOfALastToken(Sample sample, KernelChoice kernel) {
        if (!hasTargets(sample) || sample.model().looksAhead()) {
            return; // no targets, or a sequence's last token is read before it is predicted
        }
        CompiledModel compiled = sample.compile(kernel);
        Set<OutputKind> targets = EnumSet.of(OutputKind.LOGLIK, OutputKind.LOGPROB, OutputKind.RANK);
        SequenceScorer plain = compiled.scorer(request(sample, Steps.EACH, targets));
        SequenceScorer windows =
                compiled.scorer(request(sample, Steps.EACH, targets).withWindows(new Windows(LENGTH, Partial.SKIP)));
        Sequence row = sample.sequence(5, 30);
        ScoredSequence scored = windows.score(List.of(row)).get(0);
        assertThat(scored.ranks()).hasSize(30 - LENGTH);
        for (int target = LENGTH; target < 30; target++) {
            ScoredSequence alone = alone(plain, sample, row, target - LENGTH, target + 1, 0, 0);
            assertThat(scored.ranks()[target - LENGTH]).isEqualTo(alone.ranks()[LENGTH - 1]);
            same(sample + ": token " + target, new float[] {scored.logProbabilities()[target - LENGTH]}, new float[] {
                alone.logProbabilities()[LENGTH - 1]
            });
        }
        SequenceScorer pairs = compiled.scorer(
                request(sample, Steps.LAST, EnumSet.of(OutputKind.LOGLIK)).withWindows(new Windows(1, Partial.SKIP)));
        double sum = 0;
        for (int target = 1; target < 30; target++) {
            sum += alone(plain, sample, row, target - 1, target + 1, 0, 0).logLikelihood();
        }
        assertThat(pairs.score(List.of(row)).get(0).logLikelihood())
                .as(sample.toString())
                .isEqualTo(sum);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void theLastStepIsAnsweredByTheLastWindow(Sample sample, KernelChoice kernel) {
        CompiledModel compiled = sample.compile(kernel);
        Set<OutputKind> kinds = kinds(sample, Steps.LAST);
        SequenceScorer plain = compiled.scorer(request(sample, Steps.LAST, kindsWithout(kinds, OutputKind.LOGLIK)));
        for (Windows windows : windows(sample)) {
            List<Sequence> batch = batch(sample);
            batch.removeIf(row -> windows.partial() == Partial.SKIP && row.length() < windows.length());
            List<ScoredSequence> last = compiled.scorer(
                            request(sample, Steps.LAST, kinds).withWindows(windows))
                    .score(batch);
            List<ScoredSequence> each = compiled.scorer(
                            request(sample, Steps.EACH, kinds).withWindows(windows))
                    .score(batch);
            for (int s = 0; s < batch.size(); s++) {
                String what = String.format(Locale.ROOT, "%s: %s: sequence %d", sample, text(windows), s);
                Sequence row = batch.get(s);
                sameDistribution(what, last.get(s), 0, alone(plain, sample, row, row.length() - 1, windows));
                assertThat(last.get(s).logLikelihood())
                        .as(what)
                        .isEqualTo(each.get(s).logLikelihood());
                assertThat(last.get(s).predictedTokens())
                        .as(what)
                        .isEqualTo(each.get(s).predictedTokens());
            }
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void neitherTheBatchNorTheKindsNorACacheChangeBits(Sample sample, KernelChoice kernel) {
        CompiledModel compiled = sample.compile(kernel);
        for (Windows windows : List.of(new Windows(LENGTH, Partial.EACH), new Windows(3, Partial.SKIP))) {
            ScoreRequest request =
                    request(sample, Steps.EACH, kinds(sample, Steps.EACH)).withWindows(windows);
            List<Sequence> batch = batch(sample);
            List<ScoredSequence> together = compiled.scorer(request).score(batch);
            SequenceScorer cached = compiled.scorer(compiled.answerCache(request, 1 << 20));
            List<ScoredSequence> alone = new ArrayList<>();
            batch.forEach(row -> alone.addAll(cached.score(List.of(row))));
            same(sample + " alone", alone, together);
            same(sample + " cached", cached.score(batch), together);
            List<Sequence> reversed = new ArrayList<>(batch);
            Collections.reverse(reversed);
            List<ScoredSequence> backward =
                    new ArrayList<>(compiled.scorer(request).score(reversed));
            Collections.reverse(backward);
            same(sample + " reversed", backward, together);
            if (hasTargets(sample)) {
                List<ScoredSequence> ranks = compiled.scorer(
                                request(sample, Steps.EACH, EnumSet.of(OutputKind.RANK, OutputKind.LOGPROB))
                                        .withWindows(windows))
                        .score(batch);
                for (int s = 0; s < batch.size(); s++) {
                    assertThat(ranks.get(s).ranks()).isEqualTo(together.get(s).ranks());
                    same(
                            sample + " targets",
                            ranks.get(s).logProbabilities(),
                            together.get(s).logProbabilities());
                }
            }
        }
    }

    @Test
    void theReferenceAgrees() {
        for (long seed = 1; seed < 12; seed++) {
            Sample sample = new Samples(seed).any();
            ScoreRequest request = request(sample, Steps.EACH, kinds(sample, Steps.EACH))
                    .withWindows(new Windows(LENGTH, Partial.LAST).padded(PAD, Padding.POST));
            List<ScoredSequence> exact =
                    sample.compile(KernelChoice.REFERENCE).scorer(request).score(batch(sample));
            List<ScoredSequence> fast =
                    sample.compile(KernelChoice.AUTO).scorer(request).score(batch(sample));
            for (int s = 0; s < exact.size(); s++) {
                for (int step = 0; step < exact.get(s).hidden().length; step++) {
                    for (int unit = 0; unit < exact.get(s).hidden()[step].length; unit++) {
                        assertThat(fast.get(s).hidden()[step][unit])
                                .as(sample.toString())
                                .isCloseTo(exact.get(s).hidden()[step][unit], within(1e-3f));
                    }
                }
                if (hasTargets(sample)) {
                    assertThat(fast.get(s).logProbabilities())
                            .hasSameSizeAs(exact.get(s).logProbabilities());
                    assertThat(fast.get(s).logLikelihood())
                            .as(sample.toString())
                            .isCloseTo(exact.get(s).logLikelihood(), within(1e-2));
                }
            }
        }
    }

    /** A stack of models: numbers, tokens, and one that also reads backward, each with targets. */
    private static List<Sample> withTargets() {
        Samples samples = new Samples(7);
        Sample language = samples.languageModel(5, 3, 8);
        LstmModel numbers = new LstmModel(
                Optional.empty(), List.of(LstmLayer.of(samples.direction(1, 8))), Optional.of(samples.output(5, 8)));
        LstmModel both = new LstmModel(
                Optional.of(samples.embedding(5, 3)),
                List.of(LstmLayer.bidirectional(
                        samples.direction(3, 4), samples.direction(3, 4).backward())),
                Optional.of(samples.output(5, 8)));
        return List.of(language, new Sample(7, numbers, InputKind.FEATURES), new Sample(7, both, InputKind.EMBEDDING));
    }

    private static Sequence sequence(Sample sample, int... tokens) {
        return sample.input().takesTokens() ? Sequence.ofTokens(tokens) : Sequence.ofNumbers(tokens);
    }

    @ParameterizedTest
    @MethodSource("withTargets")
    void equalWindowsAreComputedOnce(Sample sample) {
        ScoreRequest ranks = request(sample, Steps.EACH, EnumSet.of(OutputKind.RANK, OutputKind.LOGPROB))
                .withWindows(new Windows(3, Partial.SKIP));
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO).scorer(ranks);
        List<Sequence> batch = List.of(
                sequence(sample, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 0),
                sequence(sample, 0, 1, 2, 3),
                sequence(sample, 1, 2, 3, 3));
        scorer.score(batch);
        // 1 2 3 (four times, with four different next tokens), 2 3 1, 3 1 2, 2 3 4, 3 4 1, 4 1 2, 0 1 2
        int apart = 7 * 3;
        int prefixes = 3 + 3 + 3 + 1 + 2 + 3 + 3; // 2 3 is shared by two, 3 by two
        assertThat(scorer.computedSteps()).isEqualTo(sample.model().looksAhead() ? apart : prefixes);
        assertThat(Sharing.distinctSteps(batch, sample.model(), sample.input(), ranks))
                .as("predicted")
                .isEqualTo(scorer.computedSteps());
        assertThat(Sharing.steps(batch, ranks)).as("of 8 + 1 + 1 windows").isEqualTo(10 * 3);
        FlopCount work = FlopCount.of(sample.model(), sample.input(), ranks);
        assertThat(work.of(3, 30)).as("an output for each window").isEqualTo(30.0 * work.step() + 10.0 * work.answer());
        SequenceScorer cached = sample.compile(KernelChoice.AUTO)
                .scorer(sample.compile(KernelChoice.AUTO).answerCache(ranks, 1 << 20));
        cached.score(batch);
        long once = cached.computedSteps();
        cached.score(List.of(sequence(sample, 3, 1, 2, 3, 4)));
        assertThat(cached.computedSteps())
                .as("windows of another row are cached")
                .isEqualTo(once);
    }

    /** More windows than a chunk holds. The tokens have a period, and so have the answers. */
    @ParameterizedTest
    @MethodSource("withTargets")
    void aLongSequenceIsScoredInChunks(Sample sample) {
        int[] period = {1, 2, 3, 1, 4, 0, 2};
        int[] tokens = new int[150_000];
        Arrays.setAll(tokens, at -> period[at % period.length]);
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                .scorer(request(sample, Steps.EACH, EnumSet.of(OutputKind.RANK, OutputKind.SOFTMAX))
                        .withWindows(new Windows(LENGTH, Partial.SKIP)));
        ScoredSequence scored = scorer.score(List.of(sequence(sample, tokens))).get(0);
        assertThat(scorer.computedSteps())
                .as("in several chunks")
                .isBetween(2L * LENGTH * period.length - 20, 100L * LENGTH * period.length);
        assertThat(scored.softmax()).hasDimensions(tokens.length - LENGTH + 1, 5);
        assertThat(scored.ranks()).hasSize(tokens.length - LENGTH);
        for (int at = period.length; at < scored.ranks().length; at++) {
            assertThat(scored.ranks()[at]).isEqualTo(scored.ranks()[at - period.length]);
            assertThat(scored.softmax()[at]).isEqualTo(scored.softmax()[at - period.length]);
        }
    }

    @Test
    void theEstimateCountsWindowsUpToAChunk() {
        Sample sample = withTargets().get(0);
        SequenceScorer plain =
                sample.compile(KernelChoice.AUTO).scorer(request(sample, Steps.EACH, EnumSet.of(OutputKind.RANK)));
        SequenceScorer windows = sample.compile(KernelChoice.AUTO)
                .scorer(request(sample, Steps.EACH, EnumSet.of(OutputKind.RANK))
                        .withWindows(new Windows(10, Partial.EACH)));
        SequenceScorer last = sample.compile(KernelChoice.AUTO)
                .scorer(request(sample, Steps.LAST, EnumSet.of(OutputKind.SOFTMAX))
                        .withWindows(new Windows(10, Partial.EACH)));
        assertThat(windows.bytes(zeros(100)))
                .isBetween(plain.bytes(zeros(100)) + 99 * 300, plain.bytes(zeros(100)) + 99 * 400);
        assertThat(windows.bytes(zeros(10_000_000)))
                .isBetween(plain.bytes(zeros(10_000_000)), plain.bytes(zeros(10_000_000)) + (17 << 20));
        assertThat(last.bytes(zeros(100))).as("one window").isLessThan(1_500);
    }

    /** A state that overflows in one window makes its row unscorable, and no other. */
    @Test
    void aWindowThatOverflows() {
        Samples samples = new Samples(3);
        CellVariant open = CellVariant.PLAIN.withActivations(
                Activation.of(Activation.Kind.SIGMOID),
                Activation.of(Activation.Kind.RELU),
                Activation.of(Activation.Kind.RELU));
        LstmModel model = new LstmModel(
                Optional.empty(), List.of(LstmLayer.of(samples.direction(1, 16).with(open))), Optional.empty());
        SequenceScorer scorer = CompiledModel.compile(model, InputKind.FEATURES, KernelChoice.AUTO)
                .scorer(new ScoreRequest(Steps.EACH, Set.of(OutputKind.HIDDEN), 1)
                        .withWindows(new Windows(2, Partial.SKIP)));
        List<ScoredSequence> scored = scorer.score(List.of(
                Sequence.ofFeatures(4, new float[] {1, 1, 1, 1}),
                Sequence.ofFeatures(4, new float[] {1, 1, 0x1p59f, 1}),
                Sequence.ofFeatures(2, new float[] {1, 1})));
        assertThat(scored.get(0).defect()).isEmpty();
        assertThat(scored.get(1).defect().map(Defect::kind)).contains(Defect.Kind.STATE_OVERFLOW);
        assertThat(scored.get(1).hidden()).isNull();
        assertThat(scored.get(2).hidden()).hasDimensions(1, 16);
        same("shared", scored.get(0).hidden()[2], scored.get(2).hidden()[0]);
    }

    private static void refused(LstmModel model, InputKind input, Windows windows, String message) {
        ScoreRequest request = new ScoreRequest(Steps.LAST, Set.of(OutputKind.HIDDEN), 1).withWindows(windows);
        assertThatThrownBy(() -> CompiledModel.requireScorable(model, input, request))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThatThrownBy(() ->
                        CompiledModel.compile(model, input, KernelChoice.SCALAR).scorer(request))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void paddingThatTheModelDoesNotRead() {
        Samples samples = new Samples(2);
        List<LstmLayer> layers = List.of(LstmLayer.of(samples.direction(3, 4)));
        LstmModel words = new LstmModel(Optional.of(samples.embedding(5, 3).withPadding(0)), layers, Optional.empty());
        LstmModel rows = new LstmModel(Optional.empty(), layers, Optional.empty());
        Windows windows = new Windows(3, Partial.EACH);
        for (double token : new double[] {-1, 5}) {
            refused(
                    words,
                    InputKind.EMBEDDING,
                    windows.padded(token, Padding.PRE),
                    String.format(
                            Locale.ROOT,
                            "windows padded with token %.0f: expected one in [0, 5), the model's tokens",
                            token));
        }
        refused(
                words,
                InputKind.EMBEDDING,
                windows.padded(0.5, Padding.PRE),
                "windows padded with token 0.5: expected one in [0, 5), the model's tokens");
        refused(
                words,
                InputKind.EMBEDDING,
                windows.padded(0, Padding.PRE),
                "windows padded with token 0, which this model skips (mask_zero): a padded window has the answer of the shorter one;"
                        + " leave input.window-pad empty");
        refused(
                rows,
                InputKind.FEATURES,
                windows.padded(Double.NaN, Padding.PRE),
                "windows padded with NaN: expected a number of at most 1.1529215E18");
        refused(
                rows.withMask(-1f),
                InputKind.FEATURES,
                windows.padded(-1, Padding.PRE),
                "windows padded with -1.0, which this model skips (mask_value): a padded window has the answer of the shorter one;"
                        + " leave input.window-pad empty");
        refused(
                rows,
                InputKind.FEATURES,
                new Windows(Integer.MAX_VALUE, Partial.EACH),
                "a window of 2147483647 steps: expected at most 536870908 for this model");
    }

    @ParameterizedTest
    @EnumSource(Steps.class)
    void onlyPredictedTokensMustBeClasses(Steps at) {
        Sample sample = withTargets().get(1);
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                .scorer(request(sample, at, EnumSet.of(OutputKind.LOGLIK)).withWindows(new Windows(3, Partial.SKIP)));
        assertThat(scorer.score(List.of(Sequence.ofNumbers(-1, 99, 1 << 30, 2)))
                        .get(0)
                        .predictedTokens())
                .isEqualTo(1);
        assertThat(scorer.rules().check(Sequence.ofNumbers(1, 2, 3, 5)).map(Defect::text))
                .contains("token 5 at step 3 is outside [0, 5), the model's classes, so it has no likelihood");
    }

    @ParameterizedTest
    @CsvSource({"0, TOO_SHORT", "2, TOO_SHORT", "3,"})
    void aSequenceWithoutAFullWindowHasNoLastAnswer(int length, Defect.Kind expected) {
        Sample sample = withTargets().get(0);
        SequenceScorer scorer = sample.compile(KernelChoice.AUTO)
                .scorer(request(sample, Steps.LAST, EnumSet.of(OutputKind.SOFTMAX))
                        .withWindows(new Windows(3, Partial.SKIP)));
        assertThat(scorer.rules()
                        .check(sequence(sample, new int[length]))
                        .map(Defect::kind)
                        .orElse(null))
                .isEqualTo(expected);
    }

    /** Candidates, excluded classes and pooled states are those of the last window as a sequence of its own. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void candidatesAndPooledStatesOfTheLastWindow(KernelChoice kernel) {
        ScoreRequest whole = ScoreRequest.ofCandidates(
                        EnumSet.of(
                                OutputKind.SOFTMAX,
                                OutputKind.RANK,
                                OutputKind.TOPK,
                                OutputKind.PREDICTION,
                                OutputKind.LOGLIK,
                                OutputKind.HIDDEN),
                        2,
                        OptionalInt.empty())
                .withExclusions()
                .withPooling(Pooling.MEAN)
                .withTemperature(1.5f);
        ClassChoice choice = ClassChoice.ofCandidates(4, 0, 2).excluding(0);
        for (Sample sample : List.of(withTargets().get(0), withTargets().get(2))) {
            CompiledModel compiled = sample.compile(kernel);
            SequenceScorer windows = compiled.scorer(whole.withWindows(new Windows(3, Partial.SKIP)));
            ScoredSequence answer = windows.score(
                            List.of(Sequence.ofTokens(3, 1, 4, 1, 0, 2).about(choice)))
                    .get(0);
            ScoredSequence alone = compiled.scorer(whole)
                    .score(List.of(Sequence.ofTokens(1, 0, 2).about(choice)))
                    .get(0);
            assertThat(answer.softmax()).isDeepEqualTo(alone.softmax());
            assertThat(answer.ranks()).isEqualTo(alone.ranks()).hasSize(3);
            assertThat(answer.topTokens()).isDeepEqualTo(alone.topTokens());
            assertThat(answer.prediction()).isEqualTo(alone.prediction());
            assertThat(answer.hidden()).isDeepEqualTo(alone.hidden());
            assertThat(answer.predictedTokens())
                    .as("targets after a full window")
                    .isEqualTo(3);
        }
    }

    private static Sequence zeros(int length) {
        return Sequence.ofTokens(new int[length]);
    }
}
