package sluice.cell.bench;

import java.util.List;
import sluice.cell.KernelChoice;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;

/**
 * Times the start of a new JVM: from a model to its first score, the speed in the first two seconds, while the JIT compiler works, and
 * the speed later. Then, in the warm JVM, the speed-up of two threads.
 *
 * <p>Sequences are scored in pieces that take a fraction of a second, so that two seconds have many pieces. Both speeds are measured on
 * such pieces, which share fewer prefixes than the job's batches.
 */
public final class Beginning {
    private static final double EARLY = 2; // seconds
    private static final double PIECE = 1e9; // operations
    private static final int LEAST_PIECE = 48; // sequences, so that the kernel's tiles are full

    private final Effort effort;
    private final Workload workload;
    private final List<int[]> sequences;
    private final CompiledModel compiled;
    private final double firstScore; // seconds from the model to the first score
    private double early; // tokens per second
    private double steady; // tokens per second

    private Beginning(Effort effort, Workload workload) {
        this.effort = effort;
        this.workload = workload;
        this.sequences = workload.sequences(effort).orElseThrow();
        List<List<Sequence>> pieces = pieces();
        LstmModel model = workload.model();
        long start = System.nanoTime();
        this.compiled = CompiledModel.compile(model, workload.input(), KernelChoice.VECTOR);
        SequenceScorer scorer = compiled.scorer(workload.question().request());
        scorer.score(pieces.get(0).subList(0, 1));
        this.firstScore = secondsSince(start);
        measure(scorer, pieces);
    }

    static void printHeader() {
        System.out.printf(
                "%n%-32s %10s %12s %14s %14s %8s %12s%n",
                "workload", "packed", "first score", "first 2 s, t/s", "steady, t/s", "share", "two threads");
    }

    /** Arguments: the index of a workload and the name of an effort. Run in a new JVM. */
    public static void main(String[] arguments) {
        new Beginning(Effort.named(arguments[1]), Workload.ALL.get(Integer.parseInt(arguments[0]))).print();
    }

    private List<List<Sequence>> pieces() {
        double operations = workload.operationsPerToken() * Sequences.distinct(sequences);
        double count = Math.min(operations / PIECE, (double) sequences.size() / LEAST_PIECE);
        return JobBatches.pieces(sequences, (int) Math.max(1, count)).stream()
                .map(JobBatches::sequences)
                .toList();
    }

    private void measure(SequenceScorer scorer, List<List<Sequence>> pieces) {
        long start = System.nanoTime();
        double seconds = effort.beginning();
        double now = 0;
        double late = 0; // start of the steady part, in seconds
        long tokens = 0;
        long lateTokens = 0;
        for (int piece = 0; now < seconds || late == now; piece++) {
            List<Sequence> batch = pieces.get(piece % pieces.size());
            scorer.score(batch);
            tokens += batch.stream().mapToLong(Sequence::length).sum();
            now = secondsSince(start);
            if (early == 0 && now >= EARLY) {
                early = tokens / now;
            }
            if (late == 0 && now >= Math.max(EARLY, seconds / 2)) {
                late = now;
                lateTokens = tokens;
            }
        }
        steady = (tokens - lateTokens) / (now - late);
    }

    private void print() {
        double speedUp = TwoThreads.speedUp(compiled, workload.question(), sequences, effort);
        System.out.printf(
                "%-32s %6.1f MiB %9.0f ms %14.0f %14.0f %7.0f%% %11.2fx%n",
                workload.title(),
                compiled.bytes() / (double) (1 << 20),
                1000 * firstScore,
                early,
                steady,
                100 * early / steady,
                speedUp);
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
