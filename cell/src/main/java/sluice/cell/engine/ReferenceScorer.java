package sluice.cell.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.OptionalInt;
import sluice.cell.InputKind;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.StepGates;
import sluice.cell.Steps;
import sluice.cell.answer.Answer;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.Readout;
import sluice.cell.reference.ReferenceLstm;

/** Scores with the float64 reference, one sequence at a time, and rounds the answers to float32 at the end. */
final class ReferenceScorer implements SequenceScorer {
    private final LstmModel model;
    private final InputKind input;
    private final SequenceRules rules;
    private final ScoreRequest request;
    private final MemoryEstimate memory;
    private final ReferenceLstm lstm;
    private final OptionalInt gatesLayer;
    private long computedSteps;

    ReferenceScorer(
            LstmModel model, InputKind input, SequenceRules rules, ScoreRequest request, MemoryEstimate memory) {
        this.model = model;
        this.input = input;
        this.rules = rules;
        this.request = request;
        this.memory = memory;
        this.lstm = new ReferenceLstm(model);
        this.gatesLayer =
                request.asksFor(OutputKind.GATES) ? OptionalInt.of(request.gatesLayer(model)) : OptionalInt.empty();
    }

    @Override
    public SequenceRules rules() {
        return rules;
    }

    @Override
    public long computedSteps() {
        return computedSteps;
    }

    @Override
    public long bytes(Sequence sequence) {
        return memory.bytes(request, sequence);
    }

    @Override
    public List<ScoredSequence> score(List<Sequence> sequences) {
        rules.require(sequences);
        List<ScoredSequence> scored = new ArrayList<>(sequences.size());
        for (Sequence sequence : sequences) {
            scored.add(score(sequence));
            computedSteps += sequence.length();
        }
        return scored;
    }

    private Answer score(Sequence sequence) {
        LstmState start = sequence.start().orElseGet(() -> LstmState.initial(model));
        ReferenceLstm.Run run = lstm.run(inputs(sequence), widen(start.hidden()), widen(start.cell()), gatesLayer);
        if (!(run.largestState() <= SequenceRules.MAX_STATE)) {
            return Answer.unscorable(OverflowGuard.overflow(sequence));
        }
        Answer scored = new Answer();
        double[][] hidden = answered(run.hidden(), lstm.shown(topOf(run.finalHidden())));
        if (request.asksFor(OutputKind.HIDDEN)) {
            scored.hidden = narrow(pooled(run.hidden(), hidden));
        }
        if (request.asksFor(OutputKind.CELL)) {
            scored.cell = narrow(answered(run.cell(), sideBySide(topOf(run.finalCell()))));
        }
        if (request.asksFor(OutputKind.STATE)) {
            scored.state = new LstmState(narrow(run.finalHidden()), narrow(run.finalCell()));
        }
        if (request.asksFor(OutputKind.GATES)) {
            scored.gates = run.gates().stream().map(ReferenceScorer::narrow).toArray(StepGates[]::new);
        }
        if (request.needsDistribution()) {
            new ReferenceDistributions(lstm, request, sequence.classes()).write(hidden, scored);
        }
        if (request.needsTargets()) {
            writeTargets(run.hidden(), hidden, sequence, scored);
        }
        return scored;
    }

    /** The requested hidden states: those of the answered steps, or the pool of all steps, if there are any. */
    private double[][] pooled(double[][] steps, double[][] answered) {
        if (request.pooling() == Pooling.LAST || steps.length == 0) {
            return answered;
        }
        double[] pool = new double[steps[0].length];
        for (int unit = 0; unit < pool.length; unit++) {
            int column = unit;
            DoubleSummaryStatistics values =
                    Arrays.stream(steps).mapToDouble(step -> step[column]).summaryStatistics();
            pool[unit] = request.pooling() == Pooling.MEAN ? values.getAverage() : values.getMax();
        }
        return new double[][] {pool};
    }

