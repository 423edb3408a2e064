package sluice.cell.engine;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import sluice.cell.Sequence;

/**
 * A batch of sequences, concatenated without padding.
 *
 * <p>Sequence s has its tokens at {@code offset(s) .. offset(s) + length(s) - 1}. A table of states has one more row for each sequence,
 * its start state: see {@link #stateRow}.
 */
final class SequenceBatch {
    private final List<Sequence> sequences;
    private final int[] offsets; // (sequences + 1)
    private final int[] longestFirst;
    private final int[] tokens; // (steps), or empty
    private final StepInputs stepInputs; // null for a model of tokens
    private final float[] inputs; // (steps, width), or empty

    /** @param stepInputs writes the input rows; null for a model of tokens */
    SequenceBatch(List<Sequence> sequences, StepInputs stepInputs) {
        this.sequences = sequences;
        this.offsets = new int[sequences.size() + 1];
        for (int s = 0; s < sequences.size(); s++) {
            offsets[s + 1] = Math.addExact(offsets[s], sequences.get(s).length());
        }
        this.longestFirst = IntStream.range(0, sequences.size())
                .boxed()
                .sorted(Comparator.comparingInt(s -> -sequences.get(s).length()))
                .mapToInt(Integer::intValue)
                .toArray();
        this.stepInputs = stepInputs;
        this.tokens = new int[stepInputs == null ? steps() : 0];
        this.inputs = new float[stepInputs == null ? 0 : Math.multiplyExact(steps(), stepInputs.width())];
        for (int s = 0; s < sequences.size(); s++) {
            if (stepInputs == null) {
                System.arraycopy(sequences.get(s).tokens(), 0, tokens, offsets[s], length(s));
            } else {
                for (int step = 0; step < length(s); step++) {
                    stepInputs.write(sequences.get(s), step, inputs, (offsets[s] + step) * stepInputs.width());
                }
            }
        }
    }

    int size() {
        return sequences.size();
    }

    /** Number of steps of all sequences. */
    int steps() {
        return offsets[size()];
    }

    /** The step of a sequence that is read at this time. */
    int step(int s, int time, boolean reversed) {
        return reversed ? length(s) - 1 - time : time;
    }

    Sequence sequence(int s) {
        return sequences.get(s);
    }

    int length(int s) {
        return sequences.get(s).length();
    }

    int offset(int s) {
        return offsets[s];
    }

    /** Indexes of the sequences by descending length: the sequences that are active at a time step come first. */
    int[] longestFirst() {
        return longestFirst;
    }

    int[] tokens() {
        return tokens;
    }

    /** Rows of {@link StepInputs}, one for each step; empty for a model of tokens. */
    float[] inputs() {
        return inputs;
    }

    /** The row of the first layer's lookup table at which a step's chain starts; for a model that has {@link #inputs()}. */
    int start(int s, int step) {
        return stepInputs.start(sequences.get(s), step);
    }

    /** Whether steps have rows of {@link #inputs()} instead of tokens. */
    boolean hasInputs() {
        return stepInputs != null;
    }

    /** Number of rows of a table of states: one for each step and one for each sequence. */
    int stateRows() {
        return steps() + size();
    }

    /** The first of a sequence's {@code length + 1} rows in a table of states. */
    int stateRow(int s) {
        return offsets[s] + s;
    }
}
