package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Spark Master and Workers on the loopback, from Spark's own jars: nothing of ours is on their class path. Each Worker has an address
 * of its own, as Spark starts a second copy of a slow task on another host only.
 */
final class StandaloneCluster implements AutoCloseable {
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern REGISTERED = Pattern.compile("Successfully registered with master");

    private final Path logs;
    private final Path sparkHome;
    private final Path work;
    private final List<Process> processes = new ArrayList<>();
    private final String master;

    /** Starts one Master, which waits for Workers; logs stay below the build's directory. */
    StandaloneCluster() throws IOException {
        this.logs = Files.createDirectories(Checkout.target("cluster-logs"));
        this.sparkHome = Files.createDirectories(Checkout.target("spark-home"));
        this.work = Files.createTempDirectory(logs, "work");
        linkJars(Files.createDirectories(sparkHome.resolve("jars")));
        try {
            Daemon daemon = start("master", "127.0.0.1", "deploy.master.Master");
            this.master = daemon.waitFor(MASTER);
        } catch (RuntimeException | Error e) {
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

    /** One of its processes. */
    private record Daemon(Process process, Path log) {
        /** Waits until the log has such a line, and returns the first group of it, or else all of it. */
        String waitFor(Pattern words) throws IOException {
            Waiting.until("%s: '%s'".formatted(log, words), () -> !process.isAlive() || find(words) != null);
            String found = find(words);
            if (found == null) {
                throw new IllegalStateException("%s: it has ended:%n%s".formatted(log, Files.readString(log)));
            }
            return found;
        }

        private String find(Pattern words) throws IOException {
            Matcher matcher = words.matcher(Files.readString(log));
            return matcher.find() ? matcher.group(matcher.groupCount()) : null;
        }
    }

    private Daemon start(String name, String host, String className, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx256m"));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(List.of("-cp", Checkout.sparkClassPath(), "org.apache.spark." + className));
        command.addAll(List.of("--host", host, "--port", "0", "--webui-port", "0"));
        command.addAll(List.of(options));
        Path log = logs.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("SPARK_"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("SPARK_HOME", sparkHome.toString());
        builder.environment().put("SPARK_LOCAL_IP", host);
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        builder.environment().put("SPARK_WORKER_DIR", work.resolve(host).toString());
        Process process = builder.start();
        processes.add(process);
        return new Daemon(process, log);
    }

    /** A process that starts executors, each a process below it. */
    static final class Worker {
        private final Process process;

        private Worker(Process process) {
            this.process = process;
        }

        /** Its executors; not what these start in their turn, as Hadoop's local file system does to set a file's permissions. */
        List<ProcessHandle> executors() {
            return process.children().filter(ProcessHandle::isAlive).toList();
        }

        /** Ends it and its executors at once, as a machine that loses its power. */
        void lose() {
            List<ProcessHandle> executors = executors();
            process.destroyForcibly();
            executors.forEach(ProcessHandle::destroyForcibly);
        }
    }

    /** Starts a Worker of one core, and waits until the Master knows it. */
    Worker startWorker(String host) throws IOException {
        Daemon daemon = start("worker-" + host, host, "deploy.worker.Worker", "--cores", "1", "--memory", "1g", master);
        daemon.waitFor(REGISTERED);
        return new Worker(daemon.process());
    }

    /** The Master's address. */
    String master() {
        return master;
    }

    /** Where Workers keep what they fetched for executors, and what these said. */
    Path work() {
        return work;
    }

    /** Ends the daemons, and executors that a Worker has not ended itself. */
    @Override
    public void close() {
        Waiting.forEndOfAll(processes);
    }
}
