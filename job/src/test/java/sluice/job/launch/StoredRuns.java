package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs of {@code submit/score} on one bucket of an object store, over tables of ten rows a day. The row of an id has the same bits in
 * each: those of a run that knows nothing of object stores.
 */
final class StoredRuns implements AutoCloseable {
    /** The key of the output. */
    static final String TABLE = "tables/out";

    /** All rows that a test may score. */
    private static final int MOST = 80;

    private static final Pattern ID = Pattern.compile("\"id\":\"r(\\d+)\"");
    private static final String INPUTS = "in/";
    private static final String NOTES = "tables/.out.runs/";

    private final Path directory;
    private final ObjectStore store;
    private final ObjectStore.Bucket bucket;
    private final Map<Integer, String> scored = new TreeMap<>();
    private final List<WarmJava> javas = new ArrayList<>();
    private Map<String, byte[]> start = Map.of();

    StoredRuns(Path directory) throws IOException {
        this.directory = directory;
        this.store = new ObjectStore(directory);
        this.bucket = store.bucket("bucket");
        Path all = Files.write(directory.resolve("all.jsonl"), rows(0, MOST));
        Path local = directory.resolve("local");
        Launch.local(directory, scoring(all.toString(), local.toString(), "error"))
                .end()
                .assertScored();
        localRows(local).forEach(row -> scored.put(id(row), row));
    }

    /** The rows of an output on this machine, sorted. */
    static List<String> localRows(Path output) throws IOException {
        List<String> rows = new ArrayList<>();
        for (Path file : ParquetRows.files(output)) {
            rows.addAll(Files.readAllLines(file, StandardCharsets.UTF_8));
        }
        rows.sort(null);
        return rows;
    }

    /** An input as a file of this machine. */
    Path download(String name) throws IOException {
        return Files.write(directory.resolve(name), bucket.content(INPUTS + name));
    }

    private static int id(String row) {
        Matcher matcher = ID.matcher(row);
        if (!matcher.find()) {
            throw new AssertionError("a row without an id: " + row);
        }
        return Integer.parseInt(matcher.group(1));
    }

    ObjectStore.Bucket bucket() {
        return bucket;
    }

    StoreGateway gateway() {
        return store.gateway();
    }

    private static List<String> rows(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(id -> String.format(
                        Locale.ROOT,
                        "{\"id\":\"r%d\",\"day\":%d,\"text\":\"%s\"}",
                        id,
                        id / 10,
                        "BTSXPVE".repeat(1 + id % 4)))
                .toList();
    }

    /** An input of the rows with these ids. */
    void input(String name, int from, int to, String... more) throws IOException {
        List<String> lines = new ArrayList<>(rows(from, to));
        lines.addAll(List.of(more));
        bucket.put(INPUTS + name, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    /** From now on {@link #reset} goes back to what is in the bucket. */
    void startHere() throws IOException {
        start = bucket.snapshot();
    }

    void reset() throws IOException {
        bucket.restore(start);
    }

    /** The rows with these ids, as a table has them that holds each of them once. */
    List<String> scored(int from, int to) {
        return IntStream.range(from, to).mapToObj(scored::get).sorted().toList();
    }

    static List<String> both(Collection<String> some, Collection<String> more) {
        return Stream.concat(some.stream(), more.stream()).sorted().toList();
    }

    /** What a reader of the output has. */
    List<String> rows() throws IOException {
        return bucket.rows(TABLE);
    }

    /** The options of a run over the tables of this class. */
    static String[] scoring(String input, String output, String mode, String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--input", input,
                "--input-format", "json",
                "--output", output,
                "--output-format", "json",
                "--tokens", "text",
                "--splitter", "character",
                "--emit", "loglik,softmax",
                "--mode", mode,
                "--set", "output.partition-by=day"));
        options.addAll(Arrays.asList(more));
        return options.toArray(String[]::new);
    }

    /** Starts a run that the gateway knows by a name. */
    Launch start(String client, String input, String mode, String... more) {
        return launch(client, options(input, mode, more));
    }

