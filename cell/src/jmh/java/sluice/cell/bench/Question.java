package sluice.cell.bench;

import java.util.EnumSet;
import java.util.Set;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;

/** The outputs that are requested for each sequence. */
public enum Question {
    LAST_SOFTMAX,
    EACH_SOFTMAX,
    LOGLIK,
    RANK_AND_LOGLIK;

    ScoreRequest request() {
        return new ScoreRequest(atEach() ? Steps.EACH : Steps.LAST, emissions(), 1);
    }

    private Set<OutputKind> emissions() {
        return switch (this) {
            case LAST_SOFTMAX, EACH_SOFTMAX -> EnumSet.of(OutputKind.SOFTMAX);
            case LOGLIK -> EnumSet.of(OutputKind.LOGLIK);
            case RANK_AND_LOGLIK -> EnumSet.of(OutputKind.RANK, OutputKind.LOGLIK);
        };
    }

    public boolean atEach() {
        return this != LAST_SOFTMAX;
    }

    /** Whether log-probabilities are requested instead of probabilities. */
    public boolean likelihoods() {
        return emissions().contains(OutputKind.LOGLIK);
    }

    public boolean ranks() {
        return emissions().contains(OutputKind.RANK);
    }
}
