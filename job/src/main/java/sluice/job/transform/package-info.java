/**
 * The plan of a run over a table that a program holds, without an output: rows in, rows with one more column out.
 *
 * <p>Face: {@link sluice.job.transform.TableScorer}. Only {@code sluice.ml} uses it.
 *
 * <p>May use {@code task} and the rooms before it.
 */
package sluice.job.transform;
