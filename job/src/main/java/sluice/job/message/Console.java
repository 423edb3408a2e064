package sluice.job.message;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.Printable;

/** The user's terminal: results and progress on one stream, errors on the other. */
public final class Console {
    private final PrintWriter out;
    private final PrintWriter err;
    private String lastError; // null if there was none

    public Console(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    public PrintWriter out() {
        return out;
    }

    public PrintWriter err() {
        return err;
    }

    public void say(String format, Object... values) {
        out.println("sluice: " + printable(String.format(Locale.ROOT, format, values)));
    }

    /** Something that the user should know, which doesn't change the outcome. */
    public void warning(String message) {
        err.println("sluice: warning: " + printable(message));
    }

    public void error(String message) {
        err.println("sluice: error: " + printable(message));
        lastError = message;
    }

    /** Names and words may come from strangers, so all control characters are escaped but the ends of lines. */
    private static String printable(String message) {
        return message == null ? null : message.lines().map(Printable::of).collect(Collectors.joining("\n"));
    }

    /** The last message of {@link #error}. */
    public Optional<String> lastError() {
        return Optional.ofNullable(lastError);
    }
}
