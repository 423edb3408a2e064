package sluice.cell.engine;

import java.util.Arrays;
import java.util.OptionalInt;
import sluice.cell.ClassChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.StepGates;
import sluice.cell.answer.Answer;
import sluice.cell.answer.AnswerWriter;
import sluice.cell.answer.OutputQueue;
import sluice.cell.answer.OutputStage;
import sluice.cell.kernel.Kernel;
import sluice.cell.model.LstmModel;

/**
 * Runs a prefix tree through a model of forward layers. Each node is computed once, all its layers before its children, so memory holds
 * the states of only two levels, independent of sequence length. A sequence that has ended has no node in the next level, so there is no
 * padding.
 *
 * <p>Level t has a node for each distinct prefix of t + 1 tokens. Level -1 has the start states. Sequences are in lexicographic order,
 * so the sequences of a node are neighbours, and so are a node's children.
 *
 * <p>If the request needs only the probabilities of a sequence's own tokens, the state after the last token is not needed, and the last
 * token has no node.
 *
 * <p>The band limits the number of active sequences, so that their states fit the CPU cache. Sequences start in groups of neighbours,
 * and each group is walked level by level. When half of the band has ended, the next group starts beside the rest, so that a step has
 * many rows even if lengths differ. A prefix that is shared across a group's edge is computed twice. For one thread.
 */
final class TreeWalk {
    /** Bytes of states in a band: about the size of a core's L2 cache. */
    private static final int STATE_BYTES = 1 << 19;

    /** Smallest band: the weights of a wide model come from memory, and each read of them should serve many nodes. */
    private static final int LEAST_BAND = 384;

    private static final int LARGEST_BAND = 2048;

    private static final int NONE = -1;

    private final LstmModel model;
    private final OutputQueue outputs; // null if the request needs no output layer
    private final AnswerWriter writer;
    private final boolean distributions; // whether any are requested
    private final boolean choosesClasses; // whether a distribution is about a sequence's own classes
    private final boolean needsTargets; // whether the sequences' own tokens are targets
    private final boolean needsNext; // whether the tokens that follow the sequences are
    private final int firstClass; // the token of class 0
    private final boolean writesHidden;
    private final boolean writesCell;
    private final boolean writesState;
    private final boolean writesGates;
    private final boolean mayOverflow;
    private final int targetsOnly; // 1 if a sequence's last token is only a target and no step, else 0

    private final int band; // largest number of active sequences, and so of nodes in a level
    private final FirstLayer firstLayer;
    private final LevelStates states;
    private final PooledStates pooled; // null unless the hidden states of all steps are requested as one
    private final StepInputs stepInputs; // null for a model of tokens
    private final float[] inputs; // (band, width) of one level, or empty

    // The active sequences, group by group.
    private int active;
    private final int[] place; // place in the tree's order
    private final int[] shared; // tokens shared with the sequence before, NOTHING for the first of a group
    private final int[] level; // its current level
    private final int[] node; // its node in that level
    private final int[] nextNode; // its node in the next level

    private int levelNodes; // number of nodes in their current levels

    // The nodes of the next levels.
    private final int[] parent; // its parent
    private final int[] owner; // place of the first sequence that has it
    private final int[] token; // index of the token that it reads in that sequence

    TreeWalk(PackedModel packed, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.model = packed.model();
        this.writer = new AnswerWriter(request);
        this.distributions = request.needsDistribution();
        this.choosesClasses = request.choosesClasses();
        this.needsTargets = request.needsTargets() && !request.targetsNext();
        this.needsNext = request.needsTargets() && request.targetsNext();
        this.firstClass = request.firstClass();
        this.writesHidden = request.asksFor(OutputKind.HIDDEN);
        this.writesCell = request.asksFor(OutputKind.CELL);
        this.writesState = request.asksFor(OutputKind.STATE);
        this.writesGates = request.asksFor(OutputKind.GATES);
        this.mayOverflow = packed.mayOverflow();
        this.targetsOnly = skipsLastToken(packed, request) ? 1 : 0;
        int fitting = STATE_BYTES / LevelStates.bytes(model.directions());
        this.band = Math.max(LEAST_BAND, Math.min(LARGEST_BAND, fitting));
        this.firstLayer = new FirstLayer(packed, kernel);
        this.states = new LevelStates(
                packed, kernel, band, writesGates ? OptionalInt.of(request.gatesLayer(model)) : OptionalInt.empty());
        boolean pools = writesHidden && request.pooling() != Pooling.LAST;
        this.pooled = pools ? new PooledStates(request.pooling(), band, states.topWidth()) : null;
        this.stepInputs = packed.stepInputs();
        this.inputs = new float[stepInputs == null ? 0 : Math.multiplyExact(band, stepInputs.width())];
        this.outputs = outputs == null ? null : new OutputQueue(outputs, request, states.topWidth());
        this.place = new int[band];
        this.shared = new int[band];
        this.level = new int[band];
        this.node = new int[band];
        this.nextNode = new int[band];
        this.parent = new int[band];
        this.owner = new int[band];
        this.token = new int[band];
    }

