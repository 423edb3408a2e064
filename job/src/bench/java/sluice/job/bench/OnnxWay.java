package sluice.job.bench;

import java.io.Serializable;

/**
 * How a partition is brought to ONNX Runtime. Every batch is padded to its longest sequence and its lengths are told, without which
 * answers would be wrong; every session has one thread, as a task is one.
 *
 * @param batch sequences that are scored together
 * @param byLength whether the partition is sorted by length first, so that little is padding
 * @param distinct whether sequences that come again in the partition are scored once
 * @param sharesSession whether all tasks of a process score with one session
 */
record OnnxWay(int batch, boolean byLength, boolean distinct, boolean sharesSession) implements Serializable {}
