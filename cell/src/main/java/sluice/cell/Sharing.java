package sluice.cell;

import java.util.List;
import sluice.cell.model.LstmModel;

/** What sequences have in common, without scoring them. */
public final class Sharing {
    private Sharing() {}

    /**
     * How many steps would be computed if these sequences made one batch: each prefix that several of them begin with once, or, where
     * the model also reads backward, each distinct sequence once.
     *
     * @param input what the model reads; rows of features have nothing in common
     */
    public static long distinctSteps(List<Sequence> sequences, LstmModel model, InputKind input) {
        return new PrefixTree(sequences, input.takesTokens()).steps(!model.looksAhead());
    }
}
