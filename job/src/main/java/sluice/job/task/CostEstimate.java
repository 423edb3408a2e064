package sluice.job.task;

import sluice.cell.FlopCount;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.job.column.OutputSize;
import sluice.job.settings.Settings;

/**
 * The estimated cost of scoring a table, extrapolated from a sample.
 *
 * @param rows of the table
 * @param steps of all sequences
 * @param work floating-point operations of a step and of an answer
 * @param sharing tokens per computed step within one batch or one full cache
 * @param sharingIfClustered the same if the rows were sorted
 * @param rowBytes of a scored row before compression
 * @param flopsPerSecond assumed speed of one core
 */
public record CostEstimate(
        long rows,
        double steps,
        FlopCount work,
        double sharing,
        double sharingIfClustered,
        double rowBytes,
        double flopsPerSecond) {
    /** Cost of a row besides its floating-point operations: reading, converting and writing it. */
    static final double SECONDS_PER_ROW = 5e-6;

    /**
     * Estimates from a sample.
     *
     * @param cores of all executors
     * @param tasksAtOnce tasks that one executor runs at once
     */
    public static CostEstimate of(TableSample sample, ScoringPlan plan, Settings settings, int cores, int tasksAtOnce) {
        LstmModel model = plan.model().model();
        InputKind kind = plan.input().kind();
        double perRow = sample.batchBytesPerRow();
        double batchRows = perRow == 0 ? sample.rows() : settings.scoring().batchBytes() / perRow;
        batchRows = Math.max(1, Math.min(batchRows, sample.rows()));
        SharingCurve curve = new SharingCurve(sample.sequences(), model, kind, plan.request());
        double cachedRows = perRow == 0
                ? 0
                : curve.rowsOfDistinct(
                        BroadcastPlan.cacheBytes(settings.scoring().batchBytes(), tasksAtOnce) / perRow);
        double rowsPerProcess = sample.rows() / Math.ceil((double) cores / tasksAtOnce);
        double togetherRows = Math.max(batchRows, Math.min(cachedRows, rowsPerProcess));
        double steps = 0;
        for (int partition = 0; partition < sample.rowsOf().length; partition++) {
            steps += sample.stepsOf(partition);
        }
        return new CostEstimate(
                sample.rows(),
                steps * sample.goodFraction(),
                FlopCount.of(model, kind, plan.request(), sample.candidatesPerRow()),
                curve.ratio(togetherRows),
                Math.max(curve.ratio(togetherRows), curve.ratio(sample.rows())),
                sample.keptBytesPerRow()
                        + new OutputSize(model, plan.request()).bytes(sample.stepsPerRow(), sample.candidatesPerRow()),
                flopsPerSecond(settings.scoring()));
    }

    /** Moderate assumptions for current machines; task sizes need only a rough estimate. */
    private static double flopsPerSecond(Settings.Scoring settings) {
        return switch (settings.kernel()) {
            case AUTO, VECTOR -> 20e9;
            case SCALAR -> 2.5e9;
            case REFERENCE -> 0.3e9;
        };
    }

    /** Seconds of one core for these rows and steps. */
    double seconds(double someRows, double someSteps) {
        return work.of(someRows, someSteps) / sharing / flopsPerSecond + someRows * SECONDS_PER_ROW;
    }

    /** Seconds of one core for the whole table. */
    double seconds() {
        return seconds(rows, steps);
    }

    /** Seconds of one core that sorted rows would save in computing; the sort itself is not subtracted. */
    double secondsSavedByClustering() {
        double computing = work.of(rows, steps) / flopsPerSecond;
        return computing / sharing - computing / sharingIfClustered;
    }
}
