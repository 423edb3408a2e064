package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One {@code submit/score}, as a process on its own. */
final class Launch {
    /** Many times what the slowest takes on a busy machine. */
    private static final long PATIENCE_MINUTES = 5;

    private static final long LOOK_MILLIS = 20;

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
            return "%s left with %d%n%s%n%s".formatted(String.join(" ", command), exitCode, out, err);
        }
    }

    /** A run of seconds is over before the second compiler has paid for itself. */
    static final List<String> SMALL_DRIVER =
            List.of("--driver-memory", "512m", "--driver-java-options", "-XX:TieredStopAtLevel=1");

    /** Scores on this machine, on two cores. */
    static Launch local(Path directory, String... options) {
        List<String> command = new ArrayList<>(List.of(Checkout.launcher().toString(), "--master", "local[2]"));
        command.addAll(SMALL_DRIVER);
        command.addAll(Arrays.asList(options));
        return start(directory, command, Map.of());
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
        try {
            long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
            while (!Files.readString(err).contains(words) && process.isAlive() && System.nanoTime() < patience) {
                Thread.sleep(LOOK_MILLIS);
            }
            boolean wasAlive = process.isAlive();
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            String said = Files.readString(err);
            assertThat(wasAlive)
                    .as("%s ran until it was killed: %s", command, said)
                    .isTrue();
            assertThat(said).contains(words);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command, e);
        }
    }

    /** Waits for its end; what takes too long is ended, and fails. */
    Ended end() {
        try {
            boolean ended = process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            Ended launch = new Ended(command, process.exitValue(), Files.readString(out), Files.readString(err));
            assertThat(ended)
                    .as("%s is done within %d minutes", launch, PATIENCE_MINUTES)
                    .isTrue();
            return launch;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command, e);
        }
    }
}
