package sluice.job.launch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Stands between S3A and an S3 server on the loopback. It writes down what is asked, holds a chosen request or its answer until the test
 * opens the gate, and cuts a client off, as the death of its machine does. It also makes conditional writes atomic: the server looks for
 * the object and then writes it, so writes of one key go to it one by one.
 */
final class StoreGateway implements AutoCloseable {
    private static final Set<String> HOP_BY_HOP =
            Set.of("connection", "content-length", "expect", "host", "transfer-encoding", "upgrade");

    static {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // otherwise small answers wait 40 ms
    }

    private final URI store;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(threads)
            .build();
    private final List<StoreRequest> requests = new CopyOnWriteArrayList<>();
    private final List<Gate> gates = new CopyOnWriteArrayList<>();
    private final Set<String> dead = ConcurrentHashMap.newKeySet();
    private final Map<String, Object> locks = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> atTheStore = new ConcurrentHashMap<>();

    StoreGateway(URI store) throws IOException {
        this.store = store;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** All that a client has asked so far, in order of arrival. */
    List<StoreRequest> requests(String client) {
        return requests.stream()
                .filter(request -> request.client().equals(client))
                .toList();
    }

    /** On which side of the store a request is held. */
    enum Side {
        /** It has had no effect yet. */
        BEFORE,
        /** It has had its effect, and its client doesn't know. */
        AFTER
    }

    /** A place where one request of a client waits. */
    final class Gate {
        private final String client;
        private final Side side;
        private final Predicate<StoreRequest> at;
        private final boolean cuts;
        private final AtomicInteger left;
        private final CountDownLatch arrived = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);

        private Gate(String client, Side side, Predicate<StoreRequest> at, int number, boolean cuts) {
            this.client = client;
            this.side = side;
            this.at = at;
            this.cuts = cuts;
            this.left = new AtomicInteger(number);
        }

        boolean hasArrived() {
            return arrived.getCount() == 0;
        }

        /** Lets it pass. */
        void open() {
            opened.countDown();
        }

        private void pass(StoreRequest request, Side now) {
            if (now != side || !request.client().equals(client) || !at.test(request) || left.decrementAndGet() != 0) {
                return;
            }
            if (cuts) {
                dead.add(client);
            }
            arrived.countDown();
            try {
                opened.await();
            } catch (InterruptedException e) {
                throw Waiting.interrupted("a gate to open", e);
            }
        }
    }

    /** Holds the n-th such request of a client, from 1; its other requests pass. */
    Gate hold(String client, Side side, Predicate<StoreRequest> at, int number) {
        return add(new Gate(client, side, at, number, false));
    }

    /** Cuts a client off at its n-th such request, from 1: from then on nothing that it asks has an effect, or an answer. */
    Gate cut(String client, Side side, Predicate<StoreRequest> at, int number) {
        return add(new Gate(client, side, at, number, true));
    }

    private Gate add(Gate gate) {
        gates.add(gate);
        return gate;
    }

    /** Waits until what a client that was cut off had asked before has had its effect. */
    void settle(String client) {
        Waiting.until("the last requests of " + client, () -> atTheStore(client).get() == 0);
    }

    private AtomicInteger atTheStore(String client) {
        return atTheStore.computeIfAbsent(client, name -> new AtomicInteger());
    }

    private void handle(HttpExchange exchange) {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            StoreRequest request = StoreRequest.of(
                    exchange.getRequestMethod(), exchange.getRequestURI(), exchange.getRequestHeaders(), body);
            requests.add(request);
            gates.forEach(gate -> gate.pass(request, Side.BEFORE));
            AtomicInteger count = atTheStore(request.client());
            count.incrementAndGet();
            HttpResponse<byte[]> answer;
            try {
                if (dead.contains(request.client())) {
                    return;
                }
                answer = forward(exchange, request, body);
            } finally {
                count.decrementAndGet();
            }
            gates.forEach(gate -> gate.pass(request, Side.AFTER));
            if (!dead.contains(request.client())) {
                respond(exchange, answer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw Waiting.interrupted("the store", e);
        }
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, StoreRequest request, byte[] body)
            throws IOException, InterruptedException {
        String method = exchange.getRequestMethod();
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(store.toString() + exchange.getRequestURI()))
                .method(
                        method,
                        method.startsWith("P")
                                ? HttpRequest.BodyPublishers.ofByteArray(body)
                                : HttpRequest.BodyPublishers.noBody());
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> builder.header(name, value));
            }
        });
        if (!request.writes()) {
            return client.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
        }
        synchronized (locks.computeIfAbsent(request.bucket() + "/" + request.keys(), key -> new Object())) {
            return client.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    private static void respond(HttpExchange exchange, HttpResponse<byte[]> answer) throws IOException {
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        answer.headers().map().forEach((name, values) -> {
            boolean isLength = isHead && name.equalsIgnoreCase("content-length");
            if (isLength || !HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, new ArrayList<>(values));
            }
        });
        byte[] body = answer.body();
        exchange.sendResponseHeaders(answer.statusCode(), isHead || body.length == 0 ? -1 : body.length);
        if (!isHead && body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    /** What is still held is let go, without an effect. */
    @Override
    public void close() {
        gates.forEach(gate -> {
            dead.add(gate.client);
            gate.open();
        });
        server.stop(0);
        threads.shutdown();
    }
}