    private double[][] inputs(Sequence sequence) {
        int width = model.inputWidth();
        double[][] inputs = new double[sequence.length()][width];
        for (int step = 0; step < inputs.length; step++) {
            switch (input) {
                case EMBEDDING -> {
                    Matrix table = model.embedding().map(Embedding::table).orElseThrow();
                    for (int k = 0; k < width; k++) {
                        inputs[step][k] = table.at(sequence.tokens()[step], k);
                    }
                }
                case ONE_HOT -> inputs[step][sequence.tokens()[step]] = 1;
                case FEATURES -> {
                    for (int k = 0; k < width; k++) {
                        inputs[step][k] = sequence.features()[step * width + k];
                    }
                }
            }
        }
        return inputs;
    }

    /**
     * The rows of the answered steps. At {@link Steps#LAST} that is the last step's row, or the final states' row if the sequence is
     * empty or the model reads out its final states.
     */
    private double[][] answered(double[][] steps, double[] finals) {
        if (request.at() == Steps.EACH) {
            return steps;
        }
        boolean atEnd = steps.length == 0 || model.readout() == Readout.FINAL_STATES;
        return new double[][] {atEnd ? finals : steps[steps.length - 1]};
    }

    /** The rows of the top layer's directions, which are the last ones. */
    private double[][] topOf(double[][] rows) {
        int directions =
                model.layers().get(model.layers().size() - 1).directions().size();
        return Arrays.copyOfRange(rows, rows.length - directions, rows.length);
    }

    private static double[] sideBySide(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    /** @param ends the row of the last step, if only that is answered */
    private void writeTargets(double[][] steps, double[][] ends, Sequence sequence, Answer scored) {
        if (request.targetsNext()) {
            writeTargets(ends, sequence.hasNext() ? new int[] {sequence.next()} : new int[0], scored);
        } else {
            int[] tokens = sequence.tokens();
            writeTargets(steps, Arrays.copyOfRange(tokens, Math.min(1, tokens.length), tokens.length), scored);
        }
    }

    private void writeTargets(double[][] hidden, int[] tokens, Answer scored) {
        int targets = tokens.length;
        float[] logProbabilities = new float[targets];
        int[] ranks = new int[targets];
        for (int step = 0; step < targets; step++) {
            double[] logits = ReferenceLstm.scaled(lstm.logits(hidden[step]), request.temperature());
            double target = logits[tokens[step] - request.firstClass()];
            double max = Double.NEGATIVE_INFINITY;
            for (double logit : logits) {
                max = Math.max(max, logit);
            }
            double sum = 0;
            ranks[step] = 1;
            for (double logit : logits) {
                sum += StrictMath.exp(logit - max);
                ranks[step] += logit > target ? 1 : 0;
            }
            double logProbability = target - max - StrictMath.log(sum);
            scored.logLikelihood += logProbability;
            logProbabilities[step] = (float) logProbability;
        }
        scored.predictedTokens = targets;
        scored.logProbabilities = request.asksFor(OutputKind.LOGPROB) ? logProbabilities : null;
        if (request.ranksTargets()) { // ranks of candidates are not about targets
            scored.ranks = ranks;
        }
    }

    private static StepGates narrow(ReferenceLstm.Gates gates) {
        return new StepGates(
                narrow(gates.input()),
                narrow(gates.forget()),
                narrow(gates.candidate()),
                narrow(gates.output()),
                narrow(gates.cell()));
    }

    private static double[][] widen(float[][] rows) {
        double[][] wide = new double[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            wide[row] = new double[rows[row].length];
            for (int k = 0; k < rows[row].length; k++) {
                wide[row][k] = rows[row][k];
            }
        }
        return wide;
    }

    private static float[][] narrow(double[][] rows) {
        float[][] narrow = new float[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            narrow[row] = narrow(rows[row]);
        }
        return narrow;
    }

    static float[] narrow(double[] row) {
        float[] narrow = new float[row.length];
        for (int k = 0; k < row.length; k++) {
            narrow[k] = (float) row[k];
        }
        return narrow;
    }
}
