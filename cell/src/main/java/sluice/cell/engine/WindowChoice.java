package sluice.cell.engine;

import java.util.stream.IntStream;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;

/** Which windows of a sequence a request needs, each named by its last step. Immutable. */
final class WindowChoice {
    private final ScoreRequest request;
    private final boolean targets; // whether any kind about targets is requested
    private final boolean others; // whether any other kind is

    WindowChoice(ScoreRequest request) {
        this.request = request;
        this.targets = request.needsTargets();
        this.others = !request.needsTargetsOnly();
    }

    /** Whether windows with a target and the others are answered by one request. */
    boolean areAlike() {
        return request.at() == Steps.EACH || !targets || !others;
    }

    /** The last steps of the windows that a sequence of this many steps needs, in order; -1 is that of the window of an empty one. */
    IntStream lastSteps(int steps) {
        return IntStream.range(first(steps), steps).filter(step -> predicts(step, steps) || answers(step, steps));
    }

    private int first(int steps) {
        if (steps == 0) {
            return request.at() == Steps.LAST ? -1 : 0;
        }
        int answer = others ? request.firstAnswer(steps) : steps;
        int target = targets ? request.firstTarget(steps) - 1 : steps;
        return Math.min(answer, target);
    }

    /** Number of windows of a sequence of this many steps, at most. */
    int count(int steps) {
        return steps - Math.max(0, first(steps));
    }

    /** Whether the token after this step is a target. */
    boolean predicts(int step, int steps) {
        return targets && step < steps - 1 && step >= request.firstTarget(steps) - 1;
    }

    /** Whether this step has an answer of its own. */
    boolean answers(int step, int steps) {
        return others && (steps == 0 || step >= request.firstAnswer(steps));
    }
}
