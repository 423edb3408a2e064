package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Readout;

class ScoreRequestTest {
    private static final Samples SAMPLES = new Samples(1);
    private static final List<LstmLayer> LAYERS = List.of(LstmLayer.of(SAMPLES.direction(3, 2)));
    private static final LstmModel BARE = new LstmModel(Optional.empty(), LAYERS, Optional.empty());
    private static final LstmModel FOUR_CLASSES =
            new LstmModel(Optional.empty(), LAYERS, Optional.of(SAMPLES.output(4, 2)));

    private static final LstmModel ONE_OUTPUT =
            new LstmModel(Optional.empty(), LAYERS, Optional.of(SAMPLES.output(1, 2)));

    @Test
    void aRequestForNothing() {
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, Set.of(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "nothing to emit: expected at least one of softmax, logits, sigmoid, prediction, topk, loglik,"
                                + " logprob, rank, hidden, cell, state, gates");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aTopKBelowOne(int topK) {
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, Set.of(OutputKind.TOPK), topK))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("top-k of " + topK + ": expected at least 1");
    }

    @Test
    void kindsNotAvailableAtTheLastStep() {
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.HIDDEN, OutputKind.RANK), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "rank is not available at last: choose any of softmax, logits, sigmoid, prediction, topk, loglik,"
                                + " hidden, cell, state, or set output.at = each, or set output.candidates for ranks of candidates");
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.GATES), 1))
                .hasMessageStartingWith("gates is not available at last: ");
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.LOGPROB), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("logprob is not available at last: ");
    }

    @Test
    void kindsNotAvailableAtEachStep() {
        assertThatThrownBy(() -> new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.STATE), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("state is not available at each: choose any of softmax, logits, sigmoid, prediction, topk,"
                        + " loglik, logprob, rank, hidden, cell, gates, or set output.at = last");
    }

    @ParameterizedTest
    @EnumSource(
            value = OutputKind.class,
            names = {"SOFTMAX", "LOGITS", "SIGMOID", "PREDICTION", "TOPK", "LOGLIK", "LOGPROB", "RANK"})
    void kindsThatNeedAnOutputLayer(OutputKind kind) {
        ScoreRequest request = new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN, kind), 1);
        assertThatThrownBy(() -> request.requireAnswerableBy(BARE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model has no output layer, so it has no "
                        + kind.name().toLowerCase(Locale.ROOT)
                        + ": use --emit hidden, cell, state or gates, or set model.output to its output layer");
        request.requireAnswerableBy(FOUR_CLASSES);
    }

    @ParameterizedTest
    @EnumSource(
            value = OutputKind.class,
            names = {"SOFTMAX", "PREDICTION", "TOPK", "LOGLIK", "LOGPROB", "RANK"})
    void kindsThatCompareTheClassesOfAModelWithOneOutput(OutputKind kind) {
        ScoreRequest request = new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.LOGITS, kind), 1);
        assertThatThrownBy(() -> request.requireAnswerableBy(ONE_OUTPUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model has one output, so its "
                        + kind.name().toLowerCase(Locale.ROOT)
                        + " would be the same for every sequence: set output.emit (--emit) to logits for the output"
                        + " itself, as of a regression, or to sigmoid for the probability of yes");
        request.requireAnswerableBy(FOUR_CLASSES);
    }

    @ParameterizedTest
    @EnumSource(Steps.class)
    void kindsOfAModelWithOneOutput(Steps at) {
        new ScoreRequest(at, EnumSet.of(OutputKind.LOGITS, OutputKind.SIGMOID, OutputKind.HIDDEN), 1)
                .requireAnswerableBy(ONE_OUTPUT);
    }

    @Test
    void anOutputLayerThatReadsFinalStatesHasNoAnswerAtEachStep() {
        LstmLayer both = LstmLayer.bidirectional(
                SAMPLES.direction(3, 2), SAMPLES.direction(3, 2).backward());
        LstmModel model =
                new LstmModel(Optional.empty(), List.of(both), Optional.of(SAMPLES.output(4, 4)), Readout.FINAL_STATES);
        for (OutputKind kind : OutputKind.values()) {
            if (kind.needsOutputLayer()) {
                ScoreRequest each = new ScoreRequest(Steps.EACH, EnumSet.of(kind), 1);
                assertThatThrownBy(() -> each.requireAnswerableBy(model))
                        .hasMessageEndingWith("ask at last, for softmax, logits, sigmoid, prediction, topk");
            }
        }
    }

    @Test
    void theFirstClass() {
        ScoreRequest request = new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.RANK, OutputKind.TOPK), 3);
        assertThat(request.firstClass()).isZero();
        ScoreRequest shifted = request.withFirstClass(1);
        assertThat(shifted.firstClass()).isOne();
        assertThat(shifted.kinds()).isEqualTo(request.kinds());
        assertThat(shifted.topK()).isEqualTo(3);
        assertThat(shifted.withFinalState().firstClass()).isOne();
        assertThat(shifted.withTopK(2).firstClass()).isOne();
        assertThat(shifted.withTopK(2).topK()).isEqualTo(2);
        assertThatThrownBy(() -> request.withFirstClass(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a first class of token -1: expected 0 or more");
        assertThatThrownBy(() -> request.withTopK(0)).hasMessage("top-k of 0: expected at least 1");
    }

    @Test
    void kindsThatNeedNoOutputLayer() {
        new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.HIDDEN, OutputKind.CELL, OutputKind.STATE), 1)
                .requireAnswerableBy(BARE);
        new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES), 1).requireAnswerableBy(BARE);
    }

    @Test
    void gatesOfALayerThatTheModelDoesNotHave() {
        ScoreRequest second = gatesOf(1);
        assertThatThrownBy(() -> second.requireAnswerableBy(BARE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gates of layer 1 from a model of 1 layer: expected a layer from 0, the lowest, to 0; set "
                        + "output.gates-layer");
        LstmModel two = new LstmModel(
                Optional.empty(), List.of(LAYERS.get(0), LstmLayer.of(SAMPLES.direction(2, 2))), Optional.empty());
        second.requireAnswerableBy(two);
        assertThat(second.gatesLayer(two)).isEqualTo(1);
        assertThat(gatesOf(0).gatesLayer(two)).isEqualTo(0);
        assertThat(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES), 1).gatesLayer(two))
                .isEqualTo(1);
        assertThatThrownBy(() -> gatesOf(2).requireAnswerableBy(two))
                .hasMessage("gates of layer 2 from a model of 2 layers: expected a layer from 0, the lowest, to 1; set "
                        + "output.gates-layer");
        assertThatThrownBy(() -> gatesOf(-1)).hasMessage("gates of layer -1: expected 0, the lowest, or above");
    }

    /** The layer of gates is not checked where no gates are asked for. */
    @Test
    void theLayerOfGatesThatAreNotAskedFor() {
        new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN), 1, OptionalInt.of(7)).requireAnswerableBy(BARE);
    }

    private static ScoreRequest gatesOf(int layer) {
        return new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.GATES), 1, OptionalInt.of(layer));
    }

    @Test
    void aTopKBeyondTheClasses() {
        assertThatThrownBy(() ->
                        new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.TOPK), 5).requireAnswerableBy(FOUR_CLASSES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("top-k of 5 from a model of 4 classes: expected at most 4");
        new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.TOPK), 4).requireAnswerableBy(FOUR_CLASSES);
        new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 5).requireAnswerableBy(FOUR_CLASSES);
    }

    @Test
    void aRequestReturnsWhatItWasGiven() {
        ScoreRequest request =
                new ScoreRequest(Steps.EACH, List.of(OutputKind.RANK, OutputKind.SOFTMAX, OutputKind.RANK), 3);
        assertThat(request.at()).isEqualTo(Steps.EACH);
        assertThat(request.kinds()).containsExactly(OutputKind.SOFTMAX, OutputKind.RANK);
        assertThat(request.topK()).isEqualTo(3);
        assertThat(request.asksFor(OutputKind.RANK)).isTrue();
        assertThat(request.asksFor(OutputKind.LOGLIK)).isFalse();
        assertThat(request.needsTargets()).isTrue();
        assertThat(request.needsTargetsOnly()).isFalse();
        assertThat(new ScoreRequest(Steps.LAST, Set.of(OutputKind.SOFTMAX), 1).needsTargets())
                .isFalse();
        assertThat(new ScoreRequest(Steps.LAST, Set.of(OutputKind.LOGLIK), 1).needsTargetsOnly())
                .isTrue();
        assertThat(request.needsOutputLayer()).isTrue();
        assertThat(new ScoreRequest(Steps.LAST, Set.of(OutputKind.STATE), 1).needsOutputLayer())
                .isFalse();
    }

    @Test
    void kindsThatWindowsDoNotHave() {
        Windows windows = new Windows(10, Windows.Partial.SKIP);
        assertThatThrownBy(() -> new ScoreRequest(Steps.LAST, Set.of(OutputKind.STATE), 1).withWindows(windows))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "state is not available with windows: each window starts from the model's own state and has no state that a later"
                                + " run can continue from; leave it out, or set input.window = none");
        assertThatThrownBy(() -> new ScoreRequest(Steps.EACH, Set.of(OutputKind.GATES), 1).withWindows(windows))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("gates of its own at each of its steps");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aWindowBelowOneStep(int length) {
        assertThatThrownBy(() -> new Windows(length, Windows.Partial.SKIP))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a window of " + length + " steps: expected at least 1");
    }

    /** A window is a whole sequence, so a model that reads out its final states answers each of them. */
    @Test
    void windowsOfAModelThatReadsOutItsFinalStates() {
        LstmModel both = new LstmModel(
                        Optional.empty(),
                        List.of(LstmLayer.bidirectional(
                                SAMPLES.direction(3, 2), SAMPLES.direction(3, 2).backward())),
                        Optional.of(SAMPLES.output(4, 4)))
                .readFrom(Readout.FINAL_STATES);
        ScoreRequest each = new ScoreRequest(Steps.EACH, Set.of(OutputKind.RANK, OutputKind.SOFTMAX), 1);
        assertThatThrownBy(() -> each.requireAnswerableBy(both)).hasMessageContaining("is not available for each step");
        each.withWindows(new Windows(10, Windows.Partial.SKIP)).requireAnswerableBy(both);
    }

    @Test
    void aRequestIsSerializable() throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.TOPK, OutputKind.CELL), 3));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            ScoreRequest arrived = (ScoreRequest) in.readObject();
            assertThat(arrived.at()).isEqualTo(Steps.EACH);
            assertThat(arrived.kinds()).containsExactly(OutputKind.TOPK, OutputKind.CELL);
            assertThat(arrived.topK()).isEqualTo(3);
        }
    }
}
