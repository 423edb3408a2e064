package sluice.job;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a command line leaves on the terminal. The command takes the tests' Spark and stops it, as it does with its own.
 *
 * @param code the exit code
 * @param output the lines on stdout
 * @param errors the lines on stderr that are the job's own; Spark's log writes there too
 */
record Terminal(int code, List<String> output, List<String> errors) {
    static Terminal score(String... arguments) {
        PrintStream outBefore = System.out;
        PrintStream before = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            int code = ScoreCommand.run(arguments);
            List<String> lines = said.toString(StandardCharsets.UTF_8).lines().toList();
            return new Terminal(
                    code,
                    printed.toString(StandardCharsets.UTF_8).lines().toList(),
                    lines.stream()
                            .filter(line -> line.startsWith("sluice: ") || line.startsWith("\tat "))
                            .toList());
        } finally {
            System.setOut(outBefore);
            System.setErr(before);
        }
    }
}
