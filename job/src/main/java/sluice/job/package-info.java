/**
 * The Spark job. The walk of a row:
 *
 * <ol>
 *   <li>{@link sluice.job.ScoreCommand} and {@link sluice.job.Settings}: command line over settings file over defaults.
 *   <li>{@link sluice.job.ModelSource}: the model is read on the driver, from any Hadoop file system.
 *   <li>{@link sluice.job.InputPlan}: the table's schema is held against the model, before any task starts.
 *   <li>{@link sluice.job.BroadcastPlan} and {@link sluice.job.BroadcastModel}: the model travels once to each executor and is compiled
 *       there once.
 *   <li>{@link sluice.job.PartitionScorer} and {@link sluice.job.ScoredRows}: rows become sequences
 *       ({@link sluice.job.InputRow}, {@link sluice.job.SequenceReader}, {@link sluice.job.StateColumn}), are gathered into a batch bounded by bytes, scored, and given back in their order with
 *       the asked columns behind their own ({@link sluice.job.OutputColumns}).
 *   <li>{@link sluice.job.DirectoryOutput} and {@link sluice.job.StagedOutput}: the scored table is written beside its place, Parquet
 *       by {@link sluice.job.parquet}; when it is complete, with its {@link sluice.job.RunReport}, a {@link sluice.job.Journal} says how it is moved there, and a
 *       {@link sluice.job.Publication} does it. Or {@link sluice.job.TableOutput}: it becomes a table of a catalog.
 * </ol>
 *
 * <p>Where only the model is looked at, {@link sluice.job.ModelPage} describes it and {@link sluice.job.SavedModel} writes it, without a
 * session.
 */
package sluice.job;
