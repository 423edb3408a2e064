package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;

/** A case with its message for each kind of defect. */
class SequenceRulesTest {
    private static final Samples SAMPLES = new Samples(1);
    private static final LstmModel WORDS = new LstmModel(
            Optional.of(SAMPLES.embedding(10, 3)),
            List.of(LstmLayer.of(SAMPLES.direction(3, 2))),
            Optional.of(SAMPLES.output(7, 2)));
    private static final LstmModel BARE = new LstmModel(
            Optional.empty(),
            List.of(LstmLayer.bidirectional(
                    SAMPLES.projected(3, 4, 2), SAMPLES.projected(3, 4, 2).backward())),
            Optional.empty());

    @Test
    void aGoodSequenceHasNoDefect() {
        assertThat(words(OutputKind.SOFTMAX).check(Sequence.ofTokens(0, 9))).isEmpty();
        assertThat(words(OutputKind.SOFTMAX).check(Sequence.ofTokens())).isEmpty();
        assertThat(words(OutputKind.LOGLIK).check(Sequence.ofTokens(9, 6, 0))).isEmpty();
        assertThat(features().check(Sequence.ofFeatures(2, new float[] {1, -2, 3, 4, 5, 0x1p60f})))
                .isEmpty();
        assertThat(features().check(Sequence.ofFeatures(0, new float[0]))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 10, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void aTokenOutOfRange(int token) {
        assertDefect(
                words(OutputKind.SOFTMAX).check(Sequence.ofTokens(3, 4, token)),
                Defect.Kind.TOKEN_OUT_OF_RANGE,
                "token " + token + " at step 2 is outside [0, 10), the model's tokens");
    }

    @Test
    void aOneHotTokenBeyondTheInputWidth() {
        assertDefect(
                new SequenceRules(BARE, InputKind.ONE_HOT, request(OutputKind.HIDDEN)).check(Sequence.ofTokens(3)),
                Defect.Kind.TOKEN_OUT_OF_RANGE,
                "token 3 at step 0 is outside [0, 3), the model's tokens");
    }

    @Test
    void aPaddingToken() {
        LstmModel padded = new LstmModel(
                WORDS.embedding().map(embedding -> embedding.withPadding(4)), WORDS.layers(), WORDS.output());

        assertDefect(
                new SequenceRules(padded, InputKind.EMBEDDING, request(OutputKind.SOFTMAX))
                        .check(Sequence.ofTokens(3, 4, 5)),
                Defect.Kind.TOKEN_IS_PADDING,
                "token 4 at step 1 is the padding of this model; leave it out");
        assertThatThrownBy(() -> WORDS.embedding().orElseThrow().withPadding(10))
                .isInstanceOf(ModelException.class)
                .hasMessage("padding by token 10: expected one of [0, 10)");
    }

    @Test
    void aMaskedStep() {
        assertDefect(
                new SequenceRules(BARE.withMask(-0f), InputKind.FEATURES, request(OutputKind.HIDDEN))
                        .check(Sequence.ofFeatures(2, new float[] {0, 0, 1, 0, 0, 0})),
                Defect.Kind.STEP_IS_MASKED,
                "all features of step 1 are -0.0, which this model skips (mask_value); leave such steps out");
        assertThatThrownBy(() -> WORDS.withMask(0))
                .isInstanceOf(ModelException.class)
                .hasMessage("a mask of features in a model with an embedding: expected a padding token");
    }

    @Test
    void aTargetWithoutAClass() {
        assertDefect(
                words(OutputKind.LOGLIK).check(Sequence.ofTokens(9, 6, 7)),
                Defect.Kind.TARGET_OUT_OF_RANGE,
                "token 7 at step 2 is outside [0, 7), the model's classes, so it has no likelihood");
        assertThat(words(OutputKind.SOFTMAX).check(Sequence.ofTokens(9, 6, 7))).isEmpty();
    }

    @Test
    void aTargetWithoutAClassWhereClassZeroIsAnotherToken() {
        SequenceRules rules = new SequenceRules(
                WORDS, InputKind.EMBEDDING, request(OutputKind.LOGLIK).withFirstClass(2));
        assertThat(rules.check(Sequence.ofTokens(0, 2, 8))).isEmpty();
        assertDefect(
                rules.check(Sequence.ofTokens(9, 2, 9)),
                Defect.Kind.TARGET_OUT_OF_RANGE,
                "token 9 at step 2 is outside [2, 9), the model's classes, so it has no likelihood");
        assertDefect(
                rules.check(Sequence.ofTokens(9, 1)),
                Defect.Kind.TARGET_OUT_OF_RANGE,
                "token 1 at step 1 is outside [2, 9), the model's classes, so it has no likelihood");
    }

    @Test
    void aNegativeNumberIsAFeatureAndNotATarget() {
        LstmModel numbers = new LstmModel(
                Optional.empty(), List.of(LstmLayer.of(SAMPLES.direction(1, 2))), Optional.of(SAMPLES.output(7, 2)));
        SequenceRules rules = new SequenceRules(numbers, InputKind.FEATURES, request(OutputKind.LOGLIK));
        assertThat(rules.check(Sequence.ofNumbers(-5, 6))).isEmpty();
        assertDefect(
                rules.check(Sequence.ofNumbers(1, -5)),
                Defect.Kind.TARGET_OUT_OF_RANGE,
                "token -5 at step 1 is outside [0, 7), the model's classes, so it has no likelihood");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aFeatureThatIsNotFinite(float feature) {
        assertDefect(
                features().check(Sequence.ofFeatures(2, new float[] {1, 2, 3, 4, feature, 6})),
                Defect.Kind.FEATURE_NOT_FINITE,
                "feature 1 of step 1 is " + feature + ": expected a finite number");
    }

    @ParameterizedTest
    @ValueSource(floats = {0x1.000002p60f, -Float.MAX_VALUE})
    void aFeatureWhoseSumsCouldOverflow(float feature) {
        assertDefect(
                features().check(Sequence.ofFeatures(1, new float[] {1, 2, feature})),
                Defect.Kind.FEATURE_TOO_LARGE,
                "feature 2 of step 0 is " + feature + ": expected at most 1.1529215E18");
    }

    @Test
    void aSequenceThatIsTooLong() {
        SequenceRules rules = wide();
        assertThat(rules.maxLength()).isEqualTo(2046);
        assertThat(rules.check(ofLength(2046))).isEmpty();
        assertDefect(
                rules.check(ofLength(2047)), Defect.Kind.TOO_LONG, "2047 steps: expected at most 2046 for this model");
    }

    @Test
    void aBatchThatIsTooLong() {
        SequenceRules rules = wide();
        Sequence half = ofLength(1024);
        rules.require(List.of(half, ofLength(1021)));
        assertThatThrownBy(() -> rules.require(List.of(half, half)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "a batch of 2048 steps: expected at most 2046 for this model; score fewer sequences at once");
    }

    private static Sequence ofLength(int steps) {
        int[] tokens = new int[steps];
        return Sequence.ofTokens(tokens);
    }

    /** A model so wide that few steps fit one array. */
    private static SequenceRules wide() {
        int width = 1 << 20;
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(Matrix.of(1, width, new float[width]))),
                List.of(LstmLayer.of(LstmDirection.plain(
                        Matrix.of(4, width, new float[4 * width]), Matrix.of(4, 1, new float[4]), new float[4]))),
                Optional.empty());
        return new SequenceRules(model, InputKind.EMBEDDING, request(OutputKind.HIDDEN));
    }

    @Test
    void theOtherKindOfInput() {
        assertDefect(
                words(OutputKind.SOFTMAX).check(Sequence.ofFeatures(1, new float[] {1, 2, 3})),
                Defect.Kind.WRONG_INPUT,
                "found features: the model takes tokens");
        assertDefect(
                words(OutputKind.SOFTMAX).check(Sequence.ofNumbers(1)),
                Defect.Kind.WRONG_INPUT,
                "found features: the model takes tokens");
        assertDefect(
                features().check(Sequence.ofTokens(1, 2)),
                Defect.Kind.WRONG_INPUT,
                "found tokens: the model takes features");
    }

    @Test
    void rowsOfAnotherWidth() {
        assertDefect(
                features().check(Sequence.ofFeatures(2, new float[8])),
                Defect.Kind.WRONG_INPUT,
                "8 features for 2 steps: the model reads 3 per step");
        assertDefect(
                features().check(Sequence.ofNumbers(1, 2)),
                Defect.Kind.WRONG_INPUT,
                "2 features for 2 steps: the model reads 3 per step");
    }

    @ParameterizedTest
    @EnumSource(
            value = OutputKind.class,
            names = {"LOGLIK", "LOGPROB", "RANK"})
    void featuresHaveNoNextToken(OutputKind emission) {
        LstmModel model = new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.of(SAMPLES.direction(3, 2))),
                Optional.of(new OutputLayer(SAMPLES.matrix(4, 2, 1))));
        SequenceRules rules = new SequenceRules(model, InputKind.FEATURES, request(emission));
        assertDefect(
                rules.check(Sequence.ofFeatures(1, new float[3])),
                Defect.Kind.WRONG_INPUT,
                "features have no next token: loglik, logprob and rank need tokens");
    }

