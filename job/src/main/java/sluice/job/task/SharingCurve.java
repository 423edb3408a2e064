package sluice.job.task;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.engine.Sharing;
import sluice.cell.model.LstmModel;

/**
 * Extrapolates the number of distinct steps and of distinct sequences from a sample to any number of rows. Both are modelled as a power of
 * the number of rows (Heaps' law), fitted through the sample and a random half of it.
 *
 * <p>With windows each row has the steps of all its windows, so there may be more computed steps than tokens.
 */
final class SharingCurve {
    private static final long MAX_WINDOW_STEPS = 2_000_000;

    private final int rows; // of the sample
    private final double tokens; // average per row
    private final double steps; // average per row: tokens, or the steps of its windows
    private final double distinct; // distinct steps of the sample
    private final double exponent; // 1: rows share nothing; 0: more rows add no distinct steps
    private final double sequences; // distinct sequences of the sample
    private final double sequencesExponent;

    SharingCurve(List<Sequence> sample, LstmModel model, InputKind input, ScoreRequest request) {
        List<Sequence> shuffled = new ArrayList<>(sample);
        Collections.shuffle(shuffled, new Random(1)); // neighbouring rows may be more similar than random ones
        if (request.windows().isPresent()) {
            shuffled = withinSteps(shuffled, request);
        }
        List<Sequence> half = shuffled.subList(0, shuffled.size() / 2);
        this.rows = shuffled.size();
        this.tokens = (double) shuffled.stream().mapToLong(Sequence::length).sum() / Math.max(1, rows);
        this.steps = (double) Sharing.steps(shuffled, request) / Math.max(1, rows);
        this.distinct = Sharing.distinctSteps(shuffled, model, input, request);
        this.exponent = exponent(distinct, Sharing.distinctSteps(half, model, input, request));
        this.sequences = new HashSet<>(shuffled).size();
        this.sequencesExponent = exponent(sequences, new HashSet<>(half).size());
    }

    /** The first sequences that have a limited number of windows' steps, so that the windows fit the driver's memory. */
    private static List<Sequence> withinSteps(List<Sequence> sample, ScoreRequest request) {
        long steps = 0;
        int count = 0;
        while (count < sample.size() && (count == 0 || steps <= MAX_WINDOW_STEPS)) {
            steps += Sharing.steps(sample.subList(count, count + 1), request);
            count++;
        }
        return sample.subList(0, count);
    }

    private static double exponent(double all, double half) {
        return half == 0 ? 1 : Math.min(1, Math.log(all / half) / Math.log(2));
    }

    /** Estimated rows that have this number of distinct sequences; infinite if more rows add none. */
    double rowsOfDistinct(double count) {
        return sequences == 0 ? count : rows * Math.pow(count / sequences, 1 / sequencesExponent);
    }

    /** Estimated distinct steps of this number of rows; at most all their steps. */
    double distinctSteps(double count) {
        if (rows == 0 || count == 0) {
            return 0;
        }
        double fitted = distinct * Math.pow(count / rows, exponent);
        return Math.min(count * steps, fitted);
    }

    /** Estimated tokens per computed step if this number of rows is scored together; without windows 1 if they share nothing. */
    double ratio(double count) {
        double computed = distinctSteps(count);
        return computed == 0 ? 1 : count * tokens / computed;
    }
}
