package sluice.cell.bench;

import java.util.EnumSet;
import java.util.Set;
import sluice.cell.Emission;
import sluice.cell.OutputAt;
import sluice.cell.ScoreRequest;

/** What is asked of every sequence. */
public enum Question {
    LAST_SOFTMAX,
    EACH_SOFTMAX,
    LOGLIK,
    RANK_AND_LOGLIK;

    ScoreRequest request() {
        return new ScoreRequest(atEach() ? OutputAt.EACH : OutputAt.LAST, emissions(), 1);
    }

    private Set<Emission> emissions() {
        return switch (this) {
            case LAST_SOFTMAX, EACH_SOFTMAX -> EnumSet.of(Emission.SOFTMAX);
            case LOGLIK -> EnumSet.of(Emission.LOGLIK);
            case RANK_AND_LOGLIK -> EnumSet.of(Emission.RANK, Emission.LOGLIK);
        };
    }

    public boolean atEach() {
        return this != LAST_SOFTMAX;
    }

    /** Whether logarithms of probabilities are asked, and not the probabilities. */
    public boolean likelihoods() {
        return emissions().contains(Emission.LOGLIK);
    }

    public boolean ranks() {
        return emissions().contains(Emission.RANK);
    }
}
