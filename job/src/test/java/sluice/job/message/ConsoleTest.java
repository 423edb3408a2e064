package sluice.job.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What a row, a file or a column is called cannot move the cursor of a terminal, or hide text. */
class ConsoleTest {
    private static final String HOSTILE = "word '\u001b[2J\u202e' at step 0";
    private static final String SHOWN = "word '\\u001b[2J\\u202e' at step 0";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Console console = new Console(new PrintWriter(out, true), new PrintWriter(err, true));

    @Test
    void controlCharactersAreEscaped() {
        console.say("%s", HOSTILE);
        console.warning(HOSTILE);
        console.error("one\n" + HOSTILE);

        assertThat(out.toString().lines()).containsExactly("sluice: " + SHOWN);
        assertThat(err.toString().lines()).containsExactly("sluice: warning: " + SHOWN, "sluice: error: one", SHOWN);
    }
}
