package sluice.job.message;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.cell.model.Printable;

/** The user's terminal: results and progress on one stream, errors and warnings on the other, where they may be events of the log. */
public final class Console {
    private final PrintWriter out;
    private final PrintWriter err;
    private final Optional<Logger> log; // for errors and warnings
    private String lastError; // null if there was none

    public Console(PrintWriter out, PrintWriter err) {
        this(out, err, Optional.empty());
    }

    private Console(PrintWriter out, PrintWriter err, Optional<Logger> log) {
        this.out = out;
        this.err = err;
        this.log = log;
    }

    /** A console whose errors and warnings are events of the logger {@code sluice}, for programs that read the log. */
    public static Console logging(PrintWriter out, PrintWriter err) {
        return new Console(out, err, Optional.of(LoggerFactory.getLogger("sluice")));
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
        if (log.isPresent() && log.get().isWarnEnabled()) {
            log.get().warn("{}", printable(message));
        } else {
            err.println("sluice: warning: " + printable(message));
        }
    }

    public void error(String message) {
        if (log.isPresent() && log.get().isErrorEnabled()) {
            log.get().error("{}", printable(message));
        } else {
            err.println("sluice: error: " + printable(message));
        }
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
