package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One {@code submit/score}, as a process on its own. */
final class Launch {
    /** The exit code of a process that was ended by signal 9. */
    private static final int KILLED = 137;

    private final List<String> command;
    private final Process process;
    private final Path out;
    private final Path err;

    private Launch(List<String> command, Process process, Path out, Path err) {
        this.command = command;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** What a launch said and how it left. */
    record Ended(List<String> command, int exitCode, String out, String err) {
        /** It scored, and had nothing to complain about. */
        Ended assertScored() {
            assertThat(exitCode).as(toString()).isZero();
            assertThat(err).as(toString()).doesNotContain("error").doesNotContain(" WARN ");
            return this;
        }

        /** It said why it didn't, in one sentence. */
        Ended assertFailed(int code, String... words) {
            assertThat(exitCode).as(toString()).isEqualTo(code);
            assertThat(err)
                    .as(toString())
                    .doesNotContain("\tat ")
                    .doesNotContain(" WARN ")
                    .doesNotContain(" ERROR ");
            List<String> sentences = err.lines()
                    .filter(line -> line.startsWith("sluice: error: "))
                    .toList();
            assertThat(sentences).as(toString()).hasSize(1);
            assertThat(sentences.get(0)).contains(words);
            return this;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s left with %d%n%s%n%s", String.join(" ", command), exitCode, out, err);
        }
    }

    /** A run of seconds is over before the second compiler and a second thread of the collector have paid for themselves. */
    static final String SMALL = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

    /** The options of a small run. */
    static List<String> smallDriver() {
        return List.of("--driver-memory", "512m", "--driver-java-options", SMALL);
    }

    /** Scores on this machine, on two cores. */
    static Launch local(Path directory, String... options) {
        return local(directory, Map.of(), options);
    }

    /** The same, with more in its environment. */
    static Launch local(Path directory, Map<String, String> environment, String... options) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        command.addAll(smallDriver());
        command.addAll(Arrays.asList(options));
        return start(directory, command, environment);
    }

    /**
     * Starts a command line.
     *
     * @param directory where it is started; what it says goes to files there
     * @param environment besides a clean one
     */
    static Launch start(Path directory, List<String> command, Map<String, String> environment) {
        try {
            Path out = Files.createTempFile(directory, "launch", ".out");
            Path err = Files.createTempFile(directory, "launch", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            clean(builder.environment());
            builder.environment().putAll(environment);
            return new Launch(command, builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The jar under test on the Java that runs the tests, whatever the machine has set besides. */
    private static void clean(Map<String, String> environment) {
        environment.keySet().removeIf(name -> name.startsWith("SPARK_") || name.startsWith("SLUICE_"));
        environment.keySet().removeAll(List.of("MASTER", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("SLUICE_JAR", Checkout.jar().toString());
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    }

    /** Ends it at once, as {@code kill -9} does, when it has said something; it must not have ended by itself. */
    void killWhenItSays(String words) {
        killWhen("'%s'".formatted(words), () -> said(err).contains(words));
    }

    /** Ends it at once, as {@code kill -9} does, when something has come true; it must not have ended by itself. */
    void killWhen(String words, Waiting.Condition condition) {
        waitUntil(words, condition);
        kill();
        assertThat(end().exitCode()).as(words).isEqualTo(KILLED);
    }

    /** Whether it was killed when something had come true, or had ended by itself. */
    boolean killedWhen(String words, Waiting.Condition condition) {
        awaitOrEnd(words, condition);
        kill();
        return end().exitCode() == KILLED;
    }

    /** Ends it at once, with all that it has started. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Waits for something that comes true while it runs; it must not have ended by then. */
    void waitUntil(String words, Waiting.Condition condition) {
        awaitOrEnd(words, condition);
        if (!process.isAlive()) {
            throw new AssertionError("it ended before %s: %s".formatted(words, end()));
        }
    }

    private void awaitOrEnd(String words, Waiting.Condition condition) {
        try {
            Waiting.until(words, () -> !process.isAlive() || condition.holds());
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static String said(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Empty while it runs. */
    Optional<Integer> exitCode() {
        return process.isAlive() ? Optional.empty() : Optional.of(process.exitValue());
    }

    /** Waits for its end; what takes too long is ended, and fails. */
    Ended end() {
        try {
            boolean ended = process.waitFor(Waiting.PATIENCE_MINUTES, TimeUnit.MINUTES);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            Ended launch = new Ended(command, process.exitValue(), said(out), said(err));
            assertThat(ended)
                    .as("%s is done within %d minutes", launch, Waiting.PATIENCE_MINUTES)
                    .isTrue();
            return launch;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw Waiting.interrupted(String.valueOf(command), e);
        }
    }
}
