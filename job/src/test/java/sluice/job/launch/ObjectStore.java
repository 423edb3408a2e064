package sluice.job.launch;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An S3 server on the loopback, as a process on a class path of its own, with a {@link StoreGateway} before it. The tests themselves look
 * at its objects behind the gateway.
 */
final class ObjectStore implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("started on ports .* ([1-9][0-9]*) \\(http\\)");
    private static final Pattern READY = Pattern.compile("Started S3MockApplication");

    private final Process process;
    private final URI address;
    private final StoreGateway gateway;
    private final HttpClient client = HttpClient.newHttpClient();

    /**
     * Starts it and waits until it answers.
     *
     * @param directory for its objects and what it says
     */
    ObjectStore(Path directory) throws IOException {
        Path log = directory.resolve("s3.log");
        this.process = new ProcessBuilder(
                        Checkout.java().toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Djava.io.tmpdir=" + Files.createDirectory(directory.resolve("s3-tmp")),
                        "-jar",
                        Checkout.target("s3-server/s3mock.jar").toString(),
                        "--server.port=0",
                        "--http.port=0",
                        "--server.address=127.0.0.1",
                        "--com.adobe.testing.s3mock.store.root="
                                + Files.createDirectory(directory.resolve("s3-objects")))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            Waiting.until("the S3 server has started", () -> {
                if (!process.isAlive()) {
                    throw new IOException("the S3 server has ended: " + Files.readString(log));
                }
                return READY.matcher(Files.readString(log)).find();
            });
            Matcher port = PORT.matcher(Files.readString(log));
            if (!port.find()) {
                throw new IOException("the S3 server does not say its port: " + Files.readString(log));
            }
            this.address = URI.create("http://127.0.0.1:" + port.group(1));
            this.gateway = new StoreGateway(address);
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    StoreGateway gateway() {
        return gateway;
    }

    /** S3A and what it needs. */
    static List<Path> jars() throws IOException {
        try (Stream<Path> jars = Files.list(Checkout.target("s3a"))) {
            return jars.sorted().toList();
        }
    }

    /**
     * The options of a run that reaches it through the gateway, with S3A and what that needs as users bring them, as jars.
     *
     * @param client the access key that the run signs with; the gateway knows it by this name
     */
    List<String> options(Path directory, String client) {
        List<String> options = new ArrayList<>(
                List.of("--jars", Checkout.target("s3a").resolve("*.jar").toString()));
        for (String setting : List.of(
                "fs.s3a.endpoint=" + gateway.address(),
                "fs.s3a.endpoint.region=us-east-1",
                "fs.s3a.path.style.access=true",
                "fs.s3a.access.key=" + client,
                "fs.s3a.secret.key=secret",
                "fs.s3a.buffer.dir=" + directory.resolve("s3a"),
                "fs.s3a.bulk.delete.page.size=2", // so that a delete of some objects can be stopped in the middle
                // S3A warns that its own committers aren't used. What is staged doesn't need them.
                "mapreduce.outputcommitter.factory.scheme.s3a"
                        + "=org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory")) {
            options.addAll(List.of("--conf", "spark.hadoop." + setting));
        }
        return options;
    }

    Bucket bucket(String name) throws IOException {
        Bucket bucket = new Bucket(name);
        bucket.send("PUT", "", HttpRequest.BodyPublishers.noBody());
        return bucket;
    }

    /** What is in one bucket. */
    final class Bucket {
        private final String name;

        private Bucket(String name) {
            this.name = name;
        }

        /** The path of a key for S3A. */
        String path(String key) {
            return "s3a://" + name + "/" + key;
        }

        /** All keys, sorted, but those that stand for directories. */
        List<String> keys() throws IOException {
            return allKeys().stream().filter(key -> !key.endsWith("/")).toList();
        }

        private List<String> allKeys() throws IOException {
            byte[] listing = send("GET", "?list-type=2&max-keys=1000", HttpRequest.BodyPublishers.noBody());
            String text = new String(listing, StandardCharsets.UTF_8);
            if (!text.contains("<IsTruncated>false<")) {
                throw new IllegalStateException(name + " has more than 1,000 objects");
            }
            return StoreRequest.listedKeys(text).sorted().toList();
        }

        byte[] content(String key) throws IOException {
            return send("GET", encoded(key), HttpRequest.BodyPublishers.noBody());
        }

        List<String> lines(String key) throws IOException {
            return new String(content(key), StandardCharsets.UTF_8).lines().toList();
        }

        void put(String key, byte[] content) throws IOException {
            send("PUT", encoded(key), HttpRequest.BodyPublishers.ofByteArray(content));
        }

        /** All objects by their keys. */
        Map<String, byte[]> snapshot() throws IOException {
            Map<String, byte[]> objects = new TreeMap<>();
            for (String key : allKeys()) {
                objects.put(key, content(key));
            }
            return objects;
        }

        /** Puts these objects in the place of all. */
        void restore(Map<String, byte[]> objects) throws IOException {
            for (String key : allKeys()) {
                if (!objects.containsKey(key)) {
                    send("DELETE", encoded(key), HttpRequest.BodyPublishers.noBody());
                }
            }
            for (Map.Entry<String, byte[]> object : objects.entrySet()) {
                put(object.getKey(), object.getValue());
            }
        }

        /** The lines of all files of a table that Spark would read, sorted. */
        List<String> rows(String table) throws IOException {
            List<String> rows = new ArrayList<>();
            for (String key : keys()) {
                if (StoreLayout.isData(table, key)) {
                    rows.addAll(lines(key));
                }
            }
            rows.sort(null);
            return rows;
        }

        private static String encoded(String key) {
            try {
                return new URI(null, null, "/" + key, null).getRawPath();
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException(key, e);
            }
        }

        private byte[] send(String method, String rest, HttpRequest.BodyPublisher body) throws IOException {
            URI uri = URI.create(address + "/" + name + rest);
            try {
                HttpResponse<byte[]> answer = client.send(
                        HttpRequest.newBuilder(uri).method(method, body).build(),
                        HttpResponse.BodyHandlers.ofByteArray());
                if (answer.statusCode() / 100 != 2) {
                    throw new IOException(String.format(
                            Locale.ROOT,
                            "%s %s: %d %s",
                            method,
                            uri,
                            answer.statusCode(),
                            new String(answer.body(), StandardCharsets.UTF_8)));
                }
                return answer.body();
            } catch (InterruptedException e) {
                throw Waiting.interrupted("the S3 server", e);
            }
        }
    }

    @Override
    public void close() {
        gateway.close();
        process.destroy();
        Waiting.forEnd(process.toHandle());
    }
}
