package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import sluice.job.launch.AirflowDag;
import sluice.job.launch.Crontab;
import sluice.job.launch.OperatorSchema;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;

/** The files of {@code submit/schedule} are valid in their own formats, and their arguments and settings are valid for Sluice. */
class ScheduleFilesTest {
    private static final Path SCHEDULE = Path.of("..", "submit", "schedule");
    private static final Map<String, String> ENVIRONMENT = Map.of("NIGHT", "/srv/night");

    /** Parameters of Airflow's SparkSubmitOperator and of every operator. */
    private static final Set<String> OPERATOR = Set.of(
            "task_id",
            "conn_id",
            "application",
            "java_class",
            "application_args",
            "name",
            "conf",
            "files",
            "env_vars",
            "executor_memory",
            "executor_cores",
            "num_executors",
            "driver_memory",
            "retries",
            "retry_delay",
            "on_failure_callback");

    @TempDir
    Path folder;

    /** Reads a command line and the settings file that the schedules share, as a run does. */
    private Settings settings(List<String> arguments) throws IOException {
        CommandLine.ParseResult parsed =
                new CommandLine(ScoreCommand.class).parseArgs(arguments.toArray(String[]::new));
        Path config = parsed.matchedOptionValue("--config", Path.of(""));
        assertThat(config).hasFileName("night.conf");
        Map<String, String> overrides = new TreeMap<>(parsed.matchedOptionValue("--set", Map.of()));
        if (parsed.hasMatchedOption("--run")) {
            overrides.put("report.run", parsed.matchedOptionValue("--run", ""));
        }
        Config night = ConfigFactory.parseFile(SCHEDULE.resolve("night.conf").toFile())
                .resolveWith(ConfigFactory.parseMap(ENVIRONMENT));
        Path resolved =
                Files.writeString(folder.resolve("night.conf"), night.root().render());
        return Settings.read(resolved, overrides);
    }

    private static JsonNode yaml(String file) throws IOException {
        return new ObjectMapper(new YAMLFactory())
                .readTree(SCHEDULE.resolve("kubernetes").resolve(file).toFile());
    }

