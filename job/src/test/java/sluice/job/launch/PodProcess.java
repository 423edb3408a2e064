package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A pod of Spark as a process in namespaces of its own: the root file system is read-only, the volumes are those of the pod, the user has a
 * number and no name, and the environment is that of the pod, so there is no locale and no home. The command is what the entry point of
 * Spark's image runs. The network is that of this machine.
 */
final class PodProcess {
    private static final String SPARK = "/opt/spark";
    private static final String JAR = "/opt/sluice/sluice.jar";
    private static final String JAVA = "/opt/java";
    private static final String TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    private static final String EMPTY_DIR = "512m";

    private final Launch process;

    private PodProcess(Launch process) {
        this.process = process;
    }

    /** What all pods need of this machine. */
    static List<String> namespaces() {
        return List.of("unshare", "--map-root-user", "--mount");
    }

    /**
     * Starts the first container of a pod.
     *
     * @param configMaps data by name
     * @param directory for files of volumes and logs
     * @param spark installation that is in the image
     */
    static PodProcess start(JsonNode pod, Function<String, JsonNode> configMaps, Path directory, Path spark)
            throws IOException {
        JsonNode container = pod.path("spec").path("containers").path(0);
        Path files = Files.createTempDirectory(directory, "pod");
        List<String> script = new ArrayList<>(List.of(
                "set -e",
                "mount -t tmpfs tmpfs /mnt",
                "bind() { if [ -d \"$1\" ]; then mkdir -p \"$2\"; else mkdir -p \"${2%/*}\"; touch \"$2\"; fi; mount --rbind \"$1\" \"$2\"; }",
                "bind " + quoted(System.getProperty("java.home")) + " /mnt/java",
                "bind " + quoted(Checkout.jar().toString()) + " /mnt/sluice.jar",
                "bind " + quoted(spark.toString()) + " /mnt/spark",
                "bind " + quoted(files.toString()) + " /mnt/files"));
        Map<String, JsonNode> volumes = new LinkedHashMap<>();
        pod.path("spec")
                .path("volumes")
                .forEach(volume -> volumes.put(volume.path("name").asText(), volume));
        for (JsonNode volume : volumes.values()) {
            if (volume.has("hostPath")) {
                script.add("bind %s /mnt/%s"
                        .formatted(
                                quoted(volume.path("hostPath").path("path").asText()),
                                volume.path("name").asText()));
            }
        }
        script.addAll(List.of(
                "mount -t tmpfs tmpfs /opt",
                "mount -t tmpfs tmpfs /var",
                "bind /mnt/java " + JAVA,
                "bind /mnt/sluice.jar " + JAR,
                "mkdir -p " + SPARK,
                "for part in bin jars RELEASE; do bind /mnt/spark/$part " + SPARK + "/$part; done",
                "bind /mnt/files/token " + TOKEN,
                "mount --bind /mnt/files/hosts /etc/hosts"));
        Files.writeString(files.resolve("token"), "token");
        Files.writeString(
                files.resolve("hosts"),
                "127.0.0.1 localhost %s %s\n"
                        .formatted(
                                InetAddress.getLocalHost().getHostName(), driverHost(container, volumes, configMaps)));
        for (JsonNode mount : container.path("volumeMounts")) {
            JsonNode volume = volumes.get(mount.path("name").asText());
            String path = mount.path("mountPath").asText();
            if (volume.has("emptyDir")) {
                String size = volume.path("emptyDir").path("sizeLimit").asText(EMPTY_DIR);
                script.add("mkdir -p %s && mount -t tmpfs -o mode=1777,size=%s tmpfs %s"
                        .formatted(quoted(path), size.replace("Mi", "m"), quoted(path)));
            } else if (volume.has("hostPath")) {
                script.add("bind /mnt/%s %s".formatted(volume.path("name").asText(), quoted(path)));
            } else {
                writeFiles(
                        volume.path("configMap"),
                        configMaps,
                        files.resolve(mount.path("name").asText()));
                script.add("bind /mnt/files/%s %s".formatted(mount.path("name").asText(), quoted(path)));
                script.add("mount -o remount,bind,ro " + quoted(path));
            }
        }
        if (container.path("securityContext").path("readOnlyRootFilesystem").asBoolean()) {
            script.add("for mount in /opt /var /mnt /; do mount -o remount,bind,ro $mount; done");
        }
        int user = pod.path("spec").path("securityContext").path("runAsUser").asInt();
        script.add("cd " + SPARK + "/work-dir");
        script.add(String.format(
                Locale.ROOT, "exec unshare --user --map-user=%d --map-group=%d env -i \"$@\"", user, user));

        List<String> command = new ArrayList<>(namespaces());
        command.addAll(List.of("bash", "-c", String.join("\n", script), "bash"));
        Map<String, String> environment = environment(pod, container);
        environment.forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(command(container, environment));
        return new PodProcess(Launch.start(directory, command, Map.of()));
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** The name of the driver's service, which the cluster's DNS would know. */
    private static String driverHost(
            JsonNode container, Map<String, JsonNode> volumes, Function<String, JsonNode> configMaps) {
        for (JsonNode variable : container.path("env")) {
            if (variable.path("name").asText().equals("SPARK_DRIVER_URL")) {
                return variable.path("value").asText().replaceAll("^.*@|:\\d+$", "");
            }
        }
        return volumes.values().stream()
                .filter(volume -> volume.has("configMap"))
                .flatMap(volume -> configMaps
                        .apply(volume.path("configMap").path("name").asText())
                        .path("spark.properties")
                        .asText()
                        .lines())
                .filter(line -> line.startsWith("spark.driver.host="))
                .map(line -> line.substring("spark.driver.host=".length()))
                .findFirst()
                .orElseThrow();
    }

    private static void writeFiles(JsonNode volume, Function<String, JsonNode> configMaps, Path to) throws IOException {
        Files.createDirectories(to);
        JsonNode data = configMaps.apply(volume.path("name").asText());
        for (JsonNode item : volume.path("items")) {
            Files.writeString(
                    to.resolve(item.path("path").asText()),
                    data.path(item.path("key").asText()).asText());
        }
    }

    /** That of the pod and of the image. */
    private static Map<String, String> environment(JsonNode pod, JsonNode container) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("JAVA_HOME", JAVA);
        environment.put("SPARK_HOME", SPARK);
        container.path("env").forEach(variable -> {
            String field = variable.path("valueFrom")
                    .path("fieldRef")
                    .path("fieldPath")
                    .asText();
            String value = switch (field) {
                case "status.podIP" -> "127.0.0.1";
                case "metadata.name" -> pod.path("metadata").path("name").asText();
                default -> variable.path("value").asText();
            };
            environment.put(variable.path("name").asText(), value);
        });
        return environment;
    }

