package sluice.job;

import java.util.Locale;
import sluice.job.message.ExitCode;

/** What spark-submit runs: {@code spark-submit --class sluice.job.Main sluice.jar OPTIONS}. */
public final class Main {
    private Main() {}

    /** Scores; leaves with the run's own exit code, which client mode hands on to the scheduler. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // numbers in messages look the same everywhere
        int code = ScoreCommand.run(arguments);
        if (code != ExitCode.SCORED.code()) {
            System.exit(code);
        }
    }
}
