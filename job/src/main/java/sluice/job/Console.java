package sluice.job;

import java.io.PrintWriter;

/** What the user of a terminal reads: results on one stream, errors on the other. */
record Console(PrintWriter out, PrintWriter err) {
    void say(String format, Object... values) {
        out.println("sluice: " + format.formatted(values));
    }

    void error(String message) {
        err.println("sluice: error: " + message);
    }
}
