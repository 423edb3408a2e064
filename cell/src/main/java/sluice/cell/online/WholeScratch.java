package sluice.cell.online;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.CompiledModel;

/** Scorers of batches, for a model that reads backward: each sequence is a batch of its own. For one thread. */
final class WholeScratch {
    private final CompiledModel compiled;
    private final Requests requests;
    private final Map<OutputKind, SequenceScorer> scorers = new HashMap<>();
    private final Map<Integer, SequenceScorer> tops = new HashMap<>();

    WholeScratch(CompiledModel compiled, Requests requests) {
        this.compiled = compiled;
        this.requests = requests;
    }

    ScoredSequence score(Sequence sequence, OutputKind kind) {
        return score(sequence, scorers.computeIfAbsent(kind, of -> compiled.scorer(requests.last(of))));
    }

    /** The k best classes. */
    ScoredSequence top(Sequence sequence, int k) {
        return score(sequence, tops.computeIfAbsent(k, of -> compiled.scorer(requests.top(of))));
    }

    private static ScoredSequence score(Sequence sequence, SequenceScorer scorer) {
        return scorer.score(List.of(sequence)).get(0);
    }
}
