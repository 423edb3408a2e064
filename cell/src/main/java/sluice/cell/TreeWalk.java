package sluice.cell;

import java.util.Arrays;
import java.util.OptionalInt;
import sluice.cell.kernel.Kernel;
import sluice.cell.model.LstmModel;

/**
 * Runs a prefix tree through a stack that reads forward: level by level, each node once, all layers of a level before the next, so
 * that only the states of two levels exist at a time, however long the sequences are. A sequence that has ended has no node in
 * the next level, so nothing is padded.
 *
 * <p>Level t holds a node for each distinct prefix of t + 1 tokens; level -1 the states that sequences start from. Sequences are in
 * lexicographic order, so those that share a node are neighbours, and a node's children are too.
 *
 * <p>Where only the probabilities of the tokens themselves are asked for, nobody needs the state that a sequence's last token leads to,
 * and it has no node.
 *
 * <p>The tree is cut into bands of neighbouring sequences, narrow enough that a level's states stay in cache; only the path at a
 * band's edge is walked twice. Scratch of one thread.
 */
final class TreeWalk {
    /** About a core's second-level cache. */
    private static final int STATE_BYTES = 1 << 19;

    /** So many nodes share each reading of the weights at least: those of a wide model come from memory. */
    private static final int LEAST_BAND = 192;

    private static final int LARGEST_BAND = 2048;

    private final LstmModel model;
    private final boolean takesTokens;
    private final OutputStage outputs; // or null where nothing is asked of the output layer
    private final AnswerSheet sheet;
    private final boolean each;
    private final boolean predicts;
    private final boolean tellsHidden;
    private final boolean tellsCell;
    private final boolean tellsState;
    private final boolean tellsGates;
    private final boolean mayOverflow;
    private final int targetsOnly; // 1 where a sequence's last token is no step, but only a target; else 0

    private final int band; // sequences, and so nodes of a level at the most
    private final FirstLayer firstLayer;
    private final LevelStates states;
    private final float[] features; // (band, I) of one level, or empty
    private final Nodes nodes = new Nodes(); // of the level
    private final Endings endings; // or null where every level is answered

    private final int[] alive; // sequences of the band that have a node in this level, in order
    private final int[] node; // of each sequence of the band, in this level
    private final int[] child; // of that node: the token that follows in this sequence
    private final int[] nextNode; // of the sequence, in the next level
    private final int[] parent; // of each node of the next level
    private final int[] walker; // and the first sequence that has it

    TreeWalk(CompiledModel compiled, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.model = compiled.model();
        this.takesTokens = compiled.input().takesTokens();
        this.outputs = outputs;
        this.sheet = new AnswerSheet(request);
        this.each = request.at() == OutputAt.EACH;
        this.predicts = request.needsTargets();
        this.tellsHidden = request.asksFor(Emission.HIDDEN);
        this.tellsCell = request.asksFor(Emission.CELL);
        this.tellsState = request.asksFor(Emission.STATE);
        this.tellsGates = request.asksFor(Emission.GATES);
        this.mayOverflow = compiled.mayOverflow();
        this.targetsOnly = readsTargetsOnly(compiled, request) ? 1 : 0;
        int fitting = STATE_BYTES / LevelStates.bytes(model.directions());
        this.band = Math.max(LEAST_BAND, Math.min(LARGEST_BAND, fitting));
        this.firstLayer = new FirstLayer(compiled, kernel);
        this.states = new LevelStates(
                compiled, kernel, band, tellsGates ? OptionalInt.of(request.gatesLayer(model)) : OptionalInt.empty());
        this.features = new float[takesTokens ? 0 : band * model.inputWidth()];
        this.endings = outputs == null || each || predicts ? null : new Endings(band, states.topWidth());
        this.alive = new int[band];
        this.node = new int[band];
        this.child = new int[band];
        this.nextNode = new int[band];
        this.parent = new int[band];
        this.walker = new int[band];
    }

    /** Where a state may overflow, each has to be looked at. */
    private static boolean readsTargetsOnly(CompiledModel compiled, ScoreRequest request) {
        return request.asksOfTargetsOnly() && !compiled.mayOverflow();
    }

    /** How many steps these sequences take. */
    long steps(PrefixTree tree) {
        return tree.steps(targetsOnly);
    }

    /** The answers of the tree's distinct sequences. */
    ScoredSequence[] walk(PrefixTree tree) {
        ScoredSequence[] answers = new ScoredSequence[tree.size()];
        Arrays.setAll(answers, place -> sheet.blank(tree.sequence(place).length()));
        for (int from = 0; from < answers.length; from += band) {
            walkBand(tree, from, Math.min(band, answers.length - from), answers);
        }
        return answers;
    }

