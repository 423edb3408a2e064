package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * {@code submit/schedule/airflow_dag.py} without Airflow: python3 parses all of it, and evaluates what needs only Python's own library.
 * Skips the test where there is no python3.
 */
public final class AirflowDag {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String EVALUATE = """
            import ast, json, sys
            tree = ast.parse(open(sys.argv[1]).read(), sys.argv[1])
            plain = [node for node in tree.body if isinstance(node, (ast.Import, ast.Assign, ast.FunctionDef))]
            names = {}
            exec(compile(ast.Module(plain, []), sys.argv[1], "exec"), names)
            names["operator"] = [word.arg for node in ast.walk(tree)
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ScoreOperator" for word in node.keywords]
            print(json.dumps(eval(sys.argv[2], names)))
            """;

    private final Path file;
    private final Map<String, String> environment;

    /** @param environment that Airflow would have */
    public AirflowDag(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /** The operator's arguments for the application, of a day that Airflow would put into them. */
    public List<String> arguments(String day) {
        String template = evaluate("DAY").textValue();
        List<String> arguments = new ArrayList<>();
        evaluate("ARGUMENTS")
                .forEach(argument -> arguments.add(argument.textValue().replace(template, day)));
        return arguments;
    }

    /** What the operator is given, by name. */
    public List<String> operatorParameters() {
        List<String> names = new ArrayList<>();
        evaluate("operator").forEach(name -> names.add(name.textValue()));
        return names;
    }

    /** What is found in an exception's text; null where there is none. */
    public Integer exitCode(String failure) {
        ArrayNode text = JSON.createArrayNode().add(failure);
        JsonNode code = evaluate("exit_code(%s[0])".formatted(text));
        return code.isNull() ? null : code.intValue();
    }

    private JsonNode evaluate(String expression) {
        ProcessBuilder builder = new ProcessBuilder("python3", "-c", EVALUATE, file.toString(), expression)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeAll(List.of("SLUICE_HOME", "NIGHT"));
        builder.environment().putAll(environment);
        Process python;
        try {
            python = builder.start();
        } catch (IOException e) {
            return Assumptions.abort("there is no python3 on this machine: " + e.getMessage());
        }
        try {
            String printed = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!python.waitFor(1, TimeUnit.MINUTES) || python.exitValue() != 0) {
                python.destroyForcibly();
                throw new AssertionError("%s: python3 could not evaluate %s".formatted(file, expression));
            }
            return JSON.readTree(printed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            python.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
