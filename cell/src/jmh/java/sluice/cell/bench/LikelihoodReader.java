package sluice.cell.bench;

/** Computes log-likelihoods and ranks from ONNX Runtime's log-probabilities at each step. */
final class LikelihoodReader implements OnnxScorer.Reader {
    private final boolean ranked;
    private final double[] logLikelihood; // by sequence
    private final int[][] ranks; // by sequence: (n - 1), or null

    LikelihoodReader(int sequences, boolean ranked) {
        this.ranked = ranked;
        this.logLikelihood = new double[sequences];
        this.ranks = new int[sequences][];
    }

    @Override
    public void read(int s, int[] sequence, OnnxAnswer answer, int at) {
        double sum = 0;
        int[] rank = ranked ? new int[sequence.length - 1] : null;
        for (int step = 0; step < sequence.length - 1; step++) {
            float target = answer.value(at, step, sequence[step + 1]);
            sum += target;
            if (ranked) {
                rank[step] = 1 + countAbove(answer.row(at, step), target);
            }
        }
        logLikelihood[s] = sum;
        ranks[s] = rank;
    }

    static int countAbove(float[] row, float threshold) {
        int above = 0;
        for (float value : row) {
            above += value > threshold ? 1 : 0;
        }
        return above;
    }

    double logLikelihood(int s) {
        return logLikelihood[s];
    }

    /** Ranks of the tokens after the first; null if ranks are not requested. */
    int[] ranks(int s) {
        return ranks[s];
    }
}
