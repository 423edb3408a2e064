package sluice.cell;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
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
    private final AnswerSheet sheet;
    private final Nodes nodes = new Nodes();

    LayeredScorer(CompiledModel compiled, ScoreRequest request, Kernel kernel, OutputStage outputs) {
        this.compiled = compiled;
        this.request = request;
        this.outputs = outputs;
        this.walk = new LayerWalk(compiled, kernel);
        this.readout = request.at() == OutputAt.LAST ? compiled.model().readout() : Readout.LAST_STEP;
        this.gatesLayer = request.asksFor(Emission.GATES)
                ? OptionalInt.of(request.gatesLayer(compiled.model()))
                : OptionalInt.empty();
        this.sheet = new AnswerSheet(request);
    }

    ScoredSequence[] score(List<Sequence> sequences) {
        Batch batch = new Batch(sequences, compiled.model(), compiled.input());
        LayerWalk.Run run =
                walk.run(batch, readout, request.asksFor(Emission.CELL), request.asksFor(Emission.STATE), gatesLayer);
        ScoredSequence[] answers = new ScoredSequence[batch.size()];
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
                .forEach(s -> answers[s] = ScoredSequence.unscorable(OverflowGuard.overflow(batch.sequence(s))));
        return answers;
    }

    private void list(Batch batch, LayerOutput top) {
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
        return length == 0 && request.at() == OutputAt.LAST ? -1 : 0;
    }

    private void write(Batch batch, ScoredSequence[] answers) {
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

    private void writeStates(Batch batch, int s, LayerWalk.Run run, ScoredSequence answer) {
        int length = batch.length(s);
        LayerOutput hidden = request.asksFor(Emission.HIDDEN) ? run.hidden() : null;
        for (int step = firstStep(length); step < length; step++) {
            int answered = sheet.answered(step, length);
            if (answered >= 0) {
                StepGates gates = run.gates() == null ? null : run.gates().at(s, step);
                sheet.tellStates(answer, answered, row(batch, s, step, hidden), row(batch, s, step, run.cell()), gates);
            }
        }
        if (request.asksFor(Emission.STATE)) {
            answer.state = run.states().get(s);
        }
    }

    private static float[] row(Batch batch, int s, int step, LayerOutput table) {
        return table == null ? null : table.copyOfRow(table.row(batch, s, step));
    }
}
