package sluice.cell.online;

import java.util.List;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;

/** The requests of one scorer: what differs is the kind of output. Immutable. */
record Requests(float temperature, int firstClass) {
    private static final int NO_TOP = 1;

    /** One kind of output at the last step. */
    ScoreRequest last(OutputKind kind) {
        return with(new ScoreRequest(Steps.LAST, List.of(kind), NO_TOP));
    }

    /** The best classes at the last step. */
    ScoreRequest top(int k) {
        return with(new ScoreRequest(Steps.LAST, List.of(OutputKind.TOPK), k));
    }

    /** The likelihood and the rank of next tokens. */
    ScoreRequest targets() {
        return with(new ScoreRequest(Steps.EACH, List.of(OutputKind.LOGPROB, OutputKind.RANK), NO_TOP));
    }

    private ScoreRequest with(ScoreRequest request) {
        return request.withTemperature(temperature).withFirstClass(firstClass);
    }
}
