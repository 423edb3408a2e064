/**
 * Memory in the tasks.
 *
 * <p>Face: {@link sluice.job.memory.RowSize} estimates what a row takes, {@link sluice.job.memory.TaskHeap} says what a task may take.
 *
 * <p>May use no other package of the job.
 */
package sluice.job.memory;
