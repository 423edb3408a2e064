package sluice.cell.engine;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Windows;
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
        return distinctSteps(new LinkedHashSet<>(sequences), model);
    }

    /** The same for a request, which may be for windows: then the steps of the windows that it needs. */
    public static long distinctSteps(List<Sequence> sequences, LstmModel model, InputKind input, ScoreRequest request) {
        if (request.windows().isEmpty()) {
            return distinctSteps(sequences, model, input);
        }
        Windows windows = request.windows().get();
        WindowChoice choice = new WindowChoice(request);
        Set<Sequence> distinct = new LinkedHashSet<>();
        for (Sequence sequence : sequences) {
            choice.lastSteps(sequence.length())
                    .forEach(step -> distinct.add(windows.at(sequence, step, model.inputWidth(), false)));
        }
        return distinctSteps(distinct, model);
    }

    /** Number of steps that scoring these sequences would compute if they shared nothing. */
    public static long steps(List<Sequence> sequences, ScoreRequest request) {
        if (request.windows().isEmpty()) {
            return sequences.stream().mapToLong(Sequence::length).sum();
        }
        Windows windows = request.windows().get();
        WindowChoice choice = new WindowChoice(request);
        long steps = 0;
        for (Sequence sequence : sequences) {
            steps += choice.lastSteps(sequence.length())
                    .mapToLong(windows::steps)
                    .sum();
        }
        return steps;
    }

    private static long distinctSteps(Set<Sequence> distinct, LstmModel model) {
        return model.looksAhead()
                ? distinct.stream().mapToLong(Sequence::length).sum()
                : new PrefixTree(List.copyOf(distinct)).steps(0);
    }
}
