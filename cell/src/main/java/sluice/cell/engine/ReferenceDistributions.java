package sluice.cell.engine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import sluice.cell.ClassChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.answer.Answer;
import sluice.cell.reference.ReferenceLstm;

/** The outputs of answered steps that come from the output layer, in float64, about the classes that one sequence chooses. */
final class ReferenceDistributions {
    private final ReferenceLstm lstm;
    private final ScoreRequest request;
    private final ClassChoice choice;

    ReferenceDistributions(ReferenceLstm lstm, ScoreRequest request, ClassChoice choice) {
        this.lstm = lstm;
        this.request = request;
        this.choice = choice;
    }

    /** @param hidden of the answered steps */
    void write(double[][] hidden, Answer scored) {
        int steps = hidden.length;
        scored.softmax = request.asksFor(OutputKind.SOFTMAX) ? new float[steps][] : null;
        scored.logits = request.asksFor(OutputKind.LOGITS) ? new float[steps][] : null;
        scored.sigmoid = request.asksFor(OutputKind.SIGMOID) ? new float[steps][] : null;
        scored.prediction = request.asksFor(OutputKind.PREDICTION) ? new int[steps] : null;
        scored.topTokens = request.asksFor(OutputKind.TOPK) ? new int[steps][] : null;
        scored.topProbabilities = request.asksFor(OutputKind.TOPK) ? new float[steps][] : null;
        for (int step = 0; step < steps; step++) {
            write(hidden[step], step, scored);
        }
    }

    private void write(double[] hidden, int step, Answer scored) {
        double[] logits = lstm.logits(hidden);
        double[] probabilities = lstm.probabilities(hidden, request.temperature());
        if (scored.softmax != null) {
            scored.softmax[step] = chosen(probabilities);
        }
        if (scored.logits != null) {
            scored.logits[step] = chosen(logits);
        }
        if (scored.sigmoid != null) {
            scored.sigmoid[step] = chosen(Arrays.stream(ReferenceLstm.scaled(logits, request.temperature()))
                    .map(logit -> 1 / (1 + StrictMath.exp(-logit)))
                    .toArray());
        }
        if (scored.prediction != null) {
            int[] best = best(logits, 1);
            scored.prediction[step] = best.length == 0 ? Answer.NO_CLASS : best[0];
        }
        if (scored.topTokens != null) {
            int[] best = best(logits, request.topK());
            scored.topTokens[step] = best;
            scored.topProbabilities[step] = ReferenceScorer.narrow(
                    Arrays.stream(best).mapToDouble(at -> probabilities[at]).toArray());
        }
        if (request.ranksCandidates()) {
            int[] distinct = Arrays.stream(choice.candidates()).distinct().toArray();
            scored.ranks = Arrays.stream(choice.candidates())
                    .map(candidate -> 1
                            + (int) Arrays.stream(distinct)
                                    .filter(other -> logits[other] > logits[candidate])
                                    .count())
                    .toArray();
        }
    }

    /** The values of the candidates, in their order; without candidates, those of all classes. */
    private float[] chosen(double[] ofClasses) {
        return ReferenceScorer.narrow(
                choice.hasCandidates()
                        ? Arrays.stream(choice.candidates())
                                .mapToDouble(candidate -> ofClasses[candidate])
                                .toArray()
                        : ofClasses);
    }

    private int[] best(double[] logits, int k) {
        IntStream classes = choice.hasCandidates()
                ? Arrays.stream(choice.candidates()).sorted().distinct()
                : IntStream.range(0, logits.length);
        return classes.filter(at -> Arrays.binarySearch(choice.excluded(), at) < 0)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer at) -> 0 - logits[at])) // 0 - z, not -z: +0 and -0 must tie
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
