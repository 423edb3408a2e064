package sluice.job.message;

import java.io.PrintWriter;

/** What the user of a terminal reads: results on one stream, errors on the other. */
public record Console(PrintWriter out, PrintWriter err) {
    public void say(String format, Object... values) {
        out.println("sluice: " + format.formatted(values));
    }

    public void error(String message) {
        err.println("sluice: error: " + message);
    }
}
