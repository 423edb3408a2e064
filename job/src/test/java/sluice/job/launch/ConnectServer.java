package sluice.job.launch;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A Spark Connect server on the loopback, from Spark's own jars, that was given our jar and a few settings. */
final class ConnectServer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** What only a classic session has, and a client of Spark Connect brings in another form. */
    private static final List<String> CLASSIC = List.of(
            "spark-core_", "spark-sql_", "spark-sql-api_", "spark-catalyst_", "spark-launcher_", "spark-network-");

    private final int port;
    private final Path log;
    private final Process process;

    /** Starts it and waits until it takes calls. */
    ConnectServer(Path directory, Map<String, String> settings) throws IOException {
        this.port = freePort();
        this.log = directory.resolve("connect.log");
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx768m"));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(":", jars("server"), Checkout.sparkClassPath()),
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                "local[2]",
                "--jars",
                Checkout.jar().toString()));
        settings.forEach((key, value) -> command.addAll(List.of("--conf", key + "=" + value)));
        command.addAll(List.of(
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.connect.grpc.binding.address=127.0.0.1",
                "--conf",
                "spark.connect.grpc.binding.port=" + port,
                "--class",
                "org.apache.spark.sql.connect.service.SparkConnectServer",
                "spark-internal"));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        this.process = builder.start();
        try {
            await();
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void await() throws IOException {
        Instant end = Instant.now().plus(PATIENCE);
        while (process.isAlive() && Instant.now().isBefore(end)) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
                return;
            } catch (IOException e) { // not yet
                pause();
            }
        }
        throw new IllegalStateException(String.format(
                Locale.ROOT,
                "no Spark Connect server at port %d within %s:%n%s",
                port,
                PATIENCE,
                Files.readString(log)));
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(200);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the server", e);
        }
    }

    /** What a client says to it, each statement in a session of this call's. */
    Launch.Ended ask(Path directory, String... statements) throws IOException {
        return run(directory, ConnectClient.class.getName(), statements);
    }

    /**
     * A client's end.
     *
     * @param program its class, or its source file
     * @param arguments after the server's address
     */
    Launch.Ended run(Path directory, String program, String... arguments) throws IOException {
        String classPath = Stream.of(Checkout.sparkClassPath().split(":", -1))
                .filter(jar ->
                        CLASSIC.stream().noneMatch(Path.of(jar).getFileName().toString()::startsWith))
                .collect(Collectors.joining(":"));
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx256m"));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-cp",
                String.join(":", jars("client"), Checkout.target("test-classes").toString(), classPath),
                program,
                "sc://127.0.0.1:" + port));
        command.addAll(List.of(arguments));
        return Launch.start(directory, command, Map.of()).end();
    }

    /** Copied there by the build. */
    private static String jars(String side) throws IOException {
        try (Stream<Path> jars = Files.list(Checkout.target("connect").resolve(side))) {
            return jars.map(Path::toString).sorted().collect(Collectors.joining(":"));
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
