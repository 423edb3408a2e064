package sluice.cell.bench;

import java.util.List;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.CompiledModel;

/** The engines, ready to take turns. */
final class Contenders {
    private Contenders() {}

    /** Lengths that are all the same need no order. */
    static List<Padding> paddings(Workload workload) {
        return workload.corpus().ragged() ? List.of(Padding.values()) : List.of(Padding.AS_THEY_COME);
    }

    /** Sluice, with a scorer of its own, in batches as the job makes them. */
    static Contender sluice(CompiledModel compiled, Question question, List<int[]> sequences) {
        SequenceScorer scorer = compiled.scorer(question.request());
        List<List<Sequence>> batches = JobBatches.cut(sequences, scorer).stream()
                .map(JobBatches::sequences)
                .toList();
        return new Timed(sequences, () -> batches.forEach(scorer::score));
    }

    /** ONNX Runtime. Whole softmaxes are left where it has put them; likelihoods are read from them. */
    static Contender onnx(OnnxScorer scorer, Question question, List<int[]> sequences, Padding padding, int batchSize) {
        return new Timed(sequences, () -> {
            OnnxScorer.Reader reader = question.likelihoods()
                    ? new Likelihoods(sequences.size(), question.ranks())
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
