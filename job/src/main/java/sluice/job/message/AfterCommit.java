package sluice.job.message;

import java.io.IOException;

/**
 * Runs what is left to do after a commit. The rows are published by then, so a step that fails is a warning: it must not make the run end
 * with an exit code that says that nothing was written.
 */
public record AfterCommit(Console console) {
    /** A step after the commit. */
    @FunctionalInterface
    public interface Step {
        void run() throws IOException;
    }

    /**
     * Runs a step. Any failure is printed as a warning.
     *
     * @param loss what the user lacks if the step fails, for example {@code "the rows could not be shown"}
     */
    public void attempt(String loss, Step step) {
        try {
            step.run();
        } catch (Exception | Error e) { // also what Spark throws without declaring it
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            console.warning(loss + ": " + Failure.reason(e) + "; the outcome of the run stays the same");
        }
    }
}
