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

/** Scores batches with a kernel. Each distinct sequence is computed once, and not at all if the cache holds its answer. */
final class EngineScorer implements SequenceScorer {
    /** Most bytes of the states and inputs of a few sequences that are scored layer by layer. */
    private static final long LAYERS_BYTES = 4 << 20;

    private final PackedModel packed;
    private final SequenceRules rules;
    private final ScoreRequest request;
    private final AnswerCache answers;
    private final MemoryEstimate memory;
    private final TreeWalk tree; // for a model of forward layers only, else null
    private final LayeredScorer layered; // for a model with a backward direction, and for a few sequences
    private final int statesBytes; // of a step and its input, if all steps are kept
    private long computedSteps; // by the tree

    /** @param answers of this request, by sequence */
    EngineScorer(
            PackedModel packed,
            Kernel kernel,
            SequenceRules rules,
            ScoreRequest request,
            AnswerCache answers,
            MemoryEstimate memory) {
        this.request = request;
        this.packed = packed;
        this.rules = rules;
        this.answers = answers;
        this.memory = memory;
        boolean needsOutput = request.needsOutputLayer();
        OutputStage outputs =
                needsOutput ? new OutputStage(packed.output(), packed.outputRows(), kernel, request) : null;
        boolean forward = !packed.model().looksAhead();
        this.tree = forward ? new TreeWalk(packed, request, kernel, outputs) : null;
        FirstLayer firstLayer = forward ? FirstLayer.withoutTokenTable(packed) : new FirstLayer(packed, kernel);
        this.layered = new LayeredScorer(packed, request, kernel, firstLayer, outputs);
        int inputBytes = packed.stepInputs() == null
                ? 0
                : Float.BYTES * packed.stepInputs().width();
        this.statesBytes = inputBytes + LevelStates.bytes(packed.model().directions()) / 2;
    }

    @Override
    public SequenceRules rules() {
        return rules;
    }

    @Override
    public List<ScoredSequence> score(List<Sequence> sequences) {
        Answer[] scored = new Answer[sequences.size()];
        List<Sequence> distinct = new ArrayList<>(); // sequences without a cached answer
        Map<Sequence, Integer> places = new HashMap<>(); // their indexes in distinct
        int[] place = new int[scored.length];
        for (int s = 0; s < scored.length; s++) {
            Sequence sequence = sequences.get(s);
            scored[s] = answers.get(sequence);
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
        distinct.forEach(answers::clearIfTooSmallFor);
        Answer[] computed = compute(distinct);
        for (int s = 0; s < scored.length; s++) {
            if (scored[s] == null) {
                scored[s] = computed[place[s]];
            }
        }
        for (int at = 0; at < computed.length; at++) {
            answers.put(distinct.get(at), computed[at]);
        }
        return Arrays.asList(scored);
    }

    /** Computes the answers to distinct sequences, in their order. */
    private Answer[] compute(List<Sequence> distinct) {
        if (tree == null) {
            return layered.score(distinct);
        }
        PrefixTree prefixes = new PrefixTree(distinct, packed.input());
        long steps = tree.steps(prefixes);
        if (isFasterByLayers(prefixes, steps)) {
            return layered.score(distinct);
        }
        computedSteps += steps;
        Answer[] walked = tree.walk(prefixes);
        Answer[] answers = new Answer[walked.length];
        for (int at = 0; at < walked.length; at++) {
            answers[prefixes.origin(at)] = walked[at];
        }
        return answers;
    }

    /** Whether layer by layer is faster: few sequences, several layers, small states, and the tree would save no step. */
    private boolean isFasterByLayers(PrefixTree prefixes, long steps) {
        return packed.model().layers().size() > 1
                && prefixes.size() <= InputTerms.FEW
                && prefixes.length() == steps
                && steps * statesBytes <= LAYERS_BYTES;
    }

    @Override
    public long computedSteps() {
        return computedSteps + layered.computedSteps();
    }

    @Override
    public long bytes(Sequence sequence) {
        return memory.bytes(request, sequence);
    }
}
