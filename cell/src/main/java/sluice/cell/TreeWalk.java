package sluice.cell;

import java.util.Arrays;
import java.util.List;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.StepRows;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/**
 * Runs a prefix tree through a stack that reads forward: level by level, each node once, all layers of a level before the next, so
 * that only the states of two levels exist at a time, however long the sequences are. A sequence that has ended has no node in
 * the next level, so nothing is padded.
 *
 * <p>The tree is cut into bands of neighbouring sequences, narrow enough that a level's states stay in cache; only the path at a
 * band's edge is walked twice.
 */
final class TreeWalk {
    /** About half of a core's second-level cache; the other half is the weights'. */
    private static final int STATE_BYTES = 1 << 18;

    private static final int LEAST_BAND = 48;
    private static final int LARGEST_BAND = 2048;

    private final CompiledModel compiled;
    private final LstmModel model;
    private final Kernel kernel;
    private final FirstLayer firstLayer;
    private final OutputStage outputs; // or null where nothing is asked of the output layer
    private final AnswerSheet sheet;
    private final boolean each;
    private final boolean predicts;
    private final boolean tellsHidden;
    private final boolean tellsCell;
    private final boolean tellsState;

    // States of two levels, the one half read while the other is written.
    private final int band; // sequences, and so nodes of a level
    private final float[][] hidden; // of each layer: (2 band, P)
    private final float[][] cell; // of each layer: (2 band, H)
    private final float[][] shown; // of each layer: (2 band, H) where it has a projection, else its hidden
    private final float[] features; // (band, I) of one level, or empty
    private int half; // the one that holds the current level

    // The level.
    private final Nodes nodes = new Nodes();
    private final StepRows rows;
    private final int[] alive; // sequences of the band that have a node in this level, in order
    private final int[] node; // of each sequence of the band, in this level
    private final int[] nextNode; // and in the next
    private final int[] parent; // of each node of the next level
    private final int[] walker; // and the first sequence that has it

    TreeWalk(CompiledModel compiled, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.compiled = compiled;
        this.model = compiled.model();
        this.kernel = kernel;
        this.firstLayer = new FirstLayer(compiled, kernel);
        this.outputs = outputs;
        this.sheet = new AnswerSheet(request);
        this.each = request.at() == OutputAt.EACH;
        this.predicts = request.needsTargets();
        this.tellsHidden = request.asksFor(Emission.HIDDEN);
        this.tellsCell = request.asksFor(Emission.CELL);
        this.tellsState = request.asksFor(Emission.STATE);
        List<LstmDirection> layers = model.directions();
        this.band = band(layers);
        this.hidden = new float[layers.size()][];
        this.cell = new float[layers.size()][];
        this.shown = new float[layers.size()][];
        for (int layer = 0; layer < layers.size(); layer++) {
            LstmDirection direction = layers.get(layer);
            hidden[layer] = new float[2 * band * direction.outputWidth()];
            cell[layer] = new float[2 * band * direction.hiddenWidth()];
            shown[layer] =
                    compiled.projection(layer) == null ? hidden[layer] : new float[2 * band * direction.hiddenWidth()];
        }
        this.features = new float[compiled.input() == InputKind.FEATURES ? band * model.inputWidth() : 0];
        this.rows = new StepRows(band);
        this.alive = new int[band];
        this.node = new int[band];
        this.nextNode = new int[band];
        this.parent = new int[band];
        this.walker = new int[band];
    }

    private static int band(List<LstmDirection> layers) {
        int floats = 0;
        for (LstmDirection direction : layers) {
            floats += 2 * (direction.outputWidth() + direction.hiddenWidth());
        }
        return Math.max(LEAST_BAND, Math.min(LARGEST_BAND, STATE_BYTES / (Float.BYTES * floats)));
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
        int living = count;
        for (int s = 0; s < count; s++) {
            alive[s] = s;
        }
        tellTokens(tree, from, count);
        plantRoots(tree, from, count);
        for (int level = -1; living > 0; level++) {
            int next = lookAhead(tree, from, level, living);
            if (outputs != null) {
                outputs.answer(nodes, top(hidden));
            }
            write(tree, from, level, living, answers);
            living = descend(tree, from, level, living);
            if (next > 0) {
                step(tree, from, level + 1, next);
            }
        }
    }

    private void tellTokens(PrefixTree tree, int from, int count) {
        if (!firstLayer.wantsTokens()) {
            return;
        }
        firstLayer.clear();
        long steps = 0;
        for (int s = 0; s < count; s++) {
            int[] tokens = tree.sequence(from + s).tokens();
            int known = s == 0 ? 0 : Math.max(0, tree.shared(from + s));
            for (int step = known; step < tokens.length; step++) {
                firstLayer.add(tokens[step]);
            }
            steps += tokens.length - known;
        }
        firstLayer.begin(steps);
    }

    /** Level -1: the states that sequences start from. */
    private void plantRoots(PrefixTree tree, int from, int count) {
        half = 0;
        int roots = 0;
        LstmState initial = LstmState.initial(model);
        for (int s = 0; s < count; s++) {
            if (s == 0 || tree.shared(from + s) == PrefixTree.NOTHING) {
                LstmState start = tree.sequence(from + s).start().orElse(initial);
                for (int layer = 0; layer < hidden.length; layer++) {
                    put(start.hidden()[layer], hidden[layer], roots);
                    put(start.cell()[layer], cell[layer], roots);
                }
                roots++;
            }
            node[s] = roots - 1;
        }
    }

