package sluice.cell.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import sluice.cell.KernelChoice;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;

/**
 * Checks that the engines agree: Sluice's two kernels bit for bit, ONNX Runtime within a tolerance.
 *
 * <p>With thousands of classes each probability is about 1 / K, so probabilities must also agree relative to their value.
 */
final class Agreement {
    private static final double PROBABILITY = 1e-5;
    private static final double RELATIVE =
            1e-4; // tolerance of a probability and of a log-likelihood, relative to its value
    private static final float LOGIT = 2e-5f; // classes whose logits differ by less may rank in either order

    private final Workload workload;
    private final LstmModel model;
    private final List<int[]> sequences;
    private final List<ScoredSequence> ours;

    // Largest differences found.
    private double difference;
    private double relative;
    private long nearTies;

    private Agreement(Workload workload, LstmModel model, List<int[]> sequences) {
        this.workload = workload;
        this.model = model;
        this.sequences = sequences;
        this.ours = scored(KernelChoice.VECTOR);
    }

    /**
     * Scores all sequences with both kernels, and with ONNX Runtime in all configurations that may be timed.
     *
     * @return a sentence with the differences found
     * @throws DisagreementException if a difference exceeds its tolerance
     */
    static String require(Workload workload, LstmModel model, List<int[]> sequences, List<Integer> batchSizes) {
        Agreement agreement = new Agreement(workload, model, sequences);
        agreement.requireSameBits(agreement.scored(KernelChoice.SCALAR));
        boolean ragged = workload.corpus().ragged();
        try (OnnxSession session = new OnnxSession(model, workload.question(), ragged)) {
            for (Padding padding : Contenders.paddings(workload)) {
                for (int batchSize : batchSizes) {
                    agreement.requireNear(new OnnxScorer(session), padding, batchSize);
                }
            }
        }
        return agreement.summary();
    }

    private List<ScoredSequence> scored(KernelChoice kernel) {
        List<Sequence> batch = JobBatches.sequences(sequences);
        return CompiledModel.compile(model, workload.input(), kernel)
                .scorer(workload.question().request())
                .score(batch);
    }

    private void requireSameBits(List<ScoredSequence> scalar) {
        for (int s = 0; s < ours.size(); s++) {
            String mismatch = workload.question().likelihoods()
                    ? likelihoodMismatch(ours.get(s), scalar.get(s))
                    : softmaxMismatch(ours.get(s).softmax(), scalar.get(s).softmax());
            if (mismatch != null) {
                throw new DisagreementException("%s: sequence %d: vector and scalar kernel give different bits: %s"
                        .formatted(workload.title(), s, mismatch));
            }
        }
    }

    /** The first difference, or null. */
    private static String likelihoodMismatch(ScoredSequence a, ScoredSequence b) {
        boolean same = Double.compare(a.logLikelihood(), b.logLikelihood()) == 0 && Arrays.equals(a.ranks(), b.ranks());
        return same
                ? null
                : "log-likelihoods %s and %s, ranks %s and %s"
                        .formatted(
                                a.logLikelihood(),
                                b.logLikelihood(),
                                Arrays.toString(a.ranks()),
                                Arrays.toString(b.ranks()));
    }

    /** The same of softmaxes. */
    private static String softmaxMismatch(float[][] a, float[][] b) {
        for (int step = 0; step < a.length; step++) {
            int column = Arrays.mismatch(a[step], b[step]);
            if (column >= 0) {
                return "answer %d, class %d: %s and %s".formatted(step, column, a[step][column], b[step][column]);
            }
        }
        return null;
    }

    private void requireNear(OnnxScorer onnx, Padding padding, int batchSize) {
        List<int[]> whole = wholeBatch(batchSize);
        String run = "%s: ONNX Runtime, %s, %d at a time".formatted(workload.title(), padding.title(), batchSize);
        if (workload.question().likelihoods()) {
            LikelihoodReader likelihoods =
                    new LikelihoodReader(whole.size(), workload.question().ranks());
            int[] representative = onnx.score(whole, padding, batchSize, (s, sequence, answer, at) -> {
                likelihoods.read(s, sequence, answer, at);
                requireRanks(run, s % sequences.size(), likelihoods.ranks(s), answer, at);
            });
            for (int s = 0; s < whole.size(); s++) {
                requireLikelihood(run, s % sequences.size(), likelihoods.logLikelihood(representative[s]));
            }
        } else {
            onnx.score(
                    whole,
                    padding,
                    batchSize,
                    (s, sequence, answer, at) -> requireSoftmax(run, s % sequences.size(), answer, at));
        }
    }

    /** All sequences, repeated if they are too few for a batch. */
    private List<int[]> wholeBatch(int batchSize) {
        return IntStream.range(0, Math.max(batchSize, sequences.size()))
                .mapToObj(s -> sequences.get(s % sequences.size()))
                .toList();
    }

    private void requireSoftmax(String run, int s, OnnxAnswer answer, int at) {
        float[][] softmax = ours.get(s).softmax();
        for (int step = 0; step < softmax.length; step++) {
            float[] theirs = answer.row(at, step);
            for (int column = 0; column < theirs.length; column++) {
                float our = softmax[step][column];
                double apart = Math.abs((double) our - theirs[column]);
                if (!(apart <= PROBABILITY && apart <= RELATIVE * our)) {
                    throw new DisagreementException("%s: sequence %d, answer %d, class %d: probability %s, ours is %s"
                            .formatted(run, s, step, column, theirs[column], our));
                }
                difference = Math.max(difference, apart);
                relative = Math.max(relative, apart / our);
            }
        }
    }

    private void requireLikelihood(String run, int s, double theirs) {
        double our = ours.get(s).logLikelihood();
        double apart = Math.abs(our - theirs);
        if (!(apart <= RELATIVE * Math.abs(our))) {
            throw new DisagreementException(
                    "%s: sequence %d: log-likelihood %s, ours is %s".formatted(run, s, theirs, our));
        }
        difference = Math.max(difference, apart);
        relative = Math.max(relative, apart == 0 ? 0 : apart / Math.abs(our));
    }

    /** Our rank must lie in the range that is possible if each logit near the token's own may rank above or below it. */
    private void requireRanks(String run, int s, int[] theirs, OnnxAnswer answer, int at) {
        if (theirs == null) {
            return;
        }
        int[] our = ours.get(s).ranks();
        for (int step = 0; step < theirs.length; step++) {
            if (our[step] == theirs[step]) {
                continue;
            }
            float[] row = answer.row(at, step);
            float target = row[sequences.get(s)[step + 1]];
            int best = 1 + LikelihoodReader.countAbove(row, target + LOGIT);
            int worst = LikelihoodReader.countAbove(row, target - LOGIT); // the token itself is counted
            if (our[step] < best || our[step] > worst) {
                throw new DisagreementException("%s: sequence %d, step %d: rank %d, ours is %d and could be %d to %d"
                        .formatted(run, s, step, theirs[step], our[step], best, worst));
            }
            nearTies++;
        }
    }

    private String summary() {
        List<String> found = new ArrayList<>();
        found.add("%d sequences, kernels equal bit for bit".formatted(sequences.size()));
        found.add("%s within %.1e, relative %.1e"
                .formatted(
                        workload.question().likelihoods() ? "log-likelihoods" : "probabilities", difference, relative));
        if (workload.question().ranks()) {
            found.add(nearTies == 0 ? "ranks equal" : "ranks equal but for %d near ties".formatted(nearTies));
        }
        return String.join("; ", found);
    }
}
