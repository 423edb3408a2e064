package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A {@link SqlProgram} on an installation of Spark: statements go in, rows come out. */
final class SqlSession implements AutoCloseable {
    private final Process process;
    private final BufferedWriter statements;
    private final BufferedReader rows;
    private final Path log;

    /**
     * Starts it.
     *
     * @param jars besides those of the installation and ours
     * @param settings of Spark
     */
    SqlSession(Path directory, Path spark, List<Path> jars, Map<String, String> settings) throws IOException {
        this.log = directory.resolve("sql.log");
        String classPath = Stream.concat(
                        jars.stream().map(Path::toString),
                        Stream.of(
                                Checkout.jar().toString(),
                                Checkout.target("test-classes").toString(),
                                spark + "/jars/*"))
                .collect(Collectors.joining(":"));
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString(), "-Xmx768m"));
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(Checkout.sparkFlags());
        settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of(
                "-Dspark.master=local[2]",
                "-Dspark.app.name=sql",
                "-Dspark.ui.enabled=false",
                "-Dspark.sql.shuffle.partitions=2",
                "-Dlog4j2.configurationFile=" + Checkout.root().resolve("conf/log4j2.properties"),
                "-cp",
                classPath,
                SqlProgram.class.getName()));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectError(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        this.process = builder.start();
        this.statements = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        this.rows = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** The rows of a statement as JSON, or its error as one line. */
    List<String> ask(String statement) {
        try {
            statements.write(statement.replace('\n', ' '));
            statements.newLine();
            statements.flush();
            List<String> said = new ArrayList<>();
            for (String line = rows.readLine(); !SqlProgram.END.equals(line); line = rows.readLine()) {
                if (line == null) {
                    throw new IllegalStateException("the session has ended, see " + log);
                }
                said.add(line);
            }
            return said;
        } catch (IOException e) {
            throw new IllegalStateException("the session has ended, see " + log, e);
        }
    }

    /** Runs a statement that has no error. */
    List<JsonNode> run(String statement) {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> read = new ArrayList<>();
        for (String line : ask(statement)) {
            if (line.startsWith(SqlProgram.ERROR)) {
                throw new IllegalStateException(statement + ": " + line);
            }
            try {
                read.add(mapper.readTree(line));
            } catch (IOException e) {
                throw new IllegalStateException(statement + ": " + line, e);
            }
        }
        return read;
    }

    /** The number that a query of one row and one column has. */
    long number(String query) {
        return run(query).get(0).elements().next().asLong();
    }

    /** The error of a statement that fails. */
    String error(String statement) {
        List<String> said = ask(statement);
        if (said.isEmpty() || !said.get(0).startsWith(SqlProgram.ERROR)) {
            throw new AssertionError(statement + ": no error, but " + said);
        }
        return said.get(0).substring(SqlProgram.ERROR.length());
    }

    @Override
    public void close() {
        Waiting.forEndOfAll(List.of(process));
    }
}