    private static Set<String> fields(JsonNode object) {
        Set<String> fields = new HashSet<>();
        object.fieldNames().forEachRemaining(fields::add);
        return fields;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> {
            assertThat(text.isTextual()).as("%s is a text", text).isTrue();
            texts.add(text.textValue());
        });
        return texts;
    }

    @Test
    void cronScoresYesterday() throws IOException {
        Crontab crontab = Crontab.read(SCHEDULE.resolve("cron"));
        assertThat(crontab.environment()).containsOnlyKeys("SLUICE_HOME", "NIGHT", "MAILTO");
        assertThat(crontab.jobs()).hasSize(1);
        assertThat(crontab.jobs().get(0).times()).containsExactly("30", "2", "*", "*", "*");
        assertThat(crontab.jobs().get(0).command()).contains("DAY=$(date -d yesterday +%F)", "submit/score");
    }

    @Test
    void airflowsArgumentsAreValid() throws IOException {
        AirflowDag dag = new AirflowDag(SCHEDULE.resolve("airflow_dag.py"), ENVIRONMENT);
        Settings settings = settings(dag.arguments("2026-11-21"));
        assertThat(settings.report().run()).isEqualTo("2026-11-21");
        assertThat(settings.input().filter()).contains("day = '2026-11-21'");
        assertThat(dag.operatorParameters())
                .contains("application", "java_class", "application_args", "retries")
                .isSubsetOf(OPERATOR);
    }

    /** The messages are those of the operator's exceptions. */
    @Test
    void airflowReadsTheExitCodeOfTheRun() {
        AirflowDag dag = new AirflowDag(SCHEDULE.resolve("airflow_dag.py"), ENVIRONMENT);
        assertThat(dag.exitCode("Cannot execute: spark-submit --master yarn sluice.jar --run 2. Error code is: 3."))
                .isEqualTo(3);
        assertThat(dag.exitCode("Cannot execute: spark-submit. Error code is: 1.\nLast spark-submit output:\n3"))
                .isEqualTo(1);
        assertThat(dag.exitCode("Cannot execute: spark-submit. Error code is: 0. Kubernetes spark exit code is: 3"))
                .isEqualTo(3);
        assertThat(dag.exitCode("Cannot execute: spark-submit. Error code is: 1. Kubernetes spark exit code is: None"))
                .isEqualTo(1);
        assertThat(dag.exitCode("No driver id is known")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"spark-application.yaml", "scheduled-spark-application.yaml"})
    void kubernetesUsesTheOperatorsFieldsAndValidArguments(String file) throws IOException {
        JsonNode resource = yaml(file);
        boolean scheduled = file.startsWith("scheduled");
        assertThat(OperatorSchema.of(scheduled ? "ScheduledSparkApplication" : "SparkApplication")
                        .errors(resource))
                .isEmpty();
        JsonNode spec = scheduled ? resource.path("spec").path("template") : resource.path("spec");
        assertThat(spec.path("mainClass").textValue()).isEqualTo(Main.class.getName());
        assertThat(spec.path("image").textValue()).contains("@sha256:");

        List<String> arguments = texts(spec.path("arguments"));
        Settings settings = settings(arguments);
        assertThat(settings.input().filter()).isPresent();
        String mounted = spec.path("driver")
                .path("volumeMounts")
                .path(0)
                .path("mountPath")
                .textValue();
        assertThat(arguments).contains(mounted + "/night.conf");
        assertThat(spec.path("driver").path("env").path(0).path("name").textValue())
                .isEqualTo("NIGHT");
        for (String role : List.of("driver", "executor")) {
            JsonNode pod = spec.path(role);
            assertRestricted(pod.path("podSecurityContext"), pod.path("securityContext"));
            assertMounted(spec.path("volumes"), pod.path("volumeMounts"));
            assertThat(pod.path("javaOptions").textValue())
                    .contains("-javaagent:"
                            + spec.path("mainApplicationFile").textValue().substring("local://".length()) + "=");
        }
    }

    /** The parts of a pod are those of the operator's schema, too. */
    @Test
    void thePodTemplateIsValidAndRestricted() throws IOException {
        OperatorSchema schema = OperatorSchema.of("SparkApplication");
        JsonNode pod = yaml("pod.yaml");
        assertThat(fields(pod)).containsExactlyInAnyOrder("apiVersion", "kind", "spec");
        JsonNode spec = pod.path("spec");
        assertThat(fields(spec)).containsExactlyInAnyOrder("securityContext", "containers", "volumes");
        JsonNode container = spec.path("containers").path(0);
        assertThat(schema.errorsOfPart(spec.path("securityContext"), "spec", "driver", "podSecurityContext"))
                .isEmpty();
        assertThat(schema.errorsOfPart(container, "spec", "driver", "initContainers", "[]"))
                .isEmpty();
        assertThat(schema.errorsOfPart(spec.path("volumes"), "spec", "volumes")).isEmpty();
        assertRestricted(spec.path("securityContext"), container.path("securityContext"));
        assertMounted(spec.path("volumes"), container.path("volumeMounts"));
    }

    /** What the pod security standard "restricted" demands, and a root file system that is read-only. */
    private static void assertRestricted(JsonNode pod, JsonNode container) {
        assertThat(pod.path("runAsNonRoot").asBoolean()).isTrue();
        assertThat(pod.path("runAsUser").asInt()).isPositive();
        assertThat(pod.path("seccompProfile").path("type").textValue()).isEqualTo("RuntimeDefault");
        assertThat(container.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(texts(container.path("capabilities").path("drop"))).containsExactly("ALL");
        assertThat(container.path("readOnlyRootFilesystem").asBoolean()).isTrue();
    }

    private static void assertMounted(JsonNode volumes, JsonNode mounts) {
        List<String> paths = new ArrayList<>();
        mounts.forEach(mount -> {
            paths.add(mount.path("mountPath").textValue());
            assertThat(volumes.findValuesAsText("name"))
                    .contains(mount.path("name").textValue());
        });
        assertThat(paths).contains("/tmp", "/opt/spark/work-dir").doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/spec/driver                    | memori      | \"2g\"      | .spec.driver.memori: unknown field",
                "/spec/driver                    | cores       | \"1\"       | .spec.driver.cores: expected integer",
                "/spec/driver                    | cores       | 5000000000  | .spec.driver.cores: out of range",
                "/spec/driver/securityContext    | runAsRoot   | true        | .spec.driver.securityContext.runAsRoot: unknown field",
                "/spec/driver/volumeMounts/0     | mountPath   |             | .spec.driver.volumeMounts[0].mountPath: missing",
                "/spec/volumes/1/emptyDir        | sizeLimit   | true        | .spec.volumes[1].emptyDir.sizeLimit: expected an integer or a text",
                "/spec/restartPolicy             | type        | \"Sometimes\" | .spec.restartPolicy.type: expected one of",
                "/spec/restartPolicy             | onFailureRetries | -1     | .spec.restartPolicy.onFailureRetries: out of range",
                "/spec/sparkConf                 | spark.ui.enabled | true   | .spec.sparkConf.spark.ui.enabled: expected string",
                "/spec                           | sparkVersion |            | .spec.sparkVersion: missing",
                "/spec                           | template    | {}          | .spec.template: unknown field",
                "/metadata                       | nam         | \"x\"       | .metadata.nam: unknown field",
                "''                              | kind        | \"Pod\"     | .kind: expected SparkApplication",
                "''                              | spek        | {}          | .spek: unknown field"
            })
    void theOperatorsSchemaRefuses(String at, String field, String value, String error) throws IOException {
        JsonNode resource = yaml("spark-application.yaml");
        ObjectNode changed = (ObjectNode) resource.at(at);
        if (value == null) {
            changed.remove(field);
        } else {
            changed.set(field, new ObjectMapper().readTree(value));
        }
        assertThat(OperatorSchema.of("SparkApplication").errors(resource))
                .singleElement()
                .asString()
                .startsWith(error);
    }

    /** The schedules retry, so a repeated run must give the same output. */
    @Test
    void aRunMayBeRepeated() throws IOException {
        Settings.Output output = settings(List.of("--config", "night.conf")).output();
        assertThat(output.mode()).isEqualTo(OutputMode.PARTITIONS);
        assertThat(output.partitionBy()).containsExactly("day");
    }
}
