package sluice.job;

import java.util.Locale;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;

/** The main class for {@code spark-submit --class sluice.job.Main sluice.jar OPTIONS}. */
public final class Main {
    private Main() {}

    /** A failed run as YARN shows it: the message, without a stack trace. */
    private static final class FailedRun extends RuntimeException {
        private static final long serialVersionUID = 1L;

        FailedRun(String message) {
            super(message, null, false, false);
        }

        @Override
        public String toString() {
            return getMessage();
        }
    }

    /** Runs the command line and exits with its code, which spark-submit returns in client mode. */
    public static void main(String[] arguments) {
        Locale.setDefault(
                Locale.ENGLISH); // the same format of numbers everywhere; Derby, which Hive may use, knows no root
        // locale
        Console console = ScoreCommand.console();
        int code = ScoreCommand.run(console, arguments);
        if (code == ExitCode.SCORED.code()) {
            return;
        }
        if (isApplicationMaster()) {
            // YARN and the submitting process show the message of an exception. They would not see the exit code.
            throw new FailedRun(
                    console.lastError().orElse("the run failed") + String.format(Locale.ROOT, " (exit code %d)", code));
        }
        System.exit(code);
    }

    /** Whether this process is the driver of YARN's cluster mode. */
    private static boolean isApplicationMaster() {
        return "yarn".equals(System.getProperty("spark.master"))
                && "cluster".equals(System.getProperty("spark.submit.deployMode"));
    }
}