    /** Those of a run from an input in the bucket to the output there. */
    String[] options(String input, String mode, String... more) {
        return scoring(bucket.path(INPUTS + input), bucket.path(TABLE), mode, more);
    }

    /** Starts one that can't be killed, in a process that has done others before. */
    Launch startWarm(int java, String client, String input, String mode, String... more) throws IOException {
        return launchWarm(java, client, options(input, mode, more));
    }

    Launch.Ended score(String client, String input, String mode, String... more) throws IOException {
        return startWarm(0, client, input, mode, more).end();
    }

    Launch.Ended status(String client, String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of("--status", bucket.path(TABLE)));
        options.addAll(Arrays.asList(more));
        return launchWarm(0, client, options.toArray(String[]::new)).end();
    }

    Launch launch(String client, String... options) {
        return launch(Map.of(), client, options);
    }

    /**
     * Runs that don't have to be processes of their own.
     *
     * @param java the number of the process, from 0; it runs one at a time
     */
    Launch launchWarm(int java, String client, String... options) throws IOException {
        while (javas.size() <= java) {
            javas.add(new WarmJava(directory, "java-" + javas.size(), Checkout.sparkClassPath(), ObjectStore.jars()));
        }
        return launch(javas.get(java).environment(), client, options);
    }

    private Launch launch(Map<String, String> environment, String client, String... options) {
        List<String> all = store.options(directory, client);
        all.addAll(Arrays.asList(options));
        return Launch.local(directory, environment, all.toArray(String[]::new));
    }

    /** Kills a run at its n-th such request, from 1. Nothing that it asked for behind that has had an effect, or will have. */
    void kill(Launch run, String client, StoreGateway.Side side, Predicate<StoreRequest> at, int number) {
        StoreGateway.Gate gate = gateway().cut(client, side, at, number);
        run.killWhen(
                String.format(Locale.ROOT, "request %d of %s that it is killed at", number, client), gate::hasArrived);
        gate.open();
        gateway().settle(client);
    }

    /**
     * Cuts a run off at its n-th such request, from 1, as a network does that fails for good. Its process ends by itself, and says why; in
     * the bucket that can't be told from a kill.
     */
    Launch.Ended cutOff(
            String client,
            StoreGateway.Side side,
            Predicate<StoreRequest> at,
            int number,
            String input,
            String mode,
            String... more)
            throws IOException {
        StoreGateway.Gate gate = gateway().cut(client, side, at, number);
        List<String> all = new ArrayList<>(List.of(options(input, mode, more)));
        for (String setting : List.of("attempts.maximum=1", "retry.limit=1", "retry.interval=10ms")) {
            all.addAll(List.of("--conf", "spark.hadoop.fs.s3a." + setting));
        }
        Launch run = launchWarm(0, client, all.toArray(String[]::new));
        run.waitUntil(
                String.format(Locale.ROOT, "request %d of %s that it is cut off at", number, client), gate::hasArrived);
        gate.open();
        Launch.Ended ended = run.end();
        gateway().settle(client);
        return ended;
    }

    /**
     * The bucket has the inputs, the output and the given keys, the note of a named run that was killed, and besides at most what a run that
     * was killed before its decision has staged, which the next run names.
     *
     * @param err what the next run said
     */
    void assertNothingElse(String err, Predicate<String> isKnown) throws IOException {
        for (String key : bucket.keys()) {
            boolean isExpected = key.startsWith(INPUTS)
                    || key.startsWith(NOTES)
                    || StoreLayout.isWithin(TABLE, key)
                    || isKnown.test(key);
            if (!isExpected) {
                String place = Arrays.stream(key.split("/", -1))
                        .filter(name -> name.startsWith("."))
                        .findFirst()
                        .orElse(key);
                assertThat(err).as("what says of %s that it lies there", key).contains(place);
            }
        }
    }

    @Override
    public void close() {
        javas.forEach(WarmJava::close);
        store.close();
    }
}
