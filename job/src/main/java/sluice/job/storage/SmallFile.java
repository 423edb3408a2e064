package sluice.job.storage;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;

/** Reads and writes small files as a whole, and converts the JSON in them. */
public final class SmallFile {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private static final int MOST_TRIES = 5;

    private SmallFile() {}

    /**
     * The content of a file; empty if it doesn't exist. Another process may replace the file meanwhile, which fails a read on some file
     * systems; the read is then repeated.
     */
    public static Optional<byte[]> read(FileSystem files, Path path) throws IOException {
        for (int tries = 1; ; tries++) {
            try (InputStream stream = files.open(path)) {
                return Optional.of(stream.readAllBytes());
            } catch (FileNotFoundException e) {
                return Optional.empty();
            } catch (IOException e) {
                if (tries == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    /**
     * The content of the file at a user's path; empty if it doesn't exist.
     *
     * @param option the option or setting that gave the path, for the message
     * @throws sluice.job.message.RefusedException if it is no path, or its file system can't be used
     */
    public static Optional<byte[]> read(String path, String option, Configuration hadoop) throws IOException {
        return read(Storage.of(path, option, hadoop), Storage.path(path, option));
    }

    /** @param tree a map or record of maps, lists, records, strings and numbers */
    public static byte[] json(Object tree) {
        try {
            return JSON.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of strings and numbers is always JSON", e);
        }
    }

    /**
     * Binds JSON to a record.
     *
     * @throws JsonProcessingException if this is no JSON object, or a value has another type than its component
     */
    public static <T> T parse(byte[] json, Class<T> type) throws IOException {
        T value = JSON.readValue(json, type);
        if (value == null) { // the JSON null
            throw MismatchedInputException.from((JsonParser) null, type, "expected a JSON object, found null");
        }
        return value;
    }

    /**
     * Binds the JSON of a file to a record; empty if the file doesn't exist.
     *
     * @param name of the file, for the message
     * @throws IOException if the file can't be read or is damaged
     */
    public static <T> Optional<T> read(FileSystem files, Path path, String name, Class<T> type) throws IOException {
        Optional<byte[]> json = read(files, path);
        try {
            return json.isPresent() ? Optional.of(parse(json.get(), type)) : Optional.empty();
        } catch (JsonProcessingException e) {
            throw new IOException(
                    String.format(
                            Locale.ROOT,
                            "%s: is damaged: %s; restore it from a backup",
                            name,
                            Failure.firstLine(e.getMessage())),
                    e);
        }
    }

    /** A text in UTF-8. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Writes a file and replaces an existing one. */
    public static void write(FileSystem files, Path path, byte[] content) throws IOException {
        try (OutputStream stream = files.create(path, true)) {
            stream.write(content);
        }
    }

    /** Writes a text in UTF-8, unless the file has this content already. */
    static void update(FileSystem files, Path path, String text) throws IOException {
        byte[] content = bytes(text);
        if (read(files, path).filter(there -> Arrays.equals(there, content)).isEmpty()) {
            write(files, path, content);
        }
    }

    /**
     * Writes a report to {@code report.path}. The outcome of the run doesn't depend on it, so a failure is returned, not thrown.
     *
     * @param to the value of {@code report.path}; empty: nothing is written
     * @return why the file could not be written; empty on success
     */
    public static Optional<String> copy(byte[] json, Optional<String> to, Configuration hadoop) {
        if (to.isEmpty()) {
            return Optional.empty();
        }
        try {
            FileSystem files = Storage.of(to.get(), "report.path", hadoop);
            write(files, Storage.path(to.get(), "report.path"), json);
            return Optional.empty();
        } catch (IOException | RuntimeException e) { // RuntimeException: no path, or an unknown file system
            return Optional.of(Failure.firstLine(e.getMessage()));
        }
    }
}
