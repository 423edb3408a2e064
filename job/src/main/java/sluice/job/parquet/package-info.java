/**
 * Parquet files as Spark writes them, but lists of numbers go straight to their columns. Spark and Parquet pass every number of a list
 * through some five calls that keep track of where in a record it stands; in a list of numbers that is known beforehand, and answers
 * at each step are little else.
 */
package sluice.job.parquet;
