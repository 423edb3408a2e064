package sluice.cell.engine;

import java.util.LinkedHashSet;
import java.util.List;
import sluice.cell.InputKind;
import sluice.cell.Sequence;
import sluice.cell.model.LstmModel;

/** What sequences have in common, without scoring them. */
public final class Sharing {
    private Sharing() {}

    /**
     * How many steps would be computed if these sequences made one batch: each prefix that several of them begin with once, or, where
     * the model also reads backward or is fed rows of features, each distinct sequence once. Where only the tokens themselves
     * are asked about, it is a little less: the last one of each sequence then is no step.
     */
    public static long distinctSteps(List<Sequence> sequences, LstmModel model, InputKind input) {
        List<Sequence> distinct = List.copyOf(new LinkedHashSet<>(sequences));
        return model.looksAhead()
                ? distinct.stream().mapToLong(Sequence::length).sum()
                : new PrefixTree(distinct, input.takesTokens()).steps(0);
    }
}
