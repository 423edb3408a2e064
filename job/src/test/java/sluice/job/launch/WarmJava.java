package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A {@code JAVA_HOME} for {@code submit/score} whose {@code java} does not start a virtual machine for a run: it hands the run's arguments
 * to one process that has done others before, and prints and returns what the run did. So tests of many runs don't start Java and load
 * Spark for each. The process runs one command line at a time. Ending a launch does not end its run: a run that is to be killed needs a
 * process of its own.
 */
final class WarmJava implements AutoCloseable {
    /** Spark's launcher and other programs run as ever. A run waits at a pipe of its own for the exit code. */
    private static final String SCRIPT = """
            #!/usr/bin/env bash
            case " $* " in
              *" org.apache.spark.launcher.Main "*) exec %1$s "$@" ;;
              *" org.apache.spark.deploy.SparkSubmit "*) ;;
              *) exec %1$s "$@" ;;
            esac
            call=$(mktemp -d %2$s/call.XXXXXX)
            printf '%%s\\0' "$@" > "$call/arguments"
            mkfifo "$call/code"
            echo "$call" > %2$s/calls
            read -r code < "$call/code"
            cat "$call/out"
            cat "$call/err" >&2
            exit "$code"
            """;

    private final Path home;
    private final Process process;

    /**
     * Starts it.
     *
     * @param directory its working directory, which gets a directory of this name for its files
     * @param spark the class path of Spark
     * @param jars that runs name in {@code --jars}: a class loader for each run would load them again
     */
    WarmJava(Path directory, String name, String spark, List<Path> jars) throws IOException {
        this.home = Files.createDirectory(directory.resolve(name));
        Path java = Files.createDirectory(home.resolve("bin")).resolve("java");
        Files.writeString(java, SCRIPT.formatted(Checkout.java(), home));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
        Launch.start(directory, List.of("mkfifo", calls().toString()), Map.of())
                .end()
                .assertScored();

        String classPath = Stream.concat(
                        Stream.of(Checkout.jar().toString()),
                        Stream.concat(
                                jars.stream().map(Path::toString),
                                Stream.of(Checkout.target("test-classes").toString(), spark)))
                .collect(Collectors.joining(":"));
        List<String> command = new ArrayList<>(List.of(
                Checkout.java().toString(),
                "-Xmx768m",
                "-XX:ReservedCodeCacheSize=240m")); // the first compiler alone would have 48 MB
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(
                "-Dlog4j2.configurationFile=" + Checkout.root().resolve("conf/log4j2.properties"),
                "-cp",
                classPath,
                WarmJavaProgram.class.getName(),
                calls().toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("log").toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("SPARK_"));
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        this.process = builder.start();
    }

    private Path calls() {
        return home.resolve("calls");
    }

    /** The environment of a launch that uses it. */
    Map<String, String> environment() {
        return Map.of("JAVA_HOME", home.toString());
    }

    @Override
    public void close() {
        process.destroyForcibly();
        Waiting.forEnd(process.toHandle());
    }
}
