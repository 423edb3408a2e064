package sluice.cell.bench;

import java.util.Arrays;
import java.util.List;

/** Scores sequences of any lengths with ONNX Runtime, in padded batches. */
final class OnnxScorer {
    /** Takes from a batch's answer what was asked of one sequence. */
    interface Reader {
        /**
         * Reads one.
         *
         * @param s place among all sequences
         * @param sequence its tokens: steps from {@code sequence.length} on are padding
         * @param at place in the batch
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
     * Scores all, and lets the reader see each answer.
     *
     * @return for each sequence the one whose answer, seen by the reader, is its own
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

    /** How much of the time so far went into reading answers, in Java. */
    double readingShare() {
        return (double) readNanos / nanos;
    }
}
