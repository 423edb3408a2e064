package sluice.cell.engine;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import sluice.cell.InputKind;
import sluice.cell.Sequence;
import sluice.cell.model.LstmModel;

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
    private final float[] features; // (steps, I), or empty

    SequenceBatch(List<Sequence> sequences, LstmModel model, InputKind input) {
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
        boolean takesFeatures = input == InputKind.FEATURES;
        this.tokens = new int[takesFeatures ? 0 : steps()];
        this.features = new float[takesFeatures ? Math.multiplyExact(steps(), model.inputWidth()) : 0];
        for (int s = 0; s < sequences.size(); s++) {
            if (takesFeatures) {
                float[] rows = sequences.get(s).features();
                System.arraycopy(rows, 0, features, offsets[s] * model.inputWidth(), rows.length);
            } else {
                System.arraycopy(sequences.get(s).tokens(), 0, tokens, offsets[s], length(s));
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

    float[] features() {
        return features;
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
