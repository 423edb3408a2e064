package sluice.job.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The side of a conversation that answers: a line asks, a line of JSON answers. Whatever else is printed goes to stderr. */
final class Conversation {
    /** What is done with a line. */
    interface Answerer {
        Object answer(String line) throws IOException;
    }

    private Conversation() {}

    /** Answers until nobody asks any more. What goes wrong ends the process. */
    static void serve(Answerer answerer) {
        PrintStream answers = System.out;
        System.setOut(System.err);
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.println(json.writeValueAsString(answerer.answer(line)));
                answers.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.exit(0); // threads of libraries don't keep it
    }
}
