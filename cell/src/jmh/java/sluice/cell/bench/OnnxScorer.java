package sluice.cell.bench;

import java.util.Arrays;
import java.util.List;

/** Scores sequences of any lengths with ONNX Runtime, in padded batches. */
final class OnnxScorer {
    /** Reads the answer to one sequence from the output of a batch. */
    interface Reader {
        /**
         * Reads one answer.
         *
         * @param s index among all sequences
         * @param sequence its tokens; steps from {@code sequence.length} on are padding
         * @param at index in the batch
         */
        void read(int s, int[] sequence, OnnxAnswer answer, int at);
    }

    private final OnnxSession session;
    private long nanos;
    private long readNanos;

    OnnxScorer(OnnxSession session) {
        this.session = session;
    }

    /**
     * Scores all sequences and passes each computed answer to the reader.
     *
     * @return for each sequence the index of the sequence whose answer it shares
     */
    int[] score(List<int[]> sequences, Padding padding, int batchSize, Reader reader) {
        long start = System.nanoTime();
        Padding.Plan plan = padding.plan(sequences);
        for (int first = 0; first < plan.order().length; first += batchSize) {
            int end = Math.min(first + batchSize, plan.order().length);
            List<int[]> batch = Arrays.stream(plan.order(), first, end)
                    .mapToObj(sequences::get)
                    .toList();
            OnnxAnswer answer = session.run(batch);
            long answered = System.nanoTime();
            for (int at = 0; at < batch.size(); at++) {
                reader.read(plan.order()[first + at], batch.get(at), answer, at);
            }
            readNanos += System.nanoTime() - answered;
        }
        nanos += System.nanoTime() - start;
        return plan.representative();
    }

    /** Share of the time so far that was spent on reading answers in Java. */
    double readingShare() {
        return (double) readNanos / nanos;
    }
}
