package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.OutputKind;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** Estimated bytes of a sequence of ten steps: headers of 16 bytes, and four bytes for each number. */
class MemoryEstimateTest {
    private static final Samples SAMPLES = new Samples(1);
    private static final Sequence TEN = Sequence.ofFeatures(10, new float[30]);
    private static final LstmDirection FORWARD = SAMPLES.direction(3, 2);
    private static final LstmModel MODEL =
            new LstmModel(Optional.empty(), List.of(LstmLayer.of(FORWARD)), Optional.of(SAMPLES.output(4, 2)));
    private static final long SEQUENCE_AND_INPUT = 300 + 4 * 3 * 11;

    private static long bytes(LstmModel model, OutputKind kind, Steps at) {
        return new MemoryEstimate(model).bytes(new ScoreRequest(at, EnumSet.of(kind), 3), TEN);
    }

    @ParameterizedTest
    @CsvSource({
        "SOFTMAX, LAST, 32",
        "SOFTMAX, EACH, 320",
        "LOGITS, LAST, 32",
        "LOGITS, EACH, 320",
        "SIGMOID, LAST, 32",
        "SIGMOID, EACH, 320",
        "PREDICTION, LAST, 4",
        "PREDICTION, EACH, 40",
        "TOPK, LAST, 56",
        "TOPK, EACH, 560",
        "LOGLIK, LAST, 16",
        "LOGLIK, EACH, 16",
        "LOGPROB, EACH, 40",
        "RANK, EACH, 40",
        "HIDDEN, LAST, 24",
        "HIDDEN, EACH, 240",
        "CELL, LAST, 24",
        "CELL, EACH, 240",
        "STATE, LAST, 32",
        "GATES, EACH, 1520"
    })
    void bytesOfAnAnswer(OutputKind kind, Steps at, long answer) {
        assertThat(bytes(MODEL, kind, at)).isEqualTo(SEQUENCE_AND_INPUT + answer);
    }

    @Test
    void theFinalStateIsCountedOnceAlsoWhereEachStepIsAnswered() {
        ScoreRequest request = new ScoreRequest(Steps.EACH, EnumSet.of(OutputKind.HIDDEN), 3).withFinalState();
        assertThat(new MemoryEstimate(MODEL).bytes(request, TEN)).isEqualTo(SEQUENCE_AND_INPUT + 240 + 32);
    }

    /** A stack that also reads backward keeps a table of all gates, 4 for each cell and each of 11 rows, and all states of the layer. */
    @Test
    void gatesOfAStackThatAlsoReadsBackward() {
        LstmModel both = new LstmModel(
                Optional.empty(),
                List.of(LstmLayer.bidirectional(FORWARD, SAMPLES.direction(3, 2).backward())),
                Optional.empty());
        long states = 4 * (2 * (2 + 2 * 2) + 4) * 11;
        long gates = 10 * (7 * 16 + 5 * 4 * 4) + 4 * 4 * 4 * 11;
        assertThat(bytes(both, OutputKind.GATES, Steps.EACH)).isEqualTo(SEQUENCE_AND_INPUT + states + gates);
    }
}