    /** Whether the state after the last token is not needed. If states may overflow, each must be checked. */
    private static boolean skipsLastToken(PackedModel packed, ScoreRequest request) {
        return request.needsTargetsOnly() && !request.targetsNext() && !packed.mayOverflow();
    }

    /** Number of steps that the walk of this tree computes. */
    long steps(PrefixTree tree) {
        return tree.steps(targetsOnly);
    }

    /** Computes the answers of the tree's sequences, in the tree's order. */
    Answer[] walk(PrefixTree tree) {
        Answer[] answers = new Answer[tree.size()];
        Arrays.setAll(answers, place -> writer.allocate(tree.sequence(place)));
        int started = 0;
        levelNodes = 0;
        active = 0;
        if (outputs != null) {
            outputs.clear(); // of a walk that has failed
        }
        while (active > 0 || started < answers.length) {
            if (started < answers.length && active <= (firstLayer.needsTokens() ? 0 : band / 2)) {
                int count = Math.min(band - active, answers.length - started);
                startGroup(tree, started, count);
                started += count;
            }
            int next = listNextNodes(tree);
            if (outputs != null) {
                addOutputs(tree, answers);
                outputs.flushIfLong();
            }
            writeStates(tree, answers);
            dropEnded(tree);
            step(tree, next);
        }
        if (outputs != null) {
            outputs.flush();
        }
        return answers;
    }

    /** Starts a group of neighbours at level -1. */
    private void startGroup(PrefixTree tree, int from, int count) {
        LstmState initial = LstmState.initial(model);
        for (int s = from; s < from + count; s++) {
            place[active] = s;
            shared[active] = s == from ? PrefixTree.NOTHING : tree.shared(s);
            level[active] = -1;
            if (shared[active] == PrefixTree.NOTHING) {
                if (pooled != null) {
                    pooled.start(levelNodes);
                }
                states.put(levelNodes++, tree.sequence(s).start().orElse(initial));
            }
            node[active] = levelNodes - 1;
            active++;
        }
        if (firstLayer.needsTokens()) {
            registerTokens(tree);
        }
    }

    /** Registers the tokens that the nodes of the only active group read. */
    private void registerTokens(PrefixTree tree) {
        firstLayer.clear();
        long steps = 0;
        for (int s = 0; s < active; s++) {
            int[] tokens = tree.sequence(place[s]).tokens();
            int known = Math.max(0, shared[s]);
            for (int step = known; step < tokens.length - targetsOnly; step++) {
                firstLayer.add(tokens[step]);
            }
            steps += Math.max(0, tokens.length - targetsOnly - known);
        }
        firstLayer.prepare(steps);
    }

    /**
     * Lists the nodes of the next levels.
     *
     * @return their number
     */
    private int listNextNodes(PrefixTree tree) {
        int next = 0;
        boolean nodeIsNew = false; // whether the next sequence to continue has a next node of its own
        for (int s = 0; s < active; s++) {
            nodeIsNew |= continuesAlone(s);
            if (hasNextNode(tree.sequence(place[s]), s)) {
                if (nodeIsNew) {
                    nodeIsNew = false;
                    parent[next] = node[s];
                    owner[next] = place[s];
                    token[next] = level[s] + 1;
                    next++;
                }
                nextNode[s] = next - 1;
            }
        }
        return next;
    }

    /**
     * Whether a sequence's next token, if it has one, is not that of the sequence before. Also true if the neighbour has ended before this
     * level: it shares at most its own length.
     */
    private boolean continuesAlone(int s) {
        return shared[s] <= level[s] + 1;
    }

