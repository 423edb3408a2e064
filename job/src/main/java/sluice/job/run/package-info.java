/**
 * The runs that score a whole table, from the settings to the published output and its report.
 *
 * <p>Face: {@link sluice.job.run.ScoringJob} scores, {@link sluice.job.run.DryRun} estimates what scoring would cost
 * ({@code --dry-run}), {@link sluice.job.run.ReportPrinter} prints and copies the reports.
 *
 * <p>May use: every room except incremental, the root and sql.
 */
package sluice.job.run;
