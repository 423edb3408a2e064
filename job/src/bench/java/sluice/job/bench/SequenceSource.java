package sluice.job.bench;

import java.io.Serializable;

/** The sequences of a table by row number; equal numbers give equal sequences, in any order of calls. */
interface SequenceSource extends Serializable {
    int[] of(long row);
}
