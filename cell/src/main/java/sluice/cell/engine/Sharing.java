package sluice.cell.engine;

import java.util.LinkedHashSet;
import java.util.List;
import sluice.cell.InputKind;
import sluice.cell.Sequence;
import sluice.cell.model.LstmModel;

/** Counts the steps that sequences share, without scoring them. */
public final class Sharing {
    private Sharing() {}

    /**
     * Number of steps that scoring these sequences as one batch computes. A shared prefix counts once. For a model with a backward
     * direction, or of features, only equal sequences share their steps. A request for {@code loglik}, {@code logprob} and {@code rank}
     * alone computes a few steps less: it does not read the last token of a sequence.
     */
    public static long distinctSteps(List<Sequence> sequences, LstmModel model, InputKind input) {
        List<Sequence> distinct = List.copyOf(new LinkedHashSet<>(sequences));
        return model.looksAhead()
                ? distinct.stream().mapToLong(Sequence::length).sum()
                : new PrefixTree(distinct, input).steps(0);
    }
}
