package sluice.job;

import java.util.Locale;
import sluice.job.message.ExitCode;

/** The main class for {@code spark-submit --class sluice.job.Main sluice.jar OPTIONS}. */
public final class Main {
    private Main() {}

    /** Runs the command line and exits with its code, which spark-submit returns in client mode. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // the same format of numbers everywhere
        int code = ScoreCommand.run(arguments);
        if (code != ExitCode.SCORED.code()) {
            System.exit(code);
        }
    }
}
