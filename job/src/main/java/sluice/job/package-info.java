/**
 * The Spark job. The walk of a row:
 *
 * <ol>
 *   <li>{@link sluice.job.ScoreCommand} and {@link sluice.job.settings.Settings}: command line over settings file over defaults.
 *   <li>{@link sluice.job.model.ModelCache}: the model is read on the driver, from any Hadoop file system.
 *   <li>{@link sluice.job.input.InputPlan}: the table's schema is held against the model, before any task starts.
 *   <li>{@link sluice.job.task.BroadcastPlan} and {@link sluice.job.model.BroadcastModel}: the model travels once to each executor and is compiled
 *       there once.
 *   <li>{@link sluice.job.task.PartitionScorer} and {@link sluice.job.task.ScoredRows}: rows become sequences
 *       ({@link sluice.job.input.InputRow}, {@link sluice.job.input.SequenceReader}, {@link sluice.job.input.StateColumn}), are gathered into a batch bounded by bytes, scored, and given back in their order with
 *       the asked columns behind their own ({@link sluice.job.output.OutputColumns}).
 *   <li>{@link sluice.job.output.DirectoryOutput} and {@link sluice.job.output.StagedOutput}: the scored table is written beside its place, Parquet
 *       by {@link sluice.job.parquet}; when it is complete, with its {@link sluice.job.report.RunReport}, a {@link sluice.job.storage.Journal} says how it is moved there, and a
 *       {@link sluice.job.storage.Publication} does it. Or {@link sluice.job.output.TableOutput}: it becomes a table of a catalog.
 * </ol>
 *
 * <p>Where only the model is looked at, {@link sluice.job.model.ModelSummary} describes it and {@link sluice.job.model.SavedModel} writes it, without a
 * session.
 */
package sluice.job;