    private static void put(float[] row, float[] table, int at) {
        System.arraycopy(row, 0, table, at * row.length, row.length);
    }

    /**
     * Lists the nodes of this level, what is asked of them, and the nodes of the next.
     *
     * @return how many nodes the next level has
     */
    private int lookAhead(PrefixTree tree, int from, int level, int living) {
        int width = model.outputWidth();
        int next = 0;
        nodes.clear();
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            Sequence sequence = tree.sequence(from + s);
            if (node[s] == nodes.count) {
                nodes.add((half * band + node[s]) * width, each && level >= 0);
            }
            if (sequence.length() == level + 1) {
                nodes.told[node[s]] |= !each;
                continue;
            }
            if (s == 0 || tree.shared(from + s) <= level + 1) {
                parent[next] = node[s];
                walker[next] = s;
                next++;
                if (predicts && level >= 0) {
                    nodes.addChild(sequence.tokens()[level + 1]);
                }
            }
            nextNode[s] = next - 1;
        }
        return next;
    }

    /** Copies the level's answers to the sequences that have a node in it. */
    private void write(PrefixTree tree, int from, int level, int living, ScoredSequence[] answers) {
        float[] hiddenRow = null;
        float[] cellRow = null;
        int copied = -1;
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            int length = tree.sequence(from + s).length();
            ScoredSequence answer = answers[from + s];
            int answered = sheet.answered(level, length);
            if (answered >= 0) {
                if (outputs != null) {
                    sheet.tell(answer, answered, nodes, node[s]);
                }
                if (copied != node[s]) {
                    copied = node[s];
                    hiddenRow = tellsHidden ? row(top(hidden), model.outputWidth(), copied) : null;
                    cellRow = tellsCell ? row(top(cell), topDirection().hiddenWidth(), copied) : null;
                }
                if (tellsHidden) {
                    answer.hidden[answered] = hiddenRow;
                }
                if (tellsCell) {
                    answer.cell[answered] = cellRow;
                }
            }
            if (predicts && level >= 0 && length > level + 1) {
                sheet.predict(answer, level, nodes, nextNode[s]);
            }
            if (tellsState && length == level + 1) {
                answer.state = state(node[s]);
            }
        }
    }

    /** Leaves behind the sequences that end here. */
    private int descend(PrefixTree tree, int from, int level, int living) {
        int left = 0;
        for (int at = 0; at < living; at++) {
            int s = alive[at];
            if (tree.sequence(from + s).length() > level + 1) {
                alive[left++] = s;
                node[s] = nextNode[s];
            }
        }
        return left;
    }

    /** Computes the nodes of a level from their parents, layer by layer. */
    private void step(PrefixTree tree, int from, int level, int count) {
        int previous = half * band;
        half = 1 - half;
        int next = half * band;
        for (int layer = 0; layer < hidden.length; layer++) {
            rows.clear();
            for (int at = 0; at < count; at++) {
                if (layer > 0) {
                    rows.add(0, next + at, previous + parent[at], next + at);
                } else {
                    addInput(tree.sequence(from + walker[at]), level, at, previous + parent[at], next + at);
                }
            }
            kernel.step(
                    layer > 0 ? compiled.gates(layer) : firstLayer.gates(0),
                    rows,
                    layer > 0 ? hidden[layer - 1] : firstLayer.input(features),
                    hidden[layer],
                    cell[layer],
                    shown[layer]);
            project(layer, next, count);
        }
    }

    private void addInput(Sequence sequence, int level, int at, int previous, int next) {
        if (compiled.input() == InputKind.FEATURES) {
            int width = model.inputWidth();
            System.arraycopy(sequence.features(), level * width, features, at * width, width);
            rows.add(0, at, previous, next);
        } else {
            firstLayer.addToken(rows, sequence.tokens()[level], previous, next);
        }
    }

    private void project(int layer, int next, int count) {
        LinearPanels projection = compiled.projection(layer);
        if (projection == null) {
            return;
        }
        int[] from = new int[count];
        int[] to = new int[count];
        for (int at = 0; at < count; at++) {
            from[at] = (next + at) * projection.inputs();
            to[at] = (next + at) * projection.outputs();
        }
        kernel.multiply(projection, 0, projection.outputs(), shown[layer], from, count, hidden[layer], to);
    }

    private LstmState state(int at) {
        float[][] h = new float[hidden.length][];
        float[][] c = new float[cell.length][];
        for (int layer = 0; layer < h.length; layer++) {
            LstmDirection direction = model.directions().get(layer);
            h[layer] = row(hidden[layer], direction.outputWidth(), at);
            c[layer] = row(cell[layer], direction.hiddenWidth(), at);
        }
        return new LstmState(h, c);
    }

    private float[] row(float[] table, int width, int at) {
        int offset = (half * band + at) * width;
        return Arrays.copyOfRange(table, offset, offset + width);
    }

    private static float[] top(float[][] layers) {
        return layers[layers.length - 1];
    }

    private LstmDirection topDirection() {
        return model.directions().get(hidden.length - 1);
    }
}
