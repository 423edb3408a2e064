/**
 * What a run's tasks do, and how the table is divided into tasks. {@link sluice.job.task.ScoringPlan} is resolved on the driver and
 * broadcast as {@link sluice.job.task.BroadcastPlan}; {@link sluice.job.task.PartitionScorer} scores a partition with it, and
 * {@link sluice.job.task.RowScorer} a single row. {@link sluice.job.task.TableSample} and {@link sluice.job.task.CostEstimate} predict
 * the cost, from which {@link sluice.job.task.TaskLayoutPlanner} chooses the {@link sluice.job.task.TaskLayout}.
 *
 * <p>May use: state, output, report, input, source, model, settings, storage, message.
 */
package sluice.job.task;
