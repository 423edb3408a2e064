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
 * How many distinct steps rows have together, and how many distinct sequences, however many rows: a power of their number (Heaps' law,
 * as vocabularies grow with texts), through what a sample has and what half of it has.
 */
final class SharingCurve {
    private final int rows; // of the sample
    private final double steps; // a row has
    private final double distinct; // steps of the sample
    private final double exponent; // 1: nothing is shared; 0: nothing new comes
    private final double sequences; // of the sample, distinct ones
    private final double sequencesExponent;

    SharingCurve(List<Sequence> sample, LstmModel model, InputKind input) {
        List<Sequence> shuffled = new ArrayList<>(sample);
        Collections.shuffle(
                shuffled, new Random(1)); // neighbours of one file may be more alike than the rows of a half
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

    /** How many rows have so many distinct sequences, about: infinitely many where nothing new comes. */
    double rowsOfDistinct(double count) {
        return sequences == 0 ? count : rows * Math.pow(count / sequences, 1 / sequencesExponent);
    }

    /** Of so many rows in one batch; never more than they have. */
    double distinctSteps(double count) {
        if (rows == 0 || count == 0) {
            return 0;
        }
        double fitted = distinct * Math.pow(count / rows, exponent);
        return Math.min(count * steps, fitted);
    }

    /** Steps that rows have to those that are computed, where so many make a batch: 1 where nothing is shared. */
    double ratio(double count) {
        double computed = distinctSteps(count);
        return computed == 0 ? 1 : Math.max(1, count * steps / computed);
    }
}
