package sluice.cell;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.kernel.Kernel;

/** Scores batches with a kernel, every distinct sequence once. */
final class EngineScorer implements SequenceScorer {
    private final CompiledModel compiled;
    private final ScoreRequest request;
    private final SequenceRules rules;
    private final TreeWalk tree; // for a stack that reads forward, else null
    private final LayeredScorer layered; // for one that also reads backward, else null
    private long computedSteps;

    EngineScorer(CompiledModel compiled, ScoreRequest request, Kernel kernel) {
        this.compiled = compiled;
        this.request = request;
        this.rules = compiled.rules(request);
        boolean asked = request.emissions().stream().anyMatch(Emission::needsOutputLayer);
        OutputStage outputs = asked ? new OutputStage(compiled.output(), kernel, request) : null;
        boolean forward = !compiled.model().looksAhead();
        this.tree = forward ? new TreeWalk(compiled, request, kernel, outputs) : null;
        this.layered = forward ? null : new LayeredScorer(compiled, request, kernel, outputs);
    }

    @Override
    public SequenceRules rules() {
        return rules;
    }

    @Override
    public List<ScoredSequence> score(List<Sequence> sequences) {
        rules.require(sequences);
        PrefixTree prefixes = new PrefixTree(sequences, compiled.input().takesTokens());
        computedSteps += prefixes.steps(tree != null);
        ScoredSequence[] answers = tree != null ? tree.walk(prefixes) : layered.score(prefixes.distinctSequences());
        List<ScoredSequence> scored = new ArrayList<>(sequences.size());
        for (int s = 0; s < sequences.size(); s++) {
            scored.add(answers[prefixes.representative(s)]);
        }
        return scored;
    }

    @Override
    public long computedSteps() {
        return computedSteps;
    }

    @Override
    public long bytes(int length) {
        return compiled.footprint().bytes(request, length);
    }
}
