package sluice.cell.bench;

import java.util.List;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.CompiledModel;

/** Creates the engines that are compared. */
final class Contenders {
    private Contenders() {}

    /** The orders to try; one order is enough if all lengths are equal. */
    static List<Padding> paddings(Workload workload) {
        return workload.corpus().ragged() ? List.of(Padding.values()) : List.of(Padding.AS_THEY_COME);
    }

    /** Sluice with a new scorer, in the batches that the job would make. */
    static Contender sluice(CompiledModel compiled, Question question, List<int[]> sequences) {
        SequenceScorer scorer = compiled.scorer(question.request());
        List<List<Sequence>> batches = JobBatches.cut(sequences, scorer).stream()
                .map(JobBatches::sequences)
                .toList();
        return new Timed(sequences, () -> batches.forEach(scorer::score));
    }

    /** ONNX Runtime. Softmaxes stay in its buffer; likelihoods are read from them. */
    static Contender onnx(OnnxScorer scorer, Question question, List<int[]> sequences, Padding padding, int batchSize) {
        return new Timed(sequences, () -> {
            OnnxScorer.Reader reader = question.likelihoods()
                    ? new LikelihoodReader(sequences.size(), question.ranks())
                    : (s, sequence, answer, at) -> {};
            scorer.score(sequences, padding, batchSize, reader);
        });
    }

    private record Timed(long tokens, Runnable pass) implements Contender {
        Timed(List<int[]> sequences, Runnable pass) {
            this(Sequences.tokens(sequences), pass);
        }

        @Override
        public void score() {
            pass.run();
        }
    }
}
