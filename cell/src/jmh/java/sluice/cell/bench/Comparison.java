package sluice.cell.bench;

import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.LstmModel;

/**
 * Compares Sluice with ONNX Runtime on the same sequences. If their answers disagree, nothing is timed.
 *
 * <p>JMH would run one benchmark to its end before the next. Here the engines alternate within one JVM, and the result is the median
 * over the rounds of their ratio. {@link Race} describes the configuration of each.
 */
public final class Comparison {
    private static final int SAMPLE = 1000; // largest number of sequences that are compared
    private static final int LEAST_SAMPLE = 24;
    private static final double SAMPLE_OPERATIONS = 1e10;

    private Comparison() {}

    /** Argument: {@code tiny}, {@code short} or {@code full}. */
    public static void main(String[] arguments) {
        Machine.print();
        Effort effort = Effort.named(arguments[0]);
        List<String> numbers = new ArrayList<>(); // indexes of the workloads that can be timed
        try {
            for (int number = 0; number < Workload.ALL.size(); number++) {
                if (agree(Workload.ALL.get(number), effort)) {
                    numbers.add(Integer.toString(number));
                }
            }
        } catch (DisagreementException e) {
            System.err.println("the engines disagree, so nothing is timed: " + e.getMessage());
            System.exit(1);
        }
        Race.printHeader();
        numbers.forEach(number -> Fork.run(Race.class, number, arguments[0]));
        if (effort.begins()) {
            Beginning.printHeader();
            numbers.forEach(number -> Fork.run(Beginning.class, number, arguments[0]));
        }
    }

    private static boolean agree(Workload workload, Effort effort) {
        List<int[]> sequences = workload.sequences(effort).orElse(List.of());
        if (sequences.isEmpty()) {
            System.out.printf("%-32s %s%n", workload.title(), workload.corpus().absence());
            return false;
        }
        double length = (double) Sequences.tokens(sequences) / sequences.size();
        double affordable = SAMPLE_OPERATIONS / workload.operationsPerToken() / length;
        int count = (int) Math.max(LEAST_SAMPLE, Math.min(SAMPLE, affordable));
        LstmModel model = workload.model();
        String agreement = Agreement.require(workload, model, Sequences.spread(sequences, count), effort.batchSizes());
        System.out.printf("%-32s %s%n", workload.title(), agreement);
        return true;
    }
}