    /** What the entry point of Spark's image makes of the arguments. */
    private static List<String> command(JsonNode container, Map<String, String> environment) {
        List<String> arguments = new ArrayList<>();
        container.path("args").forEach(argument -> arguments.add(argument.asText()));
        if (arguments.remove(0).equals("driver")) {
            String address = environment.get("SPARK_DRIVER_BIND_ADDRESS");
            List<String> command = new ArrayList<>(List.of(
                    SPARK + "/bin/spark-submit",
                    "--conf",
                    "spark.driver.bindAddress=" + address,
                    "--conf",
                    "spark.executorEnv.SPARK_DRIVER_POD_IP=" + address,
                    "--deploy-mode",
                    "client"));
            command.addAll(arguments);
            return command;
        }
        List<String> command = new ArrayList<>(List.of(JAVA + "/bin/java"));
        for (int option = 0; environment.containsKey("SPARK_JAVA_OPT_" + option); option++) {
            command.add(environment.get("SPARK_JAVA_OPT_" + option));
        }
        command.addAll(List.of(
                "-Xms" + environment.get("SPARK_EXECUTOR_MEMORY"),
                "-Xmx" + environment.get("SPARK_EXECUTOR_MEMORY"),
                "-cp",
                SPARK + "/conf:" + SPARK + "/jars/*",
                "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend",
                "--driver-url",
                environment.get("SPARK_DRIVER_URL"),
                "--executor-id",
                environment.get("SPARK_EXECUTOR_ID"),
                "--cores",
                environment.get("SPARK_EXECUTOR_CORES"),
                "--app-id",
                environment.get("SPARK_APPLICATION_ID"),
                "--hostname",
                environment.get("SPARK_EXECUTOR_POD_IP"),
                "--resourceProfileId",
                environment.get("SPARK_RESOURCE_PROFILE_ID"),
                "--podName",
                environment.get("SPARK_EXECUTOR_POD_NAME")));
        return command;
    }

    /** The phase of a pod. */
    String phase() {
        return process.exitCode()
                .map(code -> code == 0 ? "Succeeded" : "Failed")
                .orElse("Running");
    }

    Launch.Ended end() {
        return process.end();
    }

    void kill() {
        process.kill();
    }
}
