package sluice.job.run;

import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import sluice.job.input.InputTable;
import sluice.job.memory.TaskHeap;
import sluice.job.report.RunCounters;
import sluice.job.settings.Settings;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.CostEstimate;
import sluice.job.task.ScoringPlan;
import sluice.job.task.TableSample;
import sluice.job.task.TaskLayout;
import sluice.job.task.TaskLayoutPlanner;

/**
 * A sample of the table, the cost that it predicts, and the task layout chosen from both.
 *
 * @param cores that run tasks
 */
record PlannedTasks(TableSample sample, CostEstimate cost, TaskLayout layout, int cores) {
    /** @param table the plan's, with carried states joined to it, if any; its rows are counted and sampled by a Spark job */
    static PlannedTasks of(
            ScoringPlan plan,
            InputTable table,
            Broadcast<BroadcastPlan> broadcast,
            RunCounters counters,
            Settings settings,
            SparkSession spark) {
        TableSample sample = TableSample.of(table.rows(), broadcast, counters);
        int cores = spark.sparkContext().defaultParallelism();
        CostEstimate cost = CostEstimate.of(sample, plan, settings, cores, TaskHeap.tasksAtOnce());
        return new PlannedTasks(sample, cost, TaskLayoutPlanner.plan(sample, cost, plan, settings, cores), cores);
    }
}
