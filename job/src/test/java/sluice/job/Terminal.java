package sluice.job;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a command line leaves on the terminal. The command takes the tests' Spark and stops it, as it does with its own.
 *
 * @param code the exit code
 * @param errors the lines on stderr that are the job's own; Spark's log writes there too
 */
record Terminal(int code, List<String> errors) {
    static Terminal score(String... arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            int code = ScoreCommand.run(arguments);
            List<String> lines = said.toString(StandardCharsets.UTF_8).lines().toList();
            return new Terminal(
                    code,
                    lines.stream()
                            .filter(line -> line.startsWith("sluice: ") || line.startsWith("\tat "))
                            .toList());
        } finally {
            System.setErr(before);
        }
    }
}
