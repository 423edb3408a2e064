package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;

/** Asserts equality of all bits, also where {@code ==} does not compare them: 0 differs from -0, and NaNs with different bits differ. */
public final class SameBits {
    private SameBits() {}

    /** Compares whole answers; an output that only one of them has is a difference. */
    public static void same(String what, ScoredSequence actual, ScoredSequence expected) {
        same(what + ": softmax", actual.softmax(), expected.softmax());
        same(what + ": logits", actual.logits(), expected.logits());
        same(what + ": sigmoid", actual.sigmoid(), expected.sigmoid());
        assertThat(actual.prediction()).as(what + ": prediction").isEqualTo(expected.prediction());
        assertThat(actual.topTokens()).as(what + ": top tokens").isDeepEqualTo(expected.topTokens());
        same(what + ": top probabilities", actual.topProbabilities(), expected.topProbabilities());
        assertThat(Double.doubleToRawLongBits(actual.logLikelihood()))
                .as("%s: log-likelihood %s, expected %s", what, actual.logLikelihood(), expected.logLikelihood())
                .isEqualTo(Double.doubleToRawLongBits(expected.logLikelihood()));
        assertThat(actual.predictedTokens()).as(what + ": predicted tokens").isEqualTo(expected.predictedTokens());
        same(what + ": log-probabilities", actual.logProbabilities(), expected.logProbabilities());
        assertThat(actual.ranks()).as(what + ": ranks").isEqualTo(expected.ranks());
        same(what + ": hidden", actual.hidden(), expected.hidden());
        same(what + ": cell", actual.cell(), expected.cell());
        same(what + ": state", actual.state(), expected.state());
        same(what + ": gates", actual.gates(), expected.gates());
        assertThat(actual.defect()).as(what + ": defect").isEqualTo(expected.defect());
    }

    public static void same(String what, List<ScoredSequence> actual, List<ScoredSequence> expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int s = 0; s < expected.size(); s++) {
            same(what + ": sequence " + s, actual.get(s), expected.get(s));
        }
    }

    public static void same(String what, LstmState actual, LstmState expected) {
        if (expected == null || actual == null) {
            assertThat(actual).as(what).isSameAs(expected);
        } else {
            same(what + "'s h", actual.hidden(), expected.hidden());
            same(what + "'s c", actual.cell(), expected.cell());
        }
    }

    public static void same(String what, StepGates[] actual, StepGates[] expected) {
        if (expected == null || actual == null) {
            assertThat(actual).as(what).isSameAs(expected);
        } else {
            assertThat(actual.length).as(what + ": steps").isEqualTo(expected.length);
            for (int step = 0; step < expected.length; step++) {
                String where = what + ", step " + step;
                same(where + ": input", actual[step].input(), expected[step].input());
                same(where + ": forget", actual[step].forget(), expected[step].forget());
                same(where + ": candidate", actual[step].candidate(), expected[step].candidate());
                same(where + ": output", actual[step].output(), expected[step].output());
                same(where + ": cell", actual[step].cell(), expected[step].cell());
            }
        }
    }

    public static void same(String what, float[][] actual, float[][] expected) {
        if (expected == null || actual == null) {
            assertThat(actual).as(what).isSameAs(expected);
        } else {
            assertThat(actual.length).as(what + ": rows").isEqualTo(expected.length);
            for (int row = 0; row < expected.length; row++) {
                same(what + ", row " + row, actual[row], expected[row]);
            }
        }
    }

    public static void same(String what, float[] actual, float[] expected) {
        if (expected == null || actual == null) {
            assertThat(actual).as(what).isSameAs(expected);
            return;
        }
        assertThat(actual.length).as(what + ": length").isEqualTo(expected.length);
        for (int at = 0; at < expected.length; at++) {
            if (Float.floatToRawIntBits(actual[at]) != Float.floatToRawIntBits(expected[at])) {
                throw new AssertionError(String.format(
                        Locale.ROOT,
                        "%s: %s at index %d, expected %s to the last bit",
                        what,
                        actual[at],
                        at,
                        expected[at]));
            }
        }
    }
}
