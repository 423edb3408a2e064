package sluice.cell.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sluice.cell.model.LstmModel;
import sluice.cell.reference.ReferenceLstm;

/** An LSTM whose four gates have clearly different weights, and its states by the equations. Tests of the gate order use it. */
public final class FourGates {
    /** I. */
    public static final int INPUT = 2;

    /** H. */
    public static final int HIDDEN = 3;

    private static final int STEPS = 4;

    private FourGates() {}

    /** All 24 orders of the letters i, f, g, o. */
    public static List<String> orders() {
        return orders("ifgo");
    }

    /** All orders of some letters. */
    static List<String> orders(String letters) {
        return permutations("", letters);
    }

    private static List<String> permutations(String prefix, String remaining) {
        if (remaining.isEmpty()) {
            return List.of(prefix);
        }
        List<String> all = new ArrayList<>();
        for (int at = 0; at < remaining.length(); at++) {
            all.addAll(permutations(
                    prefix + remaining.charAt(at), remaining.substring(0, at) + remaining.substring(at + 1)));
        }
        return all;
    }

    // ---- the weights, on a different scale for each gate

    private static double scale(char gate) {
        return switch (gate) {
            case 'i' -> 0.5;
            case 'f' -> 1.1;
            case 'g' -> -0.8;
            default -> 1.7;
        };
    }

    public static double u(char gate, int row, int column) {
        return scale(gate) * Math.sin(1 + 3 * row + 2 * column + gate);
    }

    public static double w(char gate, int row, int column) {
        return scale(gate) * Math.cos(2 + row + 4 * column + gate);
    }

    public static double b(char gate, int row) {
        return scale(gate) * (0.3 + 0.1 * row);
    }

    /** A peephole weight. */
    static double p(char gate, int row) {
        return scale(gate) * (0.4 - 0.15 * row);
    }

    private static double x(int step, int column) {
        return Math.sin(step + 5 * column) + 0.25;
    }

    // ---- the states

    /** The final states by the six LSTM equations, in float64, with the weights above. */
    public static double[] equations() {
        return equations(0);
    }

    /** The same with peepholes. */
    static double[] peepholeEquations() {
        return equations(1);
    }

    private static double[] equations(int peephole) {
        double[] h = new double[HIDDEN];
        double[] c = new double[HIDDEN];
        for (int step = 0; step < STEPS; step++) {
            double[] next = new double[HIDDEN];
            for (int row = 0; row < HIDDEN; row++) {
                double i = sigmoid(sum('i', row, step, h) + peephole * p('i', row) * c[row]);
                double f = sigmoid(sum('f', row, step, h) + peephole * p('f', row) * c[row]);
                double g = Math.tanh(sum('g', row, step, h));
                c[row] = f * c[row] + i * g;
                double o = sigmoid(sum('o', row, step, h) + peephole * p('o', row) * c[row]);
                next[row] = o * Math.tanh(c[row]);
            }
            h = next;
        }
        return joined(h, c);
    }

    private static double sum(char gate, int row, int step, double[] h) {
        double sum = b(gate, row);
        for (int column = 0; column < INPUT; column++) {
            sum += u(gate, row, column) * x(step, column);
        }
        for (int column = 0; column < HIDDEN; column++) {
            sum += w(gate, row, column) * h[column];
        }
        return sum;
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    /** The final states that the reference implementation computes with a model. */
    public static double[] states(LstmModel model) {
        double[][] inputs = new double[STEPS][INPUT];
        for (int step = 0; step < STEPS; step++) {
            for (int column = 0; column < INPUT; column++) {
                inputs[step][column] = x(step, column);
            }
        }
        ReferenceLstm.Run run = new ReferenceLstm(model).run(inputs, new double[1][HIDDEN], new double[1][HIDDEN]);
        return joined(run.finalHidden()[0], run.finalCell()[0]);
    }

    private static double[] joined(double[] h, double[] c) {
        double[] both = Arrays.copyOf(h, 2 * HIDDEN);
        System.arraycopy(c, 0, both, HIDDEN, HIDDEN);
        return both;
    }

    /** The largest absolute difference. */
    public static double distance(double[] one, double[] other) {
        double largest = 0;
        for (int at = 0; at < one.length; at++) {
            largest = Math.max(largest, Math.abs(one[at] - other[at]));
        }
        return largest;
    }
}
