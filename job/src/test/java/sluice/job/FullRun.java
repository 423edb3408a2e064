package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.TestInfo;

/** How long a loop runs: short in the ordinary build, whole under {@code -Pfull}, which runs the tests with the tag. */
public final class FullRun {
    private static final String TAG = "shortened";
    private static final boolean IS_ON = Boolean.getBoolean("sluice.full");

    private FullRun() {}

    /**
     * @param test has the tag, as without it {@code -Pfull} would leave the test out
     * @param few the rounds of the ordinary build
     * @param all the rounds under {@code -Pfull}
     */
    public static int rounds(TestInfo test, int few, int all) {
        assertThat(test.getTags()).contains(TAG);
        return IS_ON ? all : few;
    }
}
