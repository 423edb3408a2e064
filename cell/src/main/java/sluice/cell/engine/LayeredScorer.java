package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import sluice.cell.OutputKind;
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

    LayeredScorer(PackedModel packed, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.packed = packed;
        this.request = request;
        this.outputs = outputs;
        this.walk = new LayerWalk(packed, kernel);
        this.readout = request.at() == Steps.LAST ? packed.model().readout() : Readout.LAST_STEP;
        this.gatesLayer = request.asksFor(OutputKind.GATES)
                ? OptionalInt.of(request.gatesLayer(packed.model()))
                : OptionalInt.empty();
        this.writer = new AnswerWriter(request);
    }

    Answer[] score(List<Sequence> sequences) {
        SequenceBatch batch = new SequenceBatch(sequences, packed.stepInputs());
        LayerWalk.Run run = walk.run(
                batch, readout, request.asksFor(OutputKind.CELL), request.asksFor(OutputKind.STATE), gatesLayer);
        Answer[] answers = new Answer[batch.size()];
        Arrays.setAll(answers, s -> writer.allocate(batch.length(s)));
        if (outputs != null) {
            listNodes(batch, run.hidden());
            outputs.answer(nodes, run.hidden().values());
            write(batch, answers);
        }
        for (int s = 0; s < answers.length; s++) {
            writeStates(batch, s, run, answers[s]);
        }
        run.overflown().stream()
                .forEach(s -> answers[s] = Answer.unscorable(OverflowGuard.overflow(batch.sequence(s))));
        return answers;
    }

    private void listNodes(SequenceBatch batch, LayerOutput top) {
        nodes.clear();
        for (int s = 0; s < batch.size(); s++) {
            int length = batch.length(s);
            for (int step = firstStep(length); step < length; step++) {
                nodes.add(top.row(batch, s, step) * top.width(), writer.answerIndex(step, length) >= 0);
                if (request.needsTargets() && step >= 0 && step < length - 1) {
                    nodes.addChild(batch.sequence(s).tokens()[step + 1] - request.firstClass());
                }
            }
        }
    }

    /** First node of a sequence; -1, its start, for an empty sequence that has an answer. */
    private int firstStep(int length) {
        return length == 0 && request.at() == Steps.LAST ? -1 : 0;
    }

    private void write(SequenceBatch batch, Answer[] answers) {
        int node = 0;
        for (int s = 0; s < batch.size(); s++) {
            int length = batch.length(s);
            for (int step = firstStep(length); step < length; step++) {
                int answered = writer.answerIndex(step, length);
                if (answered >= 0) {
                    writer.writeDistribution(answers[s], answered, nodes, node);
                }
                if (nodes.firstChild[node] < nodes.endOfChildren(node)) {
                    writer.writeTarget(answers[s], step, nodes, nodes.firstChild[node]);
                }
                node++;
            }
        }
    }

    private void writeStates(SequenceBatch batch, int s, LayerWalk.Run run, Answer answer) {
        int length = batch.length(s);
        LayerOutput hidden = request.asksFor(OutputKind.HIDDEN) ? run.hidden() : null;
        for (int step = firstStep(length); step < length; step++) {
            int answered = writer.answerIndex(step, length);
            if (answered >= 0) {
                StepGates gates = run.gates() == null ? null : run.gates().at(s, step);
                writer.writeStates(
                        answer, answered, row(batch, s, step, hidden), row(batch, s, step, run.cell()), gates);
            }
        }
        if (request.asksFor(OutputKind.STATE)) {
            answer.state = run.states().get(s);
        }
    }

    private static float[] row(SequenceBatch batch, int s, int step, LayerOutput table) {
        return table == null ? null : table.copyOfRow(table.row(batch, s, step));
    }
}
