package sluice.job.bench;

import java.io.Serializable;

/**
 * How a partition is scored with ONNX Runtime. Each batch is padded to its longest sequence, and its lengths are passed, without which
 * answers would be wrong. Each session has one thread, as a task has.
 *
 * @param batch number of sequences in a batch
 * @param byLength whether the partition is sorted by length first, which reduces padding
 * @param distinct whether duplicates in the partition are scored once
 * @param sharesSession whether all tasks of a process share one session
 */
record OnnxWay(int batch, boolean byLength, boolean distinct, boolean sharesSession) implements Serializable {}
