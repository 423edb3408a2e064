package sluice.cell.engine;

import java.util.Arrays;
import java.util.OptionalInt;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.StepGates;
import sluice.cell.Steps;
import sluice.cell.answer.Answer;
import sluice.cell.answer.AnswerWriter;
import sluice.cell.answer.EndedSequences;
import sluice.cell.answer.Nodes;
import sluice.cell.answer.OutputStage;
import sluice.cell.kernel.Kernel;
import sluice.cell.model.LstmModel;

/**
 * Runs a prefix tree through a stack that reads forward: each node once, all layers of a node before its children, so that of a path only
 * the states of two levels exist at a time, however long the sequences are. A sequence that has ended has no node in the next level, so
 * nothing is padded.
 *
 * <p>Level t holds a node for each distinct prefix of t + 1 tokens; level -1 the states that sequences start from. Sequences are in
 * lexicographic order, so those that share a node are neighbours, and a node's children are too.
 *
 * <p>Where only the probabilities of the tokens themselves are asked for, nobody needs the state that a sequence's last token leads to,
 * and it has no node.
 *
 * <p>As many sequences are under way as have room for their states in the cache. They begin in groups of neighbours, which go down level by
 * level; when half of all have ended, the next group takes their places, so that a step has many rows however unlike the lengths are. Only
 * the path at a group's edge is walked twice. Scratch of one thread.
 */
final class TreeWalk {
    /** About a core's second-level cache. */
    private static final int STATE_BYTES = 1 << 19;

    /** So many nodes share each reading of the weights at least: those of a wide model come from memory. */
    private static final int LEAST_BAND = 384;

    private static final int LARGEST_BAND = 2048;

    private final LstmModel model;
    private final boolean takesTokens;
    private final OutputStage outputs; // or null where nothing is asked of the output layer
    private final AnswerWriter sheet;
    private final boolean each;
    private final boolean predicts;
    private final boolean tellsHidden;
    private final boolean tellsCell;
    private final boolean tellsState;
    private final boolean tellsGates;
    private final boolean mayOverflow;
    private final int targetsOnly; // 1 where a sequence's last token is no step, but only a target; else 0

    private final int band; // sequences that are under way, and so nodes, at the most
    private final FirstLayer firstLayer;
    private final LevelStates states;
    private final float[] features; // (band, I) of one step, or empty
    private final Nodes nodes = new Nodes(); // at hand
    private final EndedSequences endings; // or null where every level is answered

    // The sequences that are under way, group by group.
    private int living;
    private final int[] place; // of each, in the tree
    private final int[] shared; // with the one before it: nothing, where that is in another group
    private final int[] level; // that it is in
    private final int[] node; // that it has there
    private final int[] child; // of that node: the token that follows in this sequence
    private final int[] nextNode; // in the next level

    private int reached; // nodes that they have there, all together

    // The nodes that come next.
    private final int[] parent; // of each, the node that it follows
    private final int[] walker; // the place of the first sequence that has it
    private final int[] token; // of that sequence: which one it reads

    TreeWalk(CompiledModel compiled, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.model = compiled.model();
        this.takesTokens = compiled.input().takesTokens();
        this.outputs = outputs;
        this.sheet = new AnswerWriter(request);
        this.each = request.at() == Steps.EACH;
        this.predicts = request.needsTargets();
        this.tellsHidden = request.asksFor(OutputKind.HIDDEN);
        this.tellsCell = request.asksFor(OutputKind.CELL);
        this.tellsState = request.asksFor(OutputKind.STATE);
        this.tellsGates = request.asksFor(OutputKind.GATES);
        this.mayOverflow = compiled.mayOverflow();
        this.targetsOnly = readsTargetsOnly(compiled, request) ? 1 : 0;
        int fitting = STATE_BYTES / LevelStates.bytes(model.directions());
        this.band = Math.max(LEAST_BAND, Math.min(LARGEST_BAND, fitting));
        this.firstLayer = new FirstLayer(compiled, kernel);
        this.states = new LevelStates(
                compiled, kernel, band, tellsGates ? OptionalInt.of(request.gatesLayer(model)) : OptionalInt.empty());
        this.features = new float[takesTokens ? 0 : band * model.inputWidth()];
        this.endings = outputs == null || each || predicts ? null : new EndedSequences(band, states.topWidth());
        this.place = new int[band];
        this.shared = new int[band];
        this.level = new int[band];
        this.node = new int[band];
        this.child = new int[band];
        this.nextNode = new int[band];
        this.parent = new int[band];
        this.walker = new int[band];
        this.token = new int[band];
    }

    /** Where a state may overflow, each has to be looked at. */
    private static boolean readsTargetsOnly(CompiledModel compiled, ScoreRequest request) {
        return request.needsTargetsOnly() && !compiled.mayOverflow();
    }

    /** How many steps these sequences take. */
    long steps(PrefixTree tree) {
        return tree.steps(targetsOnly);
    }

    /** The answers of the tree's distinct sequences. */
    Answer[] walk(PrefixTree tree) {
        Answer[] answers = new Answer[tree.size()];
        Arrays.setAll(answers, place -> sheet.blank(tree.sequence(place).length()));
        int begun = 0;
        reached = 0;
        living = 0;
        while (living > 0 || begun < answers.length) {
            if (begun < answers.length && living <= (firstLayer.wantsTokens() ? 0 : band / 2)) {
                int count = Math.min(band - living, answers.length - begun);
                begin(tree, begun, count);
                begun += count;
            }
            int next = lookAhead(tree);
            if (outputs != null && endings == null) {
                outputs.answer(nodes, states.top());
            }
            write(tree, answers);
            leaveBehind(tree);
            step(tree, next);
        }
        if (endings != null) {
            endings.tell(outputs, sheet, answers);
        }
        return answers;
    }

