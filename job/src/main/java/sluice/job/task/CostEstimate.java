package sluice.job.task;

import sluice.cell.FlopCount;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.job.output.OutputSize;
import sluice.job.settings.Settings;

/**
 * How much there is to do, as far as a sample tells.
 *
 * @param rows of the table
 * @param steps of all its sequences
 * @param work for a step and an answer
 * @param sharing what rows share of which a step is computed once: those of a batch, or as many as come until an answer is forgotten
 * @param sharingIfClustered what they would share if the rows were sorted
 * @param rowBytes that a scored row takes where it is written, before it is compressed
 * @param flopsPerSecond that a core is taken to do
 */
public record CostEstimate(
        long rows,
        double steps,
        FlopCount work,
        double sharing,
        double sharingIfClustered,
        double rowBytes,
        double flopsPerSecond) {
    /** What a row costs besides: reading, answering, writing. */
    static final double SECONDS_PER_ROW = 5e-6;

    /**
     * Of what a survey has found.
     *
     * @param cores of all executors
     * @param tasksAtOnce of one of them
     */
    public static CostEstimate of(TableSample survey, ScoringPlan plan, Settings settings, int cores, int tasksAtOnce) {
        LstmModel model = plan.model().model();
        InputKind kind = plan.input().kind();
        double perRow = survey.batchBytesPerRow();
        double batchRows = perRow == 0 ? survey.rows() : settings.scoring().batchBytes() / perRow;
        batchRows = Math.max(1, Math.min(batchRows, survey.rows()));
        SharingCurve curve = new SharingCurve(survey.sequences(), model, kind);
        double known = perRow == 0
                ? 0
                : curve.rowsOfDistinct(
                        BroadcastPlan.knownBytes(settings.scoring().batchBytes(), tasksAtOnce) / perRow);
        double ofProcess = survey.rows() / Math.ceil((double) cores / tasksAtOnce);
        double togetherRows = Math.max(batchRows, Math.min(known, ofProcess));
        double steps = 0;
        for (int partition = 0; partition < survey.rowsOf().length; partition++) {
            steps += survey.stepsOf(partition);
        }
        return new CostEstimate(
                survey.rows(),
                steps * survey.goodFraction(),
                FlopCount.of(model, kind, settings.output().request()),
                curve.ratio(togetherRows),
                Math.max(curve.ratio(togetherRows), curve.ratio(survey.rows())),
                survey.keptBytesPerRow()
                        + new OutputSize(model, settings.output().request()).bytes(survey.stepsPerRow()),
                flopsPerSecond(settings.scoring()));
    }

    /** Moderate for any machine of these years: what a task has to do need only be known roughly. */
    private static double flopsPerSecond(Settings.Scoring settings) {
        return switch (settings.kernel()) {
            case AUTO, VECTOR -> 20e9;
            case SCALAR -> 2.5e9;
            case REFERENCE -> 0.3e9;
        };
    }

    /** So many rows with so many steps on one core. */
    double seconds(double someRows, double someSteps) {
        return work.of(someRows, someSteps) / sharing / flopsPerSecond + someRows * SECONDS_PER_ROW;
    }

    /** All of it on one core. */
    double seconds() {
        return seconds(rows, steps);
    }

    /** What sorting the rows would save, in seconds of one core; it may cost more than that. */
    double secondsSavedByClustering() {
        double computing = work.of(rows, steps) / flopsPerSecond;
        return computing / sharing - computing / sharingIfClustered;
    }
}
