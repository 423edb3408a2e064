package sluice.job.incremental;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.Version;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The directory in which Spark keeps which files were scored. Beside Spark's own it holds two small files of ours: whose files they are,
 * and what they are read as, which stays what it was when the first batch came into the output.
 *
 * @param path as it was given
 * @param id that no other checkpoint has; the output has it, too
 * @param input the place of the files
 * @param format of the files
 * @param output that their rows go to
 */
record Checkpoint(String path, String id, String input, String format, String output) {
    private static final String FILE = "sluice.json";
    private static final String SCHEMA = "sluice-schema.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of these settings; nothing is written. */
    static Checkpoint first(Settings settings, Configuration hadoop) {
        return new Checkpoint(
                settings.input().checkpoint().orElseThrow(),
                UUID.randomUUID().toString(),
                qualified(settings.input().paths().get(0), "--input", hadoop),
                settings.input().format().sparkName(),
                qualified(settings.output().path(), "--output", hadoop));
    }

    private static String qualified(String path, String option, Configuration hadoop) {
        return Storage.qualified(path, option, hadoop).toString();
    }

    /**
     * The one that is there.
     *
     * @return nothing where there is none yet
     * @throws RefusedException where it is of other files, or something else is there
     */
    static Optional<Checkpoint> find(Settings settings, Configuration hadoop) throws IOException {
        String path = settings.input().checkpoint().orElseThrow();
        FileSystem files = Storage.of(path, "--incremental", hadoop);
        Path directory = new Path(path);
        Optional<byte[]> own = SmallFile.read(files, new Path(directory, FILE));
        if (own.isEmpty()) {
            requireNothingElse(files, directory, path);
            return Optional.empty();
        }
        Checkpoint found = read(path, own.get());
        found.requireSameFiles(settings, hadoop);
        return Optional.of(found);
    }

    private static void requireNothingElse(FileSystem files, Path directory, String path) throws IOException {
        if (!files.exists(directory)) {
            return;
        }
        boolean isFree = files.getFileStatus(directory).isDirectory()
                && Arrays.stream(files.listStatus(directory))
                        .allMatch(entry -> entry.getPath().getName().startsWith("."));
        if (!isFree) {
            throw new RefusedException(
                    "%s: holds something else than a checkpoint of runs with --incremental; choose a directory that is empty or is not there yet"
                            .formatted(path));
        }
    }

    private static Checkpoint read(String path, byte[] json) {
        try {
            JsonNode tree = JSON.readTree(json);
            return new Checkpoint(
                    path,
                    tree.required("id").asText(),
                    tree.required("input").asText(),
                    tree.required("format").asText(),
                    tree.required("output").asText());
        } catch (IOException | RuntimeException e) { // the latter for what is missing
            throw broken(path, FILE, e);
        }
    }

    private static RefusedException broken(String path, String file, Exception cause) {
        return new RefusedException(
                "%s/%s: can't be read: %s; bring it back, or begin again with another --incremental and another --output"
                        .formatted(path, file, Failure.firstLine(cause.getMessage())),
                cause);
    }

    private void requireSameFiles(Settings settings, Configuration hadoop) {
        String given = qualified(settings.input().paths().get(0), "--input", hadoop);
        if (!given.equals(input)) {
            throw new RefusedException(
                    "%s: is the checkpoint of the files in %s, not of those in %s, which would all be new to it; check --incremental and --input"
                            .formatted(path, input, given));
        }
        String asked = settings.input().format().sparkName();
        if (!asked.equals(format)) {
            throw new RefusedException("%s: is the checkpoint of files of format %s, not %s; check --input-format"
                    .formatted(path, format, asked));
        }
    }

    /** Writes down whose files they are. */
    void write(Configuration hadoop) throws IOException {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("sluice", Version.current());
        tree.put("id", id);
        tree.put("input", input);
        tree.put("format", format);
        tree.put("output", output);
        write(FILE, SmallFile.json(tree), hadoop);
    }

    /**
     * What the files are read as, once that is settled.
     *
     * @throws RefusedException where it can't be read
     */
    Optional<StructType> schema(Configuration hadoop) throws IOException {
        Optional<byte[]> json = SmallFile.read(Storage.of(path, "--incremental", hadoop), new Path(path, SCHEMA));
        try {
            return json.map(bytes -> (StructType) DataType.fromJson(new String(bytes, StandardCharsets.UTF_8)));
        } catch (RuntimeException e) { // of whatever kind, for what is no schema
            throw broken(path, SCHEMA, e);
        }
    }

    /** Settles what the files are read as, unless that is done. */
    void settle(StructType schema, Configuration hadoop) throws IOException {
        if (!Storage.of(path, "--incremental", hadoop).exists(new Path(path, SCHEMA))) {
            write(SCHEMA, SmallFile.bytes(schema.prettyJson()), hadoop);
        }
    }

    /** At once as a whole. */
    private void write(String name, byte[] content, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, "--incremental", hadoop);
        Path draft = new Path(path, ".%s-%s".formatted(name, UUID.randomUUID()));
        Path place = new Path(path, name);
        SmallFile.write(files, draft, content);
        if (!files.rename(draft, place)) {
            throw new IOException("%s: could not be renamed to %s".formatted(draft, place));
        }
    }
}
