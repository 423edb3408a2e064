package sluice.job.incremental;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The directory in which Spark records which files were scored. Sluice adds two files of its own: {@code sluice.json} names the input
 * and the output that the checkpoint belongs to, {@code sluice-schema.json} holds the schema that the first published batch was read
 * with and that all later files are read with.
 *
 * @param path as the settings give it
 * @param identity content of {@code sluice.json}
 */
record Checkpoint(String path, Identity identity) {
    private static final String FILE = "sluice.json";
    private static final String SCHEMA = "sluice-schema.json";

    /**
     * What the checkpoint belongs to.
     *
     * @param sluice version that wrote the file
     * @param id unique ID of the checkpoint; the output has it, too
     * @param input qualified path of the input files
     * @param format of the input files
     * @param output qualified path of the output
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Identity(
            @JsonProperty("sluice") String sluice,
            @JsonProperty(value = "id", required = true) String id,
            @JsonProperty(value = "input", required = true) String input,
            @JsonProperty(value = "format", required = true) String format,
            @JsonProperty(value = "output", required = true) String output) {}

    /** A new checkpoint for these settings; nothing is written yet. */
    static Checkpoint first(Settings settings, Configuration hadoop) {
        return new Checkpoint(
                settings.input().checkpoint().orElseThrow(),
                new Identity(
                        Version.current(),
                        UUID.randomUUID().toString(),
                        qualified(settings.input().paths().get(0), "--input", hadoop),
                        SettingValues.name(settings.input().format()),
                        qualified(settings.output().path(), "--output", hadoop)));
    }

    private static String qualified(String path, String option, Configuration hadoop) {
        return Storage.qualified(path, option, hadoop).toString();
    }

    /**
     * The existing checkpoint.
     *
     * @return empty if there is none yet
     * @throws RefusedException if the checkpoint belongs to another input, or the directory holds something else
     */
    static Optional<Checkpoint> find(Settings settings, Configuration hadoop) throws IOException {
        String path = settings.input().checkpoint().orElseThrow();
        FileSystem files = Storage.of(path, "--incremental", hadoop);
        Path directory = Storage.path(path, "--incremental");
        Optional<byte[]> own = SmallFile.read(files, new Path(directory, FILE));
        if (own.isEmpty()) {
            requireFree(files, directory, path);
            return Optional.empty();
        }
        Checkpoint found = new Checkpoint(path, parse(path, own.get()));
        found.requireSameInput(settings, hadoop);
        return Optional.of(found);
    }

    private static void requireFree(FileSystem files, Path directory, String path) throws IOException {
        if (!files.exists(directory)) {
            return;
        }
        boolean isFree = files.getFileStatus(directory).isDirectory()
                && Arrays.stream(files.listStatus(directory))
                        .allMatch(entry -> entry.getPath().getName().startsWith("."));
        if (!isFree) {
            throw new RefusedException(
                    "%s: holds something other than a checkpoint of runs with --incremental; choose a directory that is empty or does not exist yet"
                            .formatted(path));
        }
    }

    private static Identity parse(String path, byte[] json) {
        try {
            return SmallFile.parse(json, Identity.class);
        } catch (IOException e) {
            throw unreadable(path, FILE, e);
        }
    }

    private static RefusedException unreadable(String path, String file, Exception cause) {
        return new RefusedException(
                "%s/%s: can't be read: %s; restore it, or begin again with another --incremental and another --output"
                        .formatted(path, file, Failure.firstLine(cause.getMessage())),
                cause);
    }

    private void requireSameInput(Settings settings, Configuration hadoop) {
        String given = qualified(settings.input().paths().get(0), "--input", hadoop);
        if (!given.equals(identity.input())) {
            throw new RefusedException(
                    "%s: is the checkpoint of the files in %s, not of those in %s, which would all be new to it; check --incremental and --input"
                            .formatted(path, identity.input(), given));
        }
        String asked = SettingValues.name(settings.input().format());
        if (!asked.equals(identity.format())) {
            throw new RefusedException("%s: is the checkpoint of files of format %s, not %s; check --input-format"
                    .formatted(path, identity.format(), asked));
        }
    }

    String id() {
        return identity.id();
    }

    /** Qualified path of the output that the checkpoint belongs to. */
    String output() {
        return identity.output();
    }

    /** Writes {@code sluice.json}. */
    void write(Configuration hadoop) throws IOException {
        write(FILE, SmallFile.json(identity), hadoop);
    }

    /**
     * The schema that all files are read with; empty before the first batch is published.
     *
     * @throws RefusedException if the file is damaged
     */
    Optional<StructType> schema(Configuration hadoop) throws IOException {
        Optional<byte[]> json = SmallFile.read(Storage.of(path, "--incremental", hadoop), in(SCHEMA));
        try {
            return json.map(bytes -> (StructType) DataType.fromJson(new String(bytes, StandardCharsets.UTF_8)));
        } catch (
                Exception
                        e) { // Spark's parser throws exceptions of several types, some of them checked and not declared
            if (e instanceof ClassNotFoundException) {
                throw new RefusedException(
                        "%s/%s: a column has the type %s, which is not on the class path; start with the same --packages and --jars as before"
                                .formatted(path, SCHEMA, e.getMessage()),
                        e);
            }
            throw unreadable(path, SCHEMA, e);
        }
    }

    /** Writes the schema that all later files are read with, unless it is written already. */
    void fixSchema(StructType schema, Configuration hadoop) throws IOException {
        if (!Storage.of(path, "--incremental", hadoop).exists(in(SCHEMA))) {
            write(SCHEMA, SmallFile.bytes(schema.prettyJson()), hadoop);
        }
    }

    private Path in(String name) {
        return new Path(Storage.path(path, "--incremental"), name);
    }

    /** Writes a file atomically: a temporary file, then a rename. */
    private void write(String name, byte[] content, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, "--incremental", hadoop);
        Path draft = in(".%s-%s".formatted(name, UUID.randomUUID()));
        Path target = in(name);
        SmallFile.write(files, draft, content);
        if (!files.rename(draft, target)) {
            throw new IOException("%s: could not be renamed to %s".formatted(draft, target));
        }
    }
}