    private void walkBand(PrefixTree tree, int from, int count, ScoredSequence[] answers) {
        if (firstLayer.wantsTokens()) {
            tellTokens(tree, from, count);
        }
        plantRoots(tree, from, count);
        int living = count;
        for (int level = -1; living > 0; level++) {
            int next = lookAhead(tree, from, level, living);
            if (outputs != null && endings == null) {
                outputs.answer(nodes, states.top());
            }
            write(tree, from, level, living, answers);
            living = leaveBehind(tree, from, level, living);
            if (next > 0) {
                step(tree, from, level + 1, next);
            }
        }
        if (endings != null) {
            endings.tell(outputs, sheet, answers);
        }
    }

    /** All tokens that the band's nodes read. */
    private void tellTokens(PrefixTree tree, int from, int count) {
        firstLayer.clear();
        long steps = 0;
        for (int s = 0; s < count; s++) {
            int[] tokens = tree.sequence(from + s).tokens();
            int known = s == 0 ? 0 : Math.max(0, tree.shared(from + s));
            for (int step = known; step < tokens.length - targetsOnly; step++) {
                firstLayer.add(tokens[step]);
            }
            steps += Math.max(0, tokens.length - targetsOnly - known);
        }
        firstLayer.begin(steps);
    }

    /** Level -1. */
    private void plantRoots(PrefixTree tree, int from, int count) {
        LstmState initial = LstmState.initial(model);
        int roots = 0;
        for (int s = 0; s < count; s++) {
            if (s == 0 || tree.shared(from + s) == PrefixTree.NOTHING) {
                states.put(roots++, tree.sequence(from + s).start().orElse(initial));
            }
            alive[s] = s;
            node[s] = roots - 1;
        }
    }

    /**
     * Lists the nodes of this level, what is asked of them, and the nodes of the next.
     *
     * @return how many nodes the next level has
     */
    private int lookAhead(PrefixTree tree, int from, int level, int living) {
        int next = 0;
        boolean nodeIsNew = false; // the next one, for a sequence that goes on
        nodes.clear();
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            Sequence sequence = tree.sequence(from + s);
            if (node[s] == nodes.count) {
                nodes.add(states.topOffset(node[s]), each && level >= 0 && targetsOnly == 0);
            }
            if (sequence.length() == level + 1) {
                nodes.told[node[s]] |= !each;
                continue;
            }
            // A neighbour that ended before this level shares no more than its length: then the node is new as well.
            if (s == 0 || tree.shared(from + s) <= level + 1) {
                nodeIsNew = true;
                if (predicts && level >= 0) {
                    nodes.addChild(sequence.tokens()[level + 1]);
                }
            }
            child[s] = nodes.children - 1;
            if (nodeIsNew && sequence.length() - targetsOnly > level + 1) {
                nodeIsNew = false;
                parent[next] = node[s];
                walker[next] = s;
                next++;
            }
            nextNode[s] = next - 1;
        }
        return next;
    }

    /** Copies the level's answers to the sequences that have a node in it. */
    private void write(PrefixTree tree, int from, int level, int living, ScoredSequence[] answers) {
        float[] hiddenRow = null; // of the node at hand, shared by all its sequences
        float[] cellRow = null;
        StepGates gates = null;
        int copied = -1;
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            int length = tree.sequence(from + s).length();
            ScoredSequence answer = answers[from + s];
            int answered = sheet.answered(level, length);
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
                    endings.add(from + s, states.top(), states.topOffset(node[s]));
                }
            }
            if (predicts && level >= 0 && length > level + 1) {
                sheet.predict(answer, level, nodes, child[s]);
            }
            if (tellsState && length == level + 1) {
                answer.state = states.state(node[s]);
            }
            if (mayOverflow && length == level + 1 && states.overflown(node[s])) {
                answers[from + s] = ScoredSequence.unscorable(OverflowGuard.overflow(tree.sequence(from + s)));
            }
        }
    }

    /** Goes on with the sequences that don't end here. */
    private int leaveBehind(PrefixTree tree, int from, int level, int living) {
        int left = 0;
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            if (tree.sequence(from + s).length() - targetsOnly > level + 1) {
                alive[left++] = s;
                node[s] = nextNode[s];
            }
        }
        return left;
    }

    /** Computes the nodes of a level from their parents. */
    private void step(PrefixTree tree, int from, int level, int count) {
        states.descend();
        int width = model.inputWidth();
        for (int at = 0; at < count; at++) {
            Sequence sequence = tree.sequence(from + walker[at]);
            if (takesTokens) {
                states.grow(parent[at], firstLayer, sequence.tokens()[level]);
            } else {
                System.arraycopy(sequence.features(), level * width, features, at * width, width);
                states.grow(parent[at], at);
            }
        }
        states.step(firstLayer, features);
    }
}
