package sluice.job.task;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import sluice.cell.InputKind;
import sluice.cell.Sequence;
import sluice.cell.engine.Sharing;
import sluice.cell.model.LstmModel;

/**
 * Extrapolates the number of distinct steps and of distinct sequences from a sample to any number of rows. Both are modelled as a power of
 * the number of rows (Heaps' law), fitted through the sample and a random half of it.
 */
final class SharingCurve {
    private final int rows; // of the sample
    private final double steps; // average per row
    private final double distinct; // distinct steps of the sample
    private final double exponent; // 1: rows share nothing; 0: more rows add no distinct steps
    private final double sequences; // distinct sequences of the sample
    private final double sequencesExponent;

    SharingCurve(List<Sequence> sample, LstmModel model, InputKind input) {
        List<Sequence> shuffled = new ArrayList<>(sample);
        Collections.shuffle(shuffled, new Random(1)); // neighbouring rows may be more similar than random ones
        List<Sequence> half = shuffled.subList(0, shuffled.size() / 2);
        this.rows = sample.size();
        this.steps = (double) sample.stream().mapToLong(Sequence::length).sum() / Math.max(1, rows);
        this.distinct = Sharing.distinctSteps(shuffled, model, input);
        this.exponent = exponent(distinct, Sharing.distinctSteps(half, model, input));
        this.sequences = new HashSet<>(shuffled).size();
        this.sequencesExponent = exponent(sequences, new HashSet<>(half).size());
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

    /** Estimated tokens per computed step if this number of rows is scored together; 1 if they share nothing. */
    double ratio(double count) {
        double computed = distinctSteps(count);
        return computed == 0 ? 1 : Math.max(1, count * steps / computed);
    }
}
