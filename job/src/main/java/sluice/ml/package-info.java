/** Scoring as a stage of a Spark ML pipeline: {@link sluice.ml.SequenceScorer}. Loads only where Spark's ML library is on the class path. */
package sluice.ml;
