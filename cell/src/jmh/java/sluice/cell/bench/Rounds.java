package sluice.cell.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Times the engines alternately, A B C A B C ..., so that a drift of the machine's speed, common on cloud machines, affects all of them.
 * The others are compared with the first, round by round.
 */
final class Rounds {
    private final double[][] speeds; // (contenders, rounds), tokens per second

    private Rounds(double[][] speeds) {
        this.speeds = speeds;
    }

    static Rounds run(List<Contender> contenders, Effort effort) {
        contenders.forEach(contender -> contender.measure(effort.warmUp()));
        double[][] speeds = new double[contenders.size()][effort.rounds()];
        for (int round = 0; round < effort.rounds(); round++) {
            for (int contender = 0; contender < speeds.length; contender++) {
                System.gc(); // so that no engine collects the garbage of another
                speeds[contender][round] = contenders.get(contender).measure(effort.seconds());
            }
        }
        return new Rounds(speeds);
    }

    /** Median over the rounds, in tokens per second. */
    double speed(int contender) {
        return median(speeds[contender]);
    }

    /** Ratio of the first engine's speed to this one's: minimum, median and maximum of the rounds. */
    double[] ratios(int contender) {
        double[] ratios = new double[speeds[0].length];
        Arrays.setAll(ratios, round -> speeds[0][round] / speeds[contender][round]);
        Arrays.sort(ratios);
        return new double[] {ratios[0], median(ratios), ratios[ratios.length - 1]};
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
