package sluice.job.message;

import java.io.PrintWriter;
import java.util.Locale;

/** The user's terminal: results and progress on one stream, errors on the other. */
public record Console(PrintWriter out, PrintWriter err) {
    public void say(String format, Object... values) {
        out.println("sluice: " + String.format(Locale.ROOT, format, values));
    }

    /** Something that the user should know, which doesn't change the outcome. */
    public void warning(String message) {
        err.println("sluice: warning: " + message);
    }

    public void error(String message) {
        err.println("sluice: error: " + message);
    }
}
