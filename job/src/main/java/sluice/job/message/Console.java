package sluice.job.message;

import java.io.PrintWriter;

/** The user's terminal: results and progress on one stream, errors on the other. */
public record Console(PrintWriter out, PrintWriter err) {
    public void say(String format, Object... values) {
        out.println("sluice: " + format.formatted(values));
    }

    /** Something that the user should know, which doesn't change the outcome. */
    public void warning(String message) {
        err.println("sluice: warning: " + message);
    }

    public void error(String message) {
        err.println("sluice: error: " + message);
    }
}
