package sluice.job.bench;

import java.io.Serializable;

/** The sequences of a table by the numbers of its rows: the same ones whoever asks, in whatever order. */
interface SequenceSource extends Serializable {
    int[] of(long row);
}
