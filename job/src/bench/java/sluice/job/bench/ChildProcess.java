package sluice.job.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of this benchmark with the same Java and class path, which serves requests by {@link LineServer}. */
final class ChildProcess implements AutoCloseable {
    private static final int LOG_LINES = 20;
    private static final long TIMEOUT_SECONDS = 30;

    private final String name;
    private final Process process;
    private final Writer questions;
    private final BufferedReader answers;
    private final Path log;
    private final ObjectMapper json = new ObjectMapper();

    private ChildProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.questions = process.outputWriter(StandardCharsets.UTF_8);
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.log = log;
    }

    /**
     * Starts a process.
     *
     * @param options JVM options, in addition to those of this JVM
     * @param log file that receives its stderr
     */
    static ChildProcess start(Class<?> main, List<String> options, Path log, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList(System.getProperty("sluice.bench.flags").split(" +")));
        command.addAll(options);
        command.add("-Dlog4j2.configurationFile=" + System.getProperty("log4j2.configurationFile"));
        command.add(main.getName());
        command.addAll(Arrays.asList(arguments));
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
            // Not as an option: ONNX Runtime 1.29 crashes a process whose command line is longer than 4,096 bytes.
            builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
            return new ChildProcess(main.getSimpleName() + " " + String.join(" ", arguments), builder.start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends a request and returns the response.
     *
     * @throws ChildException if the process has ended
     */
    <T> T ask(String line, Class<T> answer) {
        try {
            questions.write(line + "\n");
            questions.flush();
            String response = answers.readLine();
            if (response == null) {
                throw new ChildException("%s: request '%s': the process exited with %d:%n%s"
                        .formatted(name, line, process.waitFor(), lastLines()));
            }
            return json.readValue(response, answer);
        } catch (IOException e) {
            throw new ChildException(
                    "%s: request '%s': the process has ended: %s%n%s".formatted(name, line, e, lastLines()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ChildException("interrupted while waiting for " + name);
        }
    }

    private String lastLines() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
        } catch (IOException e) {
            return "%s: %s".formatted(log, e);
        }
    }

    @Override
    public void close() {
        try {
            questions.close();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) { // it has already ended
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