    @Test
    void aStateOfAnotherNumberOfRows() {
        LstmState state = new LstmState(new float[2][2], new float[1][4]);
        assertDefect(
                from(state),
                Defect.Kind.WRONG_STATE,
                "a state with 2 rows of h and 1 rows of c: expected one row for each of the model's 2 directions");
    }

    @Test
    void aStateOfAnotherWidth() {
        assertDefect(
                from(new LstmState(new float[][] {{1, 2}, {3}}, new float[2][4])),
                Defect.Kind.WRONG_STATE,
                "row 1 of the state's h has 1 values, expected 2");
        assertDefect(
                from(new LstmState(new float[2][2], new float[][] {{1, 2, 3, 4, 5}, new float[4]})),
                Defect.Kind.WRONG_STATE,
                "row 0 of the state's c has 5 values, expected 4");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY, 0x1.000002p40f})
    void aStateWithAValueOutOfRange(float value) {
        assertDefect(
                from(new LstmState(new float[][] {{1, value}, {3, 4}}, new float[2][4])),
                Defect.Kind.WRONG_STATE,
                "row 0 of the state's h holds " + value + ": expected at most 1.09951163E12 in magnitude");
        assertDefect(
                from(new LstmState(new float[2][2], new float[][] {new float[4], {0, 0, 0, value}})),
                Defect.Kind.WRONG_STATE,
                "row 1 of the state's c holds " + value + ": expected at most 1.09951163E12 in magnitude");
    }

    @Test
    void aSequenceShorterThanAWindow() {
        ScoreRequest windows = new ScoreRequest(Steps.LAST, List.of(OutputKind.SOFTMAX), 1)
                .withWindows(new Windows(3, Windows.Partial.SKIP));
        SequenceRules rules = new SequenceRules(WORDS, InputKind.EMBEDDING, windows);
        assertDefect(
                rules.check(Sequence.ofTokens(1, 2)),
                Defect.Kind.TOO_SHORT,
                "2 steps, expected at least 3, the length of a window; partial windows are answered with input.partial-windows = last");
        assertThat(rules.check(Sequence.ofTokens(1, 2, 3))).isEmpty();
        ScoreRequest loglik = new ScoreRequest(Steps.LAST, List.of(OutputKind.LOGLIK), 1)
                .withWindows(new Windows(3, Windows.Partial.SKIP));
        assertThat(new SequenceRules(WORDS, InputKind.EMBEDDING, loglik).check(Sequence.ofTokens(1, 2)))
                .as("a sum of no terms")
                .isEmpty();
        assertDefect(
                rules.check(Sequence.ofTokens(1, 2, 3).from(LstmState.initial(WORDS))),
                Defect.Kind.WRONG_STATE,
                "a start state: each window starts from the model's own state");
    }

    /** Except those of candidates, see ClassChoiceTest, and STATE_OVERFLOW, which only scoring can find: see StateOverflowTest. */
    @Test
    void everyKindOfDefectHasACaseHere() {
        assertThat(Defect.Kind.values())
                .containsExactlyInAnyOrder(
                        Defect.Kind.TOKEN_OUT_OF_RANGE,
                        Defect.Kind.TOKEN_IS_PADDING,
                        Defect.Kind.STEP_IS_MASKED,
                        Defect.Kind.TARGET_OUT_OF_RANGE,
                        Defect.Kind.NULL_CANDIDATES,
                        Defect.Kind.CANDIDATE_OUT_OF_RANGE,
                        Defect.Kind.FEATURE_NOT_FINITE,
                        Defect.Kind.FEATURE_TOO_LARGE,
                        Defect.Kind.TOO_LONG,
                        Defect.Kind.TOO_SHORT,
                        Defect.Kind.WRONG_INPUT,
                        Defect.Kind.WRONG_STATE,
                        Defect.Kind.STATE_OVERFLOW);
    }

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aScorerRefusesABatchWithADefectAndNamesTheSequence(KernelChoice kernel) {
        SequenceScorer scorer =
                CompiledModel.compile(WORDS, InputKind.EMBEDDING, kernel).scorer(request(OutputKind.SOFTMAX));
        List<Sequence> batch = List.of(Sequence.ofTokens(1), Sequence.ofTokens(1, 10), Sequence.ofTokens(-1));
        assertThatThrownBy(() -> scorer.score(batch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sequence 1: token 10 at step 1 is outside [0, 10), the model's tokens");
        assertThat(scorer.rules().check(batch.get(0))).isEmpty();
    }

    /** A refused batch leaves no trace in the scorer. */
    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void aScorerWorksAfterARefusal(KernelChoice kernel) {
        SequenceScorer scorer =
                CompiledModel.compile(WORDS, InputKind.EMBEDDING, kernel).scorer(request(OutputKind.SOFTMAX));
        List<Sequence> good = Collections.nCopies(3, Sequence.ofTokens(1, 2, 3));
        List<ScoredSequence> before = scorer.score(good);
        assertThatThrownBy(() -> scorer.score(List.of(Sequence.ofTokens(1), Sequence.ofTokens(10))))
                .hasMessageStartingWith("sequence 1: ");
        SameBits.same("after a refusal", scorer.score(good), before);
    }

    private static Optional<Defect> from(LstmState state) {
        return features().check(Sequence.ofFeatures(1, new float[3]).from(state));
    }

    private static SequenceRules words(OutputKind emission) {
        return new SequenceRules(WORDS, InputKind.EMBEDDING, request(emission));
    }

    private static SequenceRules features() {
        return new SequenceRules(BARE, InputKind.FEATURES, request(OutputKind.HIDDEN));
    }

    private static ScoreRequest request(OutputKind emission) {
        return new ScoreRequest(Steps.EACH, EnumSet.of(emission), 1);
    }

    private static void assertDefect(Optional<Defect> actual, Defect.Kind kind, String text) {
        assertThat(actual).contains(new Defect(kind, text));
    }
}
