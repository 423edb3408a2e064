package sluice.cell;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;

/** Scores batches with a kernel. */
final class EngineScorer implements SequenceScorer {
    private final CompiledModel compiled;
    private final ScoreRequest request;
    private final SequenceRules rules;
    private final Recurrence recurrence;
    private final OutputStage outputs; // or null where nothing is asked of the output layer

    EngineScorer(CompiledModel compiled, ScoreRequest request, Kernel kernel) {
        this.compiled = compiled;
        this.request = request;
        this.rules = compiled.rules(request);
        this.recurrence = new Recurrence(compiled, kernel);
        LinearPanels output = compiled.output();
        boolean asked = request.emissions().stream().anyMatch(Emission::needsOutputLayer);
        this.outputs = asked ? new OutputStage(output, kernel, request) : null;
    }

    @Override
    public SequenceRules rules() {
        return rules;
    }

    @Override
    public List<ScoredSequence> score(List<Sequence> sequences) {
        rules.require(sequences);
        Batch batch = new Batch(sequences, compiled.model(), compiled.input());
        Recurrence.Run run = recurrence.run(batch, request.asksFor(Emission.CELL), request.asksFor(Emission.STATE));
        List<ScoredSequence> scored = new ArrayList<>(batch.size());
        for (int s = 0; s < batch.size(); s++) {
            scored.add(new ScoredSequence());
        }
        if (outputs != null) {
            outputs.answer(batch, run.hidden(), scored);
        }
        for (int s = 0; s < batch.size(); s++) {
            tellStates(batch, s, run, scored.get(s));
        }
        return scored;
    }

    private void tellStates(Batch batch, int s, Recurrence.Run run, ScoredSequence scored) {
        if (request.asksFor(Emission.HIDDEN)) {
            scored.hidden = rows(batch, s, run.hidden());
        }
        if (request.asksFor(Emission.CELL)) {
            scored.cell = rows(batch, s, run.cell());
        }
        if (request.asksFor(Emission.STATE)) {
            scored.state = run.states().get(s);
        }
    }

    private float[][] rows(Batch batch, int s, LayerOutput table) {
        if (request.at() == OutputAt.LAST) {
            return new float[][] {table.copyOfRow(table.row(batch, s, batch.length(s) - 1))};
        }
        float[][] rows = new float[batch.length(s)][];
        for (int step = 0; step < rows.length; step++) {
            rows[step] = table.copyOfRow(table.row(batch, s, step));
        }
        return rows;
    }

    @Override
    public long bytes(int length) {
        return compiled.footprint().bytes(request, length);
    }
}
