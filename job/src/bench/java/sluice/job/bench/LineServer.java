package sluice.job.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Serves requests of a parent process: each line on stdin is a request, each line on stdout its response in JSON. Other output goes to
 * stderr.
 */
final class LineServer {
    /** Computes the response to a request. */
    interface Handler {
        Object handle(String line) throws IOException;
    }

    private LineServer() {}

    /** Serves until stdin is closed, then exits. An exception ends the process. */
    static void serve(Handler handler) {
        PrintStream answers = System.out;
        System.setOut(System.err);
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.println(json.writeValueAsString(handler.handle(line)));
                answers.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.exit(0); // does not wait for threads of libraries
    }
}
