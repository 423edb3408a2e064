package sluice.cell.engine;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.StepGates;
import sluice.cell.Steps;
import sluice.cell.answer.Answer;
import sluice.cell.answer.AnswerWriter;
import sluice.cell.answer.Nodes;
import sluice.cell.answer.OutputStage;
import sluice.cell.kernel.Kernel;
import sluice.cell.model.Readout;

/** Scores batches by a {@link LayerWalk}. Each step of a sequence is a node, and the token after it is the node's only child. */
final class LayeredScorer {
    private final PackedModel packed;
    private final ScoreRequest request;
    private final OutputStage outputs; // null if the request needs no output layer
    private final LayerWalk walk;
    private final Readout readout;
    private final OptionalInt gatesLayer;
    private final AnswerWriter writer;
    private final Nodes nodes = new Nodes();
    private long computedSteps;

    LayeredScorer(PackedModel packed, ScoreRequest request, Kernel kernel, FirstLayer firstLayer, OutputStage outputs) {
        this.packed = packed;
        this.request = request;
        this.outputs = outputs;
        this.walk = new LayerWalk(packed, kernel, firstLayer);
        this.readout = request.at() == Steps.LAST ? packed.model().readout() : Readout.LAST_STEP;
        this.gatesLayer = request.asksFor(OutputKind.GATES)
                ? OptionalInt.of(request.gatesLayer(packed.model()))
                : OptionalInt.empty();
        this.writer = new AnswerWriter(request);
    }

    /** Sequences that differ only in the token that follows them are one sequence of the batch. */
    Answer[] score(List<Sequence> sequences) {
        Map<Sequence, Integer> places = new LinkedHashMap<>();
        int[] place = sequences.stream()
                .mapToInt(sequence -> places.computeIfAbsent(sequence.withoutNext(), unseen -> places.size()))
                .toArray();
        SequenceBatch batch = new SequenceBatch(List.copyOf(places.keySet()), packed.stepInputs());
        computedSteps += batch.steps();
        LayerWalk.Run run = walk.run(
                batch,
                readout,
                request.pooling() != Pooling.LAST,
                request.asksFor(OutputKind.CELL),
                request.asksFor(OutputKind.STATE),
                gatesLayer);
        Answer[] answers = new Answer[place.length];
        Arrays.setAll(answers, s -> writer.allocate(sequences.get(s)));
        if (outputs != null) {
            listNodes(sequences, place, batch, run.hidden());
            outputs.answer(nodes, run.hidden().values());
            write(sequences, answers);
            nodes.clear();
        }
        for (int s = 0; s < answers.length; s++) {
            writeStates(batch, place[s], run, answers[s]);
            if (run.overflown().get(place[s])) {
                answers[s] = Answer.unscorable(
                        OverflowGuard.overflow(sequences.get(s).length()));
            }
        }
        return answers;
    }

    /** Number of steps of all batches so far. */
    long computedSteps() {
        return computedSteps;
    }

    private void listNodes(List<Sequence> sequences, int[] place, SequenceBatch batch, LayerOutput top) {
        nodes.clear();
        for (int s = 0; s < place.length; s++) {
            Sequence sequence = sequences.get(s);
            int length = sequence.length();
            for (int step = firstStep(length); step < length; step++) {
                nodes.add(
                        top.row(batch, place[s], step) * top.width(),
                        writer.answerIndex(step, length) >= 0,
                        sequence.classes());
                if (hasTarget(sequence, step)) {
                    int target = step < length - 1 ? sequence.tokens()[step + 1] : sequence.next();
                    nodes.addChild(target - request.firstClass());
                }
            }
        }
    }

    private boolean hasTarget(Sequence sequence, int step) {
        boolean ends = step == sequence.length() - 1;
        return request.needsTargets() && step >= 0 && (request.targetsNext() ? ends && sequence.hasNext() : !ends);
    }

    /** First node of a sequence; -1, its start, for an empty sequence that has an answer. */
    private int firstStep(int length) {
        return length == 0 && request.at() == Steps.LAST ? -1 : 0;
    }

    private void write(List<Sequence> sequences, Answer[] answers) {
        int node = 0;
        for (int s = 0; s < answers.length; s++) {
            int length = sequences.get(s).length();
            for (int step = firstStep(length); step < length; step++) {
                int answered = writer.answerIndex(step, length);
                if (answered >= 0) {
                    writer.writeDistribution(answers[s], answered, nodes, node);
                }
                if (nodes.firstChild[node] < nodes.endOfChildren(node)) {
                    int target = request.targetsNext() ? 0 : step;
                    writer.writeTarget(answers[s], target, nodes, nodes.firstChild[node]);
                }
                node++;
            }
        }
    }

    private void writeStates(SequenceBatch batch, int s, LayerWalk.Run run, Answer answer) {
        int length = batch.length(s);
        for (int step = firstStep(length); step < length; step++) {
            int answered = writer.answerIndex(step, length);
            if (answered >= 0) {
                StepGates gates = run.gates() == null ? null : run.gates().at(s, step);
                float[] hidden = request.asksFor(OutputKind.HIDDEN) ? hidden(batch, s, step, run) : null;
                writer.writeStates(answer, answered, hidden, row(batch, s, step, run.cell()), gates);
            }
        }
        if (request.asksFor(OutputKind.STATE)) {
            answer.state = run.states().get(s);
        }
    }

    private float[] hidden(SequenceBatch batch, int s, int step, LayerWalk.Run run) {
        return request.pooling() == Pooling.LAST || batch.length(s) == 0
                ? row(batch, s, step, run.hidden())
                : PooledStates.ofRows(
                        request.pooling(), run.steps(), run.steps().row(batch, s, 0), batch.length(s));
    }

    private static float[] row(SequenceBatch batch, int s, int step, LayerOutput table) {
        return table == null ? null : table.copyOfRow(table.row(batch, s, step));
    }
}
