package sluice.cell.bench;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.KernelChoice;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;

/**
 * Times one workload: Sluice and ONNX Runtime alternately, one thread each.
 *
 * <p>ONNX Runtime gets its best configuration: the fastest of several batch sizes, buffers that it fills in place, and no copy of
 * softmaxes. If lengths differ, its batches are padded and have lengths, in three orders, and the time to read its answers in Java
 * counts. Sluice gets the batches that the job would make and returns Java arrays.
 */
public final class Race {
    private static final int TRIAL = 2048; // number of sequences in a trial of a batch size

    private final Effort effort;
    private final Workload workload;
    private final List<int[]> sequences;
    private final OnnxSession session;

    private Race(Effort effort, Workload workload, List<int[]> sequences, OnnxSession session) {
        this.effort = effort;
        this.workload = workload;
        this.sequences = sequences;
        this.session = session;
    }

    static void printHeader() {
        System.out.printf(
                "%n%-32s %10s  %-26s %10s  %-20s %6s %8s%n",
                "workload", "Sluice t/s", "ONNX Runtime: order, batch", "t/s", "ratio", "nodes", "reading");
    }

    /** Arguments: the index of a workload and the name of an effort. Run in a new JVM. */
    public static void main(String[] arguments) {
        Workload workload = Workload.ALL.get(Integer.parseInt(arguments[0]));
        Effort effort = Effort.named(arguments[1]);
        List<int[]> sequences = workload.sequences(effort).orElseThrow();
        LstmModel model = workload.model();
        CompiledModel compiled = CompiledModel.compile(model, workload.input(), KernelChoice.VECTOR);
        try (OnnxSession session =
                new OnnxSession(model, workload.question(), workload.corpus().ragged())) {
            new Race(effort, workload, sequences, session).run(compiled);
        }
    }

    private void run(CompiledModel compiled) {
        List<Contender> contenders = new ArrayList<>();
        contenders.add(Contenders.sluice(compiled, workload.question(), sequences));
        List<OnnxScorer> scorers = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Padding padding : Contenders.paddings(workload)) {
            OnnxScorer scorer = new OnnxScorer(session);
            int batchSize = bestBatchSize(padding);
            scorers.add(scorer);
            names.add("%s, %d".formatted(padding.title(), batchSize));
            contenders.add(Contenders.onnx(scorer, workload.question(), sequences, padding, batchSize));
        }
        Rounds rounds = Rounds.run(contenders, effort);
        for (int at = 0; at < names.size(); at++) {
            print(rounds, at + 1, names.get(at), scorers.get(at).readingShare());
        }
    }

    private int bestBatchSize(Padding padding) {
        int best = 0;
        double bestSpeed = 0;
        for (int batchSize : effort.batchSizes()) {
            // With one length all batches are alike; else a sample of the lengths is needed.
            int count = workload.corpus().ragged() ? TRIAL : batchSize;
            Contender contender = Contenders.onnx(
                    new OnnxScorer(session),
                    workload.question(),
                    Sequences.spread(sequences, count),
                    padding,
                    batchSize);
            contender.score();
            double speed = contender.measure(effort.trial());
            if (speed > bestSpeed) {
                best = batchSize;
                bestSpeed = speed;
            }
        }
        return best;
    }

    private void print(Rounds rounds, int contender, String name, double reading) {
        double[] ratios = rounds.ratios(contender);
        System.out.printf(
                "%-32s %10.0f  %-26s %10.0f  %5.2f %-14s %5.0f%% %7.1f%%%n",
                workload.title(),
                rounds.speed(0),
                name,
                rounds.speed(contender),
                ratios[1],
                "(%.2f to %.2f)".formatted(ratios[0], ratios[2]),
                100.0 * Sequences.distinct(sequences) / Sequences.tokens(sequences),
                100 * reading);
    }
}
