package sluice.job.launch;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * A YARN cluster on the loopback: a resource manager and two node managers from Hadoop's own jars, each a process. Node managers end
 * containers that use more memory than they were granted.
 */
final class YarnCluster implements AutoCloseable {
    private static final String DAEMONS = "org.apache.hadoop.yarn.server.";
    private static final List<String> MANAGER_ADDRESSES = List.of(
            "yarn.resourcemanager.address",
            "yarn.resourcemanager.scheduler.address",
            "yarn.resourcemanager.resource-tracker.address",
            "yarn.resourcemanager.admin.address",
            "yarn.resourcemanager.webapp.address");

    private static final String LOGGING = "log4j2.properties";

    private final Path directory;
    private final Path configuration;
    private final List<Process> processes = new ArrayList<>();
    private final List<Path> nodes = new ArrayList<>();

    /**
     * Starts the daemons, and waits until both nodes have registered.
     *
     * @param directory for their files and logs
     */
    YarnCluster(Path directory) throws IOException {
        this.directory = directory;
        this.configuration = Files.createDirectory(directory.resolve("conf"));
        Map<String, String> settings = settings();
        write(settings);
        try {
            Path log = start("manager", "resourcemanager.ResourceManager", List.of());
            for (String node : List.of("node-1", "node-2")) {
                Path files = Files.createDirectory(directory.resolve(node));
                nodes.add(files);
                start(
                        node,
                        "nodemanager.NodeManager",
                        List.of(
                                "-D",
                                "yarn.nodemanager.local-dirs=" + files.resolve("local"),
                                "-D",
                                "yarn.nodemanager.log-dirs=" + files.resolve("logs")));
            }
            Waiting.until("both nodes have registered", () -> {
                requireAlive();
                return Files.readString(log)
                                .lines()
                                .filter(line -> line.contains("NodeManager from node "))
                                .filter(line -> line.contains("registered with capability"))
                                .count()
                        == nodes.size();
            });
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Map<String, String> settings() throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        List<ServerSocket> sockets = new ArrayList<>();
        for (String address : MANAGER_ADDRESSES) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket); // closed when all ports are known, so that they differ
            settings.put(address, "127.0.0.1:" + socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        settings.put("yarn.resourcemanager.scheduler.class", DAEMONS + "resourcemanager.scheduler.fifo.FifoScheduler");
        settings.put("yarn.scheduler.minimum-allocation-mb", "64");
        settings.put("yarn.nodemanager.hostname", "127.0.0.1");
        settings.put("yarn.nodemanager.address", "127.0.0.1:0");
        settings.put("yarn.nodemanager.localizer.address", "127.0.0.1:0");
        settings.put("yarn.nodemanager.webapp.address", "127.0.0.1:0");
        settings.put("yarn.nodemanager.resource.memory-mb", "4096");
        settings.put("yarn.nodemanager.resource.cpu-vcores", "4");
        settings.put("yarn.nodemanager.pmem-check-enabled", "true");
        settings.put("yarn.nodemanager.resource.memory.enforced", "false"); // true leaves it to control groups
        settings.put("yarn.nodemanager.vmem-check-enabled", "false");
        settings.put("yarn.nodemanager.container-monitor.interval-ms", "200");
        settings.put("yarn.resourcemanager.nodemanagers.heartbeat-interval-ms", "100");
        // A full disk of the machine that runs the tests is not what is tested.
        settings.put("yarn.nodemanager.disk-health-checker.enable", "false");
        settings.put("yarn.nodemanager.delete.debug-delay-sec", "3600"); // the logs of containers stay
        return settings;
    }

    private void write(Map<String, String> settings) throws IOException {
        Configuration site = new Configuration(false);
        settings.forEach(site::set);
        try (var file = Files.newOutputStream(configuration.resolve("yarn-site.xml"))) {
            site.writeXml(file);
        }
        // Not in the directory of the configuration, which is also on the class path of clients.
        Files.writeString(directory.resolve(LOGGING), """
                rootLogger.level = info
                rootLogger.appenderRef.stdout.ref = stdout
                appender.stdout.type = Console
                appender.stdout.name = stdout
                appender.stdout.layout.type = PatternLayout
                appender.stdout.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
                """);
    }

    private Path start(String name, String className, List<String> options) throws IOException {
        String jars;
        try (Stream<Path> files = Files.list(Checkout.target("yarn"))) {
            jars = String.join(
                    File.pathSeparator, files.map(Path::toString).sorted().toList());
        }
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx256m"));
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(List.of(
                "-Djava.net.preferIPv4Stack=true",
                "-Dlog4j2.configurationFile=" + directory.resolve(LOGGING),
                "-Dhadoop.tmp.dir=" + directory.resolve(name + "-tmp"),
                "-cp",
                String.join(File.pathSeparator, configuration.toString(), jars, Checkout.sparkClassPath()),
                DAEMONS + className));
        command.addAll(options);
        Path log = directory.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        processes.add(builder.start());
        return log;
    }

    private void requireAlive() throws IOException {
        for (Process process : processes) {
            if (!process.isAlive()) {
                throw new IOException("a daemon has ended; its log is in " + directory);
            }
        }
    }

    /** The directory for {@code HADOOP_CONF_DIR}. */
    Path configuration() {
        return configuration;
    }

    /** The executors of all applications; not the shells that start them. */
    List<ProcessHandle> executors() {
        return containers("YarnCoarseGrainedExecutorBackend");
    }

    /** The drivers that run on the cluster. */
    List<ProcessHandle> drivers() {
        return containers("yarn.ApplicationMaster ");
    }

    private List<ProcessHandle> containers(String className) {
        return processes.stream()
                .flatMap(Process::descendants)
                .filter(process -> process.info()
                        .command()
                        .filter(command -> command.endsWith("/java"))
                        .isPresent())
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains(className))
                        .isPresent())
                .toList();
    }

    /** What the drivers of an application wrote on stderr, each attempt a file. */
    List<Path> attempts(String application) throws IOException {
        List<Path> logs = new ArrayList<>();
        for (Path node : nodes) {
            try (Stream<Path> files = Files.walk(node.resolve("logs"))) {
                files.filter(file -> file.toString().contains(application))
                        .filter(file ->
                                file.getParent().getFileName().toString().endsWith("_000001"))
                        .filter(file -> file.endsWith("stderr"))
                        .forEach(logs::add);
            }
        }
        return logs;
    }

    @Override
    public void close() {
        Waiting.forEndOfAll(processes);
    }
}
