package sluice.cell.bench;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import sluice.cell.engine.CompiledModel;

/** Two scorers of one model on two threads, each with the whole workload, like two tasks of an executor. */
final class TwoThreads implements Contender, AutoCloseable {
    private final List<Contender> scorers;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    private TwoThreads(List<Contender> scorers) {
        this.scorers = scorers;
    }

    /** Speed-up over one thread. */
    static double speedUp(CompiledModel compiled, Question question, List<int[]> sequences, Effort effort) {
        List<Contender> scorers = Stream.generate(() -> Contenders.sluice(compiled, question, sequences))
                .limit(2)
                .toList();
        try (TwoThreads two = new TwoThreads(scorers)) {
            return Rounds.run(List.of(two, scorers.get(0)), effort).ratios(1)[1];
        }
    }

    @Override
    public void score() {
        List<Future<?>> running = scorers.stream()
                .<Future<?>>map(scorer -> threads.submit(scorer::score))
                .toList();
        try {
            for (Future<?> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a thread failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public long tokens() {
        return scorers.stream().mapToLong(Contender::tokens).sum();
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