    /** A group of neighbours, at level -1. */
    private void begin(PrefixTree tree, int from, int count) {
        LstmState initial = LstmState.initial(model);
        for (int s = from; s < from + count; s++) {
            place[living] = s;
            shared[living] = s == from ? PrefixTree.NOTHING : tree.shared(s);
            level[living] = -1;
            if (shared[living] == PrefixTree.NOTHING) {
                states.put(reached++, tree.sequence(s).start().orElse(initial));
            }
            node[living] = reached - 1;
            living++;
        }
        if (firstLayer.wantsTokens()) {
            tellTokens(tree);
        }
    }

    /** All tokens that the nodes of a group read that is alone under way. */
    private void tellTokens(PrefixTree tree) {
        firstLayer.clear();
        long steps = 0;
        for (int s = 0; s < living; s++) {
            int[] tokens = tree.sequence(place[s]).tokens();
            int known = Math.max(0, shared[s]);
            for (int step = known; step < tokens.length - targetsOnly; step++) {
                firstLayer.add(tokens[step]);
            }
            steps += Math.max(0, tokens.length - targetsOnly - known);
        }
        firstLayer.begin(steps);
    }

    /**
     * Lists the nodes at hand, what is asked of them, and the nodes that come next.
     *
     * @return how many these are
     */
    private int lookAhead(PrefixTree tree) {
        int next = 0;
        boolean nodeIsNew = false; // the next one, for a sequence that goes on
        nodes.clear();
        for (int s = 0; s < living; s++) {
            Sequence sequence = tree.sequence(place[s]);
            int following = level[s] + 1;
            if (node[s] == nodes.count) {
                nodes.add(states.topOffset(node[s]), each && level[s] >= 0 && targetsOnly == 0);
            }
            if (sequence.length() == following) {
                nodes.told[node[s]] |= !each;
                continue;
            }
            // A neighbour that ended before this level shares no more than its length: then the node is new as well.
            if (shared[s] <= following) {
                nodeIsNew = true;
                if (predicts && level[s] >= 0) {
                    nodes.addChild(sequence.tokens()[following]);
                }
            }
            child[s] = nodes.children - 1;
            if (nodeIsNew && goesOn(sequence, s)) {
                nodeIsNew = false;
                parent[next] = node[s];
                walker[next] = place[s];
                token[next] = following;
                next++;
            }
            nextNode[s] = next - 1;
        }
        return next;
    }

    /** Whether it has a node in the next level. */
    private boolean goesOn(Sequence sequence, int s) {
        return sequence.length() - targetsOnly > level[s] + 1;
    }

    /** Copies the nodes' answers to the sequences that have them. */
    private void write(PrefixTree tree, Answer[] answers) {
        float[] hiddenRow = null; // of the node at hand, shared by all its sequences
        float[] cellRow = null;
        StepGates gates = null;
        int copied = -1;
        for (int s = 0; s < living; s++) {
            int length = tree.sequence(place[s]).length();
            boolean ends = length == level[s] + 1;
            Answer answer = answers[place[s]];
            int answered = sheet.answered(level[s], length);
            if (answered >= 0) {
                if (copied != node[s]) {
                    copied = node[s];
                    hiddenRow = tellsHidden ? states.topHidden(copied) : null;
                    cellRow = tellsCell ? states.topCell(copied) : null;
                    gates = tellsGates ? states.gates(copied) : null;
                }
                sheet.tellStates(answer, answered, hiddenRow, cellRow, gates);
                if (endings == null) {
                    sheet.tell(answer, answered, nodes, node[s]);
                } else {
                    endings.add(place[s], states.top(), states.topOffset(node[s]));
                }
            }
            if (predicts && level[s] >= 0 && !ends) {
                sheet.predict(answer, level[s], nodes, child[s]);
            }
            if (tellsState && ends) {
                answer.state = states.state(node[s]);
            }
            if (mayOverflow && ends && states.overflown(node[s])) {
                answers[place[s]] = Answer.unscorable(OverflowGuard.overflow(tree.sequence(place[s])));
            }
            if (endings != null && endings.areMany()) {
                endings.tell(outputs, sheet, answers);
            }
        }
    }

    /** Goes on with the sequences that don't end here. */
    private void leaveBehind(PrefixTree tree) {
        int left = 0;
        for (int s = 0; s < living; s++) {
            if (goesOn(tree.sequence(place[s]), s)) {
                place[left] = place[s];
                shared[left] = shared[s];
                level[left] = level[s] + 1;
                node[left] = nextNode[s];
                left++;
            }
        }
        living = left;
    }

    /** Computes the nodes that come next from their parents. */
    private void step(PrefixTree tree, int next) {
        reached = next;
        if (next == 0) {
            return;
        }
        states.descend();
        int width = model.inputWidth();
        for (int at = 0; at < next; at++) {
            Sequence sequence = tree.sequence(walker[at]);
            if (takesTokens) {
                states.grow(parent[at], firstLayer, sequence.tokens()[token[at]]);
            } else {
                System.arraycopy(sequence.features(), token[at] * width, features, at * width, width);
                states.grow(parent[at], at);
            }
        }
        states.step(firstLayer, features);
    }
}
