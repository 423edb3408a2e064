package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Spark Master and one Worker on the loopback, from Spark's own jars: nothing of ours is on their class path. */
final class StandaloneCluster implements AutoCloseable {
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern REGISTERED = Pattern.compile("Successfully registered with master");
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Path logs;
    private final Path sparkHome;
    private final Path work;
    private final List<Process> processes = new ArrayList<>();
    private final String master;

    /** Starts both and waits until they know each other; their logs stay below the build's directory. */
    StandaloneCluster(int cores) throws IOException {
        this.logs = Files.createDirectories(Checkout.target("cluster-logs"));
        this.sparkHome = Files.createDirectories(Checkout.target("spark-home"));
        this.work = Files.createTempDirectory(logs, "work");
        linkJars(Files.createDirectories(sparkHome.resolve("jars")));
        try {
            Path log = start("master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0");
            this.master = waitFor(MASTER, log).group(1);
            log = start(
                    "worker",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "0",
                    "--webui-port",
                    "0",
                    "--cores",
                    String.valueOf(cores),
                    "--memory",
                    "1g",
                    master);
            waitFor(REGISTERED, log);
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** A Worker starts executors on the jars of an installation: links to the class path's make one. */
    private static void linkJars(Path jars) throws IOException {
        for (String jar : Checkout.sparkClassPath().split(":", -1)) {
            Path link = jars.resolve(Path.of(jar).getFileName());
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, Path.of(jar));
        }
    }

    /** Starts a daemon and returns its log. */
    private Path start(String daemon, String... options) throws IOException {
        String className = Character.toUpperCase(daemon.charAt(0)) + daemon.substring(1);
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx256m"));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(
                "-cp", Checkout.sparkClassPath(), "org.apache.spark.deploy.%s.%s".formatted(daemon, className)));
        command.addAll(Arrays.asList(options));
        Path log = logs.resolve(daemon + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("SPARK_HOME", sparkHome.toString());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_WORKER_DIR", work.toString());
        processes.add(builder.start());
        return log;
    }

    private Matcher waitFor(Pattern words, Path log) throws IOException {
        Instant end = Instant.now().plus(PATIENCE);
        while (Instant.now().isBefore(end) && processes.stream().allMatch(Process::isAlive)) {
            Matcher matcher = words.matcher(Files.readString(log));
            if (matcher.find()) {
                return matcher;
            }
            pause();
        }
        throw new IllegalStateException(
                "%s: no '%s' within %s:%n%s".formatted(log, words, PATIENCE, Files.readString(log)));
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the cluster", e);
        }
    }

    /** The master's address. */
    String master() {
        return master;
    }

    /** Where the Worker keeps what it fetched for executors, and what they said. */
    Path work() {
        return work;
    }

    /** Ends the daemons, and executors that the Worker has not ended itself. */
    @Override
    public void close() {
        List<ProcessHandle> all = processes.stream()
                .map(Process::toHandle)
                .flatMap(handle -> Stream.concat(handle.descendants(), Stream.of(handle)))
                .toList();
        all.forEach(ProcessHandle::destroy);
        for (ProcessHandle handle : all) {
            try {
                handle.onExit().get(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                handle.destroyForcibly();
            }
        }
    }
}