    /**
     * Adds what is requested of the output layer at the current levels to the queue. A node is added once for all its sequences, or, if
     * sequences choose classes, once for each that ends.
     */
    private void addOutputs(PrefixTree tree, Answer[] answers) {
        int queued = NONE; // index in the queue of the last node
        int child = NONE;
        for (int s = 0; s < active; s++) {
            if (s == 0 || node[s] != node[s - 1]) {
                queued = NONE;
            }
            Sequence sequence = tree.sequence(place[s]);
            Answer answer = answers[place[s]];
            boolean ends = sequence.length() == level[s] + 1;
            int row = distributions ? writer.answerIndex(level[s], sequence.length()) : NONE;
            boolean predicts = ends ? needsNext && sequence.hasNext() : needsTargets && level[s] >= 0;
            if (row >= 0 && choosesClasses) {
                queued = add(s, sequence.classes());
            } else if (queued == NONE && (row >= 0 || predicts)) {
                queued = add(s, ClassChoice.ALL);
            }
            if (row >= 0) {
                outputs.addDistribution(queued, answer, row);
            }
            if (predicts && ends) {
                outputs.addTarget(outputs.addChild(sequence.next() - firstClass), answer, 0);
            } else if (predicts) {
                child = continuesAlone(s) ? outputs.addChild(sequence.tokens()[level[s] + 1] - firstClass) : child;
                outputs.addTarget(child, answer, level[s]);
            }
        }
    }

    private int add(int s, ClassChoice classes) {
        return outputs.add(states.top(), states.topOffset(node[s]), classes);
    }

    /** Whether a sequence has a node in the next level. */
    private boolean hasNextNode(Sequence sequence, int s) {
        return sequence.length() - targetsOnly > level[s] + 1;
    }

    /** Copies the nodes' states and gates to the answers of their sequences. */
    private void writeStates(PrefixTree tree, Answer[] answers) {
        float[] hiddenRow = null; // of the copied node, shared by its sequences
        float[] cellRow = null;
        StepGates gates = null;
        int copied = NONE;
        for (int s = 0; s < active; s++) {
            int length = tree.sequence(place[s]).length();
            Answer answer = answers[place[s]];
            int row = writer.answerIndex(level[s], length);
            if (row >= 0) {
                if (copied != node[s]) {
                    copied = node[s];
                    hiddenRow = writesHidden ? hidden(copied, level[s] + 1) : null;
                    cellRow = writesCell ? states.topCell(copied) : null;
                    gates = writesGates ? states.gates(copied) : null;
                }
                writer.writeStates(answer, row, hiddenRow, cellRow, gates);
            }
            if (length == level[s] + 1) {
                if (writesState) {
                    answer.state = states.state(node[s]);
                }
                if (mayOverflow && states.overflown(node[s])) {
                    answers[place[s]] = Answer.unscorable(OverflowGuard.overflow(length));
                }
            }
        }
    }

    /** The requested hidden state of a node; without steps, that of the start. */
    private float[] hidden(int ofNode, int steps) {
        return pooled == null || steps == 0 ? states.topHidden(ofNode) : pooled.of(ofNode, steps);
    }

    /** Drops the sequences that have ended and moves the others to their next level. */
    private void dropEnded(PrefixTree tree) {
        int left = 0;
        for (int s = 0; s < active; s++) {
            if (hasNextNode(tree.sequence(place[s]), s)) {
                place[left] = place[s];
                shared[left] = shared[s];
                level[left] = level[s] + 1;
                node[left] = nextNode[s];
                left++;
            }
        }
        active = left;
    }

    /** Computes the nodes of the next levels from their parents. */
    private void step(PrefixTree tree, int next) {
        levelNodes = next;
        if (next == 0) {
            return;
        }
        states.nextLevel();
        for (int at = 0; at < next; at++) {
            Sequence sequence = tree.sequence(owner[at]);
            if (stepInputs == null) {
                states.addNode(parent[at], firstLayer, sequence.tokens()[token[at]]);
            } else {
                stepInputs.write(sequence, token[at], inputs, at * stepInputs.width());
                states.addNode(parent[at], stepInputs.start(sequence, token[at]), at);
            }
        }
        states.step(firstLayer, inputs);
        if (pooled != null) {
            pooled.nextLevel();
            for (int at = 0; at < next; at++) {
                pooled.add(at, parent[at], states.top(), states.topOffset(at));
            }
        }
    }
}
