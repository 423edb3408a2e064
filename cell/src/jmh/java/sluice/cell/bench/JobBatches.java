package sluice.cell.bench;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;

/** Cuts sequences into batches as the job does: in order, up to the byte limit of a batch. */
final class JobBatches {
    private static final long BATCH_BYTES = 64L << 20; // scoring.batch-bytes

    private JobBatches() {}

    static List<List<int[]>> cut(List<int[]> sequences, SequenceScorer scorer) {
        List<List<int[]>> batches = new ArrayList<>();
        List<int[]> batch = new ArrayList<>();
        long bytes = 0;
        for (int[] sequence : sequences) {
            long more = scorer.bytes(Sequence.ofTokens(sequence));
            if (bytes + more > BATCH_BYTES && !batch.isEmpty()) {
                batches.add(batch);
                batch = new ArrayList<>();
                bytes = 0;
            }
            batch.add(sequence);
            bytes += more;
        }
        batches.add(batch);
        return batches;
    }

    /** Equal pieces, in order. */
    static List<List<int[]>> pieces(List<int[]> sequences, int count) {
        List<List<int[]>> pieces = new ArrayList<>();
        for (int piece = 0; piece < count; piece++) {
            int from = (int) ((long) sequences.size() * piece / count);
            int to = (int) ((long) sequences.size() * (piece + 1) / count);
            if (from < to) {
                pieces.add(sequences.subList(from, to));
            }
        }
        return pieces;
    }

    static List<Sequence> sequences(List<int[]> batch) {
        return batch.stream().map(Sequence::ofTokens).toList();
    }
}
