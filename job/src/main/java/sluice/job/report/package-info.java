/**
 * What a run counts and how it reports: on the terminal, as JSON in the output, in Spark's log and in Spark's metrics.
 *
 * <p>Face: tasks count into {@link sluice.job.report.RunCounters}; their sums are {@link sluice.job.report.RunMetrics}.
 * {@link sluice.job.report.RunReport} and {@link sluice.job.report.DryRunReport} are the reports, named by
 * {@link sluice.job.report.RunName}. {@link sluice.job.report.RunHistory} and {@link sluice.job.report.RunStatus} read the reports of
 * earlier runs, {@link sluice.job.report.WrittenRun} those of runs whose rows are audited. {@link sluice.job.report.MetricsPlugin} exports counters to Spark's metrics system.
 *
 * <p>May use: fingerprint, message, storage, settings, model, input.
 */
package sluice.job.report;
