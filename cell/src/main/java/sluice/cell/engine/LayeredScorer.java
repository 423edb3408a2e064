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

/** Answers sequences by a {@link LayerWalk}: every step of every sequence is a node, and the next token its only child. */
final class LayeredScorer {
    private final CompiledModel compiled;
    private final ScoreRequest request;
    private final OutputStage outputs; // or null where nothing is asked of the output layer
    private final LayerWalk walk;
    private final Readout readout;
    private final OptionalInt gatesLayer;
    private final AnswerWriter sheet;
    private final Nodes nodes = new Nodes();

    LayeredScorer(CompiledModel compiled, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.compiled = compiled;
        this.request = request;
        this.outputs = outputs;
        this.walk = new LayerWalk(compiled, kernel);
        this.readout = request.at() == Steps.LAST ? compiled.model().readout() : Readout.LAST_STEP;
        this.gatesLayer = request.asksFor(OutputKind.GATES)
                ? OptionalInt.of(request.gatesLayer(compiled.model()))
                : OptionalInt.empty();
        this.sheet = new AnswerWriter(request);
    }

    Answer[] score(List<Sequence> sequences) {
        SequenceBatch batch = new SequenceBatch(sequences, compiled.model(), compiled.input());
        LayerWalk.Run run = walk.run(
                batch, readout, request.asksFor(OutputKind.CELL), request.asksFor(OutputKind.STATE), gatesLayer);
        Answer[] answers = new Answer[batch.size()];
        Arrays.setAll(answers, s -> sheet.blank(batch.length(s)));
        if (outputs != null) {
            list(batch, run.hidden());
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

    private void list(SequenceBatch batch, LayerOutput top) {
        nodes.clear();
        for (int s = 0; s < batch.size(); s++) {
            int length = batch.length(s);
            for (int step = firstStep(length); step < length; step++) {
                nodes.add(top.row(batch, s, step) * top.width(), sheet.answered(step, length) >= 0);
                if (request.needsTargets() && step >= 0 && step < length - 1) {
                    nodes.addChild(batch.sequence(s).tokens()[step + 1]);
                }
            }
        }
    }

    /** An empty sequence has one node, its start, if it is answered at all. */
    private int firstStep(int length) {
        return length == 0 && request.at() == Steps.LAST ? -1 : 0;
    }

    private void write(SequenceBatch batch, Answer[] answers) {
        int node = 0;
        for (int s = 0; s < batch.size(); s++) {
            int length = batch.length(s);
            for (int step = firstStep(length); step < length; step++) {
                int answered = sheet.answered(step, length);
                if (answered >= 0) {
                    sheet.tell(answers[s], answered, nodes, node);
                }
                if (nodes.firstChild[node] < nodes.endOfChildren(node)) {
                    sheet.predict(answers[s], step, nodes, nodes.firstChild[node]);
                }
                node++;
            }
        }
    }

    private void writeStates(SequenceBatch batch, int s, LayerWalk.Run run, Answer answer) {
        int length = batch.length(s);
        LayerOutput hidden = request.asksFor(OutputKind.HIDDEN) ? run.hidden() : null;
        for (int step = firstStep(length); step < length; step++) {
            int answered = sheet.answered(step, length);
            if (answered >= 0) {
                StepGates gates = run.gates() == null ? null : run.gates().at(s, step);
                sheet.tellStates(answer, answered, row(batch, s, step, hidden), row(batch, s, step, run.cell()), gates);
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
