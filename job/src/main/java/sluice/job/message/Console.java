package sluice.job.message;

import java.io.PrintWriter;

/** The user's terminal: results and progress on one stream, errors on the other. */
public record Console(PrintWriter out, PrintWriter err) {
    public void say(String format, Object... values) {
        out.println("sluice: " + format.formatted(values));
    }

    public void error(String message) {
        err.println("sluice: error: " + message);
    }
}
