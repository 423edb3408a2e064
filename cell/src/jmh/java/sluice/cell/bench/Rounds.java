package sluice.cell.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Contenders take turns, A B C A B C ..., so that a machine whose speed drifts, as those of a cloud do, drifts for all of them. The
 * first is what the others are compared with, round by round.
 */
final class Rounds {
    private final double[][] speeds; // (contenders, rounds), tokens a second

    private Rounds(double[][] speeds) {
        this.speeds = speeds;
    }

    static Rounds run(List<Contender> contenders, Effort effort) {
        contenders.forEach(contender -> contender.turn(effort.warmUp()));
        double[][] speeds = new double[contenders.size()][effort.rounds()];
        for (int round = 0; round < effort.rounds(); round++) {
            for (int contender = 0; contender < speeds.length; contender++) {
                System.gc(); // so that nobody pays for another's garbage
                speeds[contender][round] = contenders.get(contender).turn(effort.seconds());
            }
        }
        return new Rounds(speeds);
    }

    /** The median over the rounds. */
    double speed(int contender) {
        return median(speeds[contender]);
    }

    /** The first contender's speed in multiples of this one's: least, median, largest of the rounds. */
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
