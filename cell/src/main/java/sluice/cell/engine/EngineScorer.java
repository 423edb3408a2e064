package sluice.cell.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.answer.Answer;
import sluice.cell.answer.OutputStage;
import sluice.cell.kernel.Kernel;

/** Scores batches with a kernel: every distinct sequence once, and none whose answer it still knows. */
final class EngineScorer implements SequenceScorer {
    private final CompiledModel compiled;
    private final SequenceRules rules;
    private final AnswerCache known;
    private final TreeWalk tree; // for a stack that reads forward, else null
    private final LayeredScorer layered; // for one that also reads backward, else null
    private long computedSteps;

    EngineScorer(CompiledModel compiled, Kernel kernel, AnswerCache known) {
        ScoreRequest request = known.request();
        this.compiled = compiled;
        this.known = known;
        this.rules = compiled.rules(request);
        boolean asked = request.needsOutputLayer();
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
        Answer[] scored = new Answer[sequences.size()];
        List<Sequence> distinct = new ArrayList<>(); // those whose answer isn't known
        Map<Sequence, Integer> places = new HashMap<>(); // of these
        int[] place = new int[scored.length];
        for (int s = 0; s < scored.length; s++) {
            Sequence sequence = sequences.get(s);
            scored[s] = known.to(sequence);
            if (scored[s] == null) {
                Integer first = places.putIfAbsent(sequence, distinct.size());
                place[s] = first == null ? distinct.size() : first;
                if (first == null) {
                    rules.require(sequence, s);
                    distinct.add(sequence);
                }
            }
        }
        rules.requireRoom(distinct);
        distinct.forEach(known::makeRoomFor);
        Answer[] answers = compute(distinct);
        for (int s = 0; s < scored.length; s++) {
            if (scored[s] == null) {
                scored[s] = answers[place[s]];
            }
        }
        for (int at = 0; at < answers.length; at++) {
            known.add(distinct.get(at), answers[at]);
        }
        return Arrays.asList(scored);
    }

    /** The answers to distinct sequences. */
    private Answer[] compute(List<Sequence> distinct) {
        if (layered != null) {
            computedSteps += distinct.stream().mapToLong(Sequence::length).sum();
            return layered.score(distinct);
        }
        PrefixTree prefixes = new PrefixTree(distinct, compiled.input().takesTokens());
        computedSteps += tree.steps(prefixes);
        Answer[] walked = tree.walk(prefixes);
        Answer[] answers = new Answer[walked.length];
        for (int at = 0; at < walked.length; at++) {
            answers[prefixes.origin(at)] = walked[at];
        }
        return answers;
    }

    @Override
    public long computedSteps() {
        return computedSteps;
    }

    @Override
    public long bytes(int length) {
        return compiled.footprint().bytes(known.request(), length);
    }
}
