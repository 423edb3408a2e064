package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * What Spark needs of a Kubernetes cluster, on the loopback: an API server that keeps the objects which Spark posts, and a node that starts
 * each pod as a {@link PodProcess}. Objects are not validated, except by Spark's own client.
 */
final class KubernetesCluster implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PODS = "/api/v1/namespaces/default/pods";

    private final Path directory;
    private final Path spark;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, ObjectNode> objects = new ConcurrentHashMap<>(); // by kind and name
    private final Map<String, PodProcess> running = new ConcurrentHashMap<>(); // by the pod's name
    private final List<ObjectNode> posted = new ArrayList<>(); // all pods, in the order in which they came

    /**
     * @param directory for the files and logs of pods
     * @param spark installation that is in the image of each pod
     */
    KubernetesCluster(Path directory, Path spark) throws IOException {
        this.directory = directory;
        this.spark = spark;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /** The address of the API server. */
    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** All pods as Spark posted them: the drivers and executors of all runs. */
    synchronized List<ObjectNode> pods() {
        return List.copyOf(posted);
    }

    /** Waits for the end of the driver that was posted last. */
    Launch.Ended endOfDriver() {
        String name = pods().stream()
                .filter(pod -> role(pod).equals("driver"))
                .reduce((first, second) -> second)
                .map(KubernetesCluster::name)
                .orElseThrow();
        Waiting.until("the driver is started", () -> running.containsKey(name));
        Launch.Ended ended = running.get(name).end();
        running.values().forEach(PodProcess::kill);
        return ended;
    }

    private static String role(JsonNode pod) {
        return pod.path("metadata").path("labels").path("spark-role").asText();
    }

    private static String name(JsonNode object) {
        return object.path("metadata").path("name").asText();
    }

    private static String key(String kind, String name) {
        return kind + "/" + name;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            switch (exchange.getRequestMethod()) {
                case "POST", "PATCH", "PUT" -> send(exchange, 201, keep((ObjectNode) JSON.readTree(body)));
                case "GET" -> get(exchange, path);
                case "DELETE" -> {
                    PodProcess pod = running.get(path.substring(path.lastIndexOf('/') + 1));
                    if (pod != null) {
                        pod.kill();
                    }
                    send(exchange, 200, JSON.createObjectNode().put("kind", "Status"));
                }
                default -> send(exchange, 405, JSON.createObjectNode().put("kind", "Status"));
            }
        }
    }

    private static void send(HttpExchange exchange, int code, JsonNode body) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private ObjectNode keep(ObjectNode object) {
        if (!object.path("metadata").has("name")) {
            return object; // a patch of something that is kept
        }
        boolean isPod = object.path("kind").asText().equals("Pod");
        if (isPod) {
            synchronized (this) {
                posted.add(object.deepCopy());
            }
        }
        ObjectNode metadata = (ObjectNode) object.get("metadata");
        metadata.put("uid", UUID.randomUUID().toString());
        metadata.put("namespace", "default");
        metadata.put("resourceVersion", "1");
        metadata.put("creationTimestamp", "2026-11-22T02:30:00Z");
        objects.put(key(object.path("kind").asText(), name(object)), object);
        if (isPod) {
            threads.submit(() -> start(object));
        }
        return object;
    }

    private void get(HttpExchange exchange, String path) throws IOException {
        if (path.equals(PODS)) {
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            ObjectNode list = JSON.createObjectNode().put("kind", "PodList").put("apiVersion", "v1");
            list.putObject("metadata").put("resourceVersion", "1");
            objects.values().stream()
                    .filter(object -> object.path("kind").asText().equals("Pod") && isSelected(object, query))
                    .forEach(pod -> list.withArray("items").add(withStatus(pod)));
            list.withArray("items");
            send(exchange, 200, list);
            return;
        }
        ObjectNode pod = path.startsWith(PODS) ? objects.get(key("Pod", path.substring(PODS.length() + 1))) : null;
        send(
                exchange,
                pod == null ? 404 : 200,
                pod == null ? JSON.createObjectNode().put("kind", "Status").put("code", 404) : withStatus(pod));
    }

    /** @param query {@code labelSelector=name=value,name!=value,...} */
    private static boolean isSelected(JsonNode pod, String query) {
        JsonNode labels = pod.path("metadata").path("labels");
        return Stream.of(query.split("&"))
                .filter(part -> part.startsWith("labelSelector="))
                .flatMap(part ->
                        Arrays.stream(part.substring("labelSelector=".length()).split(",")))
                .map(label -> label.split("=", 2))
                .allMatch(label -> label[0].endsWith("!")
                        ? !labels.path(label[0].substring(0, label[0].length() - 1))
                                .asText()
                                .equals(label[1])
                        : labels.path(label[0]).asText().equals(label[1]));
    }

    private ObjectNode withStatus(ObjectNode pod) {
        PodProcess process = running.get(name(pod));
        ObjectNode copy = pod.deepCopy();
        ObjectNode status = copy.putObject("status").put("podIP", "127.0.0.1");
        status.put("phase", process == null ? "Pending" : process.phase());
        status.putArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", process == null ? "False" : "True");
        return copy;
    }

    /** As soon as the objects that it mounts are there. */
    private void start(ObjectNode pod) {
        try {
            Waiting.until(
                    "the config maps of " + name(pod),
                    () -> configMaps(pod).stream().allMatch(map -> objects.containsKey(key("ConfigMap", map))));
            running.put(name(pod), PodProcess.start(pod, this::configMap, directory, spark));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JsonNode configMap(String name) {
        return objects.get(key("ConfigMap", name)).path("data");
    }

    private static List<String> configMaps(JsonNode pod) {
        List<String> names = new ArrayList<>();
        pod.path("spec").path("volumes").forEach(volume -> {
            if (volume.has("configMap")) {
                names.add(volume.path("configMap").path("name").asText());
            }
        });
        return names;
    }

    /** What the pods have said, for a failure. */
    String logs() throws IOException {
        StringBuilder logs = new StringBuilder();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".err")).toList()) {
                logs.append(file.getFileName()).append('\n').append(Files.readString(file, StandardCharsets.UTF_8));
            }
        }
        return logs.toString();
    }

    @Override
    public void close() {
        running.values().forEach(PodProcess::kill);
        server.stop(0);
        threads.shutdownNow();
    }
}
